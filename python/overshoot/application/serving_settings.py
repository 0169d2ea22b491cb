"""How much a gateway gives to each of its streams."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from attrs import Factory, field, frozen

from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.motion import MotionSettings
from overshoot.domain.sizing import MAX_CLIP_BYTES, MAX_LONG_SIDE, MAX_SHORT_SIDE
from overshoot.domain.validation import a_number, a_whole_number

_ANY = 1 << 40


def _random_id() -> str:
    return str(uuid.uuid4())


@frozen
class ServingSettings:
    """Limits of the streams themselves; those of HTTP are the gateway's.

    Attributes:
        lease_ttl_seconds: a stream ends that long after its last keepalive.
        inference_seconds: an answer that takes longer is given up.
        delete_grace_seconds: from the answer to a delete until its result sockets are closed, so
            that a client can close its own first.
        session_seconds: a backend that takes longer to open a session is given up.
        close_seconds: a session that takes longer to close is left behind.
        streams_per_key: running at the same time for one API key.
        streams: running at the same time in all.
        subscribers_per_stream: result sockets of one stream.
        results_queued: results that wait for one slow socket; the oldest is dropped beyond that.
        max_clip_bytes: pixels of one clip; frames are made smaller to keep to it.
        max_long_side: pixels of the longer side of a frame; larger frames are made smaller.
        max_short_side: pixels of the shorter side.
        idle_seconds: a stream without a frame for that long is called idle.
        concurrency: requests that the backend has at the same time; None goes by the backend's own
            hint, and without one sets no limit.
        motion: when a still scene is answered without the model.
        buffer: frames of a stream that stay at hand.
        new_id: names a stream or a result; random by default.
    """

    lease_ttl_seconds: float = field(default=90.0, validator=a_number(0, 86_400, "s", above=True))
    inference_seconds: float = field(default=30.0, validator=a_number(0, 3600, "s", above=True))
    delete_grace_seconds: float = field(default=0.75, validator=a_number(0, 60, "s"))
    session_seconds: float = field(default=30.0, validator=a_number(0, 3600, "s", above=True))
    close_seconds: float = field(default=2.0, validator=a_number(0, 60, "s", above=True))
    streams_per_key: int = field(default=5, validator=a_whole_number(1, 10_000))
    streams: int = field(default=32, validator=a_whole_number(1, 10_000))
    subscribers_per_stream: int = field(default=16, validator=a_whole_number(1, 10_000))
    results_queued: int = field(default=64, validator=a_whole_number(1, 100_000))
    max_clip_bytes: int = field(default=MAX_CLIP_BYTES, validator=a_whole_number(1 << 16, _ANY))
    max_long_side: int = field(default=MAX_LONG_SIDE, validator=a_whole_number(16, 16_384))
    max_short_side: int = field(default=MAX_SHORT_SIDE, validator=a_whole_number(16, 16_384))
    idle_seconds: float = field(default=5.0, validator=a_number(0, 3600, "s", above=True))
    concurrency: int | None = field(
        default=None, validator=a_whole_number(1, 10_000, optional=True)
    )
    motion: MotionSettings = Factory(MotionSettings)
    buffer: BufferLimits = Factory(BufferLimits)
    new_id: Callable[[], str] = field(default=_random_id, repr=False)
