"""Where a stream is, as it is told to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.errors import OvershootError

StatusName: TypeAlias = Literal[
    "idle", "opening", "active", "degraded", "reconnecting", "draining", "closed"
]


@frozen
class StreamStatus:
    """A change in a stream's life.

    Attributes:
        state: ``idle`` before the start; ``opening``; ``active``: frames are sent and answers
            arrive; ``degraded``: frames are sent, but the result socket is gone and being opened
            again; ``reconnecting``: the media path is gone and a new stream is being made;
            ``draining``: the video has ended and its last answers are awaited; ``closed``.
        reason: what led there, such as ``media_lost``; ``""`` where that is plain.
        epoch: 0 for the first stream at the gateway, one more for each made anew.
        stream_id: the gateway's id of the stream; None before it has one.
        error: what went wrong, where something did.
    """

    state: StatusName
    reason: str = ""
    epoch: int = 0
    stream_id: str | None = None
    error: OvershootError | None = None
