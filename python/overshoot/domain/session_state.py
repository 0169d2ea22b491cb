"""Where a stream is in its life."""

from __future__ import annotations

import enum


class StreamState(enum.Enum):
    """The states of `overshoot.domain.session.Session`."""

    IDLE = "idle"
    OPENING = "opening"
    ACTIVE = "active"
    DRAINING = "draining"
    CLOSING = "closing"
    CLOSED = "closed"
