"""`OvershootStreamRelay`, under the name of the specification's module."""

from overshoot.client.relay_result import RelayResult
from overshoot.client.stream_relay import OvershootStreamRelay

__all__ = ["OvershootStreamRelay", "RelayResult"]
