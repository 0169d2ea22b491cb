"""Where frames come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame


@frozen
class SourceInfo:
    """What an open source turned out to be.

    Attributes:
        width: columns of its frames.
        height: rows of its frames.
        fps: nominal frames per second; 0.0 when unknown.
        live: True when `Source.read` itself waits for the next frame (a camera, a network stream);
            False when it returns at once and the caller paces by `Frame.timestamp` (a file).
    """

    width: int
    height: int
    fps: float
    live: bool


class Source(Protocol):
    """Frames, one after the other, for one reader.

    * Blocking, and driven by one thread: ``open``, then ``read`` until it returns None, then
      ``close``. ``interrupt`` alone may be called from any thread, at any time.
    * ``open`` raises `SourceError` when there is nothing to open, in at most about 10 seconds; it
      leaves nothing open then. A second ``open`` raises `SourceError`.
    * ``read`` gives every frame in order, each a new array that the caller may keep and write to.
      ``timestamp`` starts near 0.0 and rises strictly; ``index`` counts from 0 without gaps.
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
