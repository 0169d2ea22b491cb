"""A transport without a network, for tests of programs that stream."""

from overshoot.adapters.transports.loopback import LoopbackTransport

__all__ = ["LoopbackTransport"]
