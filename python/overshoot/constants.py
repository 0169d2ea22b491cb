"""Default values and limits, under one name; each is explained where it is defined."""

from overshoot.client.environment import KEY_VARIABLE, URL_VARIABLE
from overshoot.client.realtime_vision import DEFAULT_PROCESSING
from overshoot.client.stream_relay import DEFAULT_BACKEND as DEFAULT_RELAY_BACKEND
from overshoot.client.stream_relay import DEFAULT_MODEL as DEFAULT_RELAY_MODEL
from overshoot.domain.stream import (
    DEFAULT_BACKEND,
    DEFAULT_ICE_SERVERS,
    DEFAULT_MODEL,
    MAX_PROMPT_BYTES,
)

__all__ = [
    "DEFAULT_BACKEND",
    "DEFAULT_ICE_SERVERS",
    "DEFAULT_MODEL",
    "DEFAULT_PROCESSING",
    "DEFAULT_RELAY_BACKEND",
    "DEFAULT_RELAY_MODEL",
    "KEY_VARIABLE",
    "MAX_PROMPT_BYTES",
    "URL_VARIABLE",
]
