"""Where frames come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame


@frozen
class SourceInfo:
    """What an open source turned out to be.

    Attributes:
        width: columns of its frames; 0 when each may have a size of its own (pushed frames).
        height: rows of its frames, likewise.
        fps: nominal frames per second; 0.0 when unknown.
        live: True when `Source.read` itself waits for the next frame (a camera, a network stream);
            False when it returns at once and the caller paces by `Frame.timestamp` (a file).
        real_time: False when every frame counts, however long it takes (analysis of a file): the
            caller does not pace, and takes the next frame only when the last has found its place.
        duration_seconds: where its last frame ends on its own clock, as its container says, which
            may be about right; None when nobody knows.
        playback_speed: seconds of `Frame.timestamp` that pass in one second when the caller paces.
    """

    width: int
    height: int
    fps: float
    live: bool
    real_time: bool = True
    playback_speed: float = 1.0
    duration_seconds: float | None = None


@frozen
class SourceEvent:
    """Something that a source has met and mends by itself.

    Attributes:
        kind: ``"lost"`` (the stream broke; `attempt` is 0), ``"retrying"`` (about to try again),
            ``"restored"`` (frames come again).
        message: for people, without credentials.
        attempt: which attempt since the loss, from 1.
        wait_seconds: how long is waited before this attempt.
    """

    kind: Literal["lost", "retrying", "restored"]
    message: str
    attempt: int = 0
    wait_seconds: float = 0.0


OnSourceEvent: TypeAlias = Callable[[SourceEvent], None]


@runtime_checkable
class SelfMending(Protocol):
    """What a `Source` that reconnects by itself has besides.

    ``on_event`` is called on the reading thread, within ``read``; set it before ``open``. It must
    not raise. None, which it is at first, tells nobody.
    """

    on_event: OnSourceEvent | None


class Source(Protocol):
    """Frames, one after the other, for one reader.

    * Blocking, and driven by one thread: ``open``, then ``read`` until it returns None, then
      ``close``. ``interrupt`` alone may be called from any thread, at any time.
    * ``open`` raises `SourceError` when there is nothing to open, in at most about 10 seconds; it
      leaves nothing open then; an ``interrupt`` meanwhile may make it raise. A second ``open``
      raises `SourceError`.
    * ``read`` gives every frame in order, each a new array that the caller may keep and write to.
      ``timestamp`` rises strictly; it starts near 0.0, but a file that is begun in its midst starts
      there, and pushed frames keep the timestamps they were given. ``index`` counts from 0 without
      gaps.
      It returns None at the end of the video, then always None, and after ``interrupt`` at once.
      It raises `SourceError` when the source fails; the frames before that were good.
      Before ``open`` and after ``close`` it raises `SourceError`.
    * ``interrupt`` makes a waiting ``read`` return None soon (at most about 1 second for sources
      that wait in foreign code).
    * ``close`` releases device, file and threads; a second ``close`` does nothing.
    """

    def open(self) -> SourceInfo:
        """Open it and say what it is."""
        ...

    def read(self) -> Frame | None:
        """The next frame, or None at the end."""
        ...

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...
