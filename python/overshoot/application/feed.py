"""From the capture thread to the event loop: the newest frame, in the gateway's colour format."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from overshoot.domain.sizing import MAX_LONG_SIDE, MAX_SHORT_SIDE

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame, PlanarFrame
    from overshoot.framepath import FrameRing, RingStats


def sending_size(width: int, height: int) -> tuple[int, int]:
    """The size a picture is sent at: at most 1280 by 720 or 720 by 1280, its shape kept.

    The gateway makes it no larger than that before inference, so more would only cost bandwidth.
    Sides are even, for video encoders halve the colour planes, and never under 16 pixels.
    """
    scale = min(1.0, MAX_LONG_SIDE / max(width, height), MAX_SHORT_SIDE / min(width, height))
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


class RingFeed:
    """A `ports.transport.FrameFeed` over the ring buffer; one thread offers, the loop takes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready = asyncio.Event()
        self._ring: FrameRing | None = None
        self._ended = False

    def offer(self, frame: Frame) -> None:
        """Convert and hand over a frame; any thread, never waits. The newest frame wins.

        The first frame decides the size; later ones are scaled to it. `FrameError` for pixels of a
        wrong shape or type, or larger than the frame path takes.
        """
        ring = self._ring or self._new_ring(frame)
        if ring.push(frame.pixels, frame.timestamp, frame.index, order=frame.order):
            self._wake()

    def finish(self) -> None:
        """No more frames will come; what is in the ring is still given out. Any thread."""
        self._ended = True
        self._wake()

    async def next_frame(self) -> PlanarFrame | None:
        """The newest frame not given out yet; waits for one; None at the end."""
        while True:
            self._ready.clear()
            ended = self._ended
            frame = self._ring.take() if self._ring is not None else None
            if frame is not None or ended:
                return frame
            await self._ready.wait()

    def stats(self) -> RingStats:
        """The ring's own counts."""
        from overshoot.framepath import RingStats

        return RingStats(0, 0, 0, 0) if self._ring is None else self._ring.stats

    def _new_ring(self, frame: Frame) -> FrameRing:
        from overshoot.framepath import FrameRing
        from overshoot.framepath.validation import check_packed

        check_packed(frame.pixels)
        width, height = sending_size(frame.width, frame.height)
        self._ring = FrameRing(width, height)
        return self._ring

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._ready.set)
        except RuntimeError:
            return  # The loop has closed: there is nobody left to wake.
