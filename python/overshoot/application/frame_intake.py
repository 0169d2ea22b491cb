"""Where a stream's frames come from, and what such an intake calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from attrs import evolve, frozen

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.domain.ledger import DropReason
    from overshoot.errors import OvershootError
    from overshoot.ports.source import SourceEvent, SourceInfo


class Intake(Protocol):
    """Where a stream's frames come from: a captured source, or the caller's pushes."""

    async def open(self) -> SourceInfo | None:
        """Be ready to give frames, and say what they will be, where that is known.

        Raises when there is nothing to open, and leaves nothing.
        """
        ...

    def run(self) -> None:
        """Let frames flow."""
        ...

    async def close(self) -> None:
        """Give no more frames, and release everything."""
        ...


@frozen(kw_only=True)
class IntakeSink:
    """What an intake calls, from any thread; nothing here waits.

    Attributes:
        offer: hands over a frame and the monotonic time, in seconds, of its capture; `FrameError`
            for pixels that cannot be sent. The frame is counted either way.
        when_free: calls back once no frame waits to be sent, from any thread, or at once; only the
            newest of such wishes is kept.
        drop: counts a frame that came to nothing.
        met: tells of something that the source mends by itself.
        ended: tells of the end, once; with the error that was it, or None.
        fault: tells of what went wrong and does not end the stream.
    """

    offer: Callable[[Frame, float], None]
    when_free: Callable[[Callable[[], None]], None]
    drop: Callable[[DropReason], None]
    met: Callable[[SourceEvent], None]
    ended: Callable[[OvershootError | None], None]
    fault: Callable[[OvershootError], None]


def tapped(sink: IntakeSink, on_frame: Callable[[Frame], None]) -> IntakeSink:
    """The sink, with somebody who sees each frame that it took, in the thread that offers it.

    ``on_frame`` must read the pixels before it returns, and must not raise.
    """

    def offer(frame: Frame, captured_at: float) -> None:
        sink.offer(frame, captured_at)
        on_frame(frame)

    return evolve(sink, offer=offer)
