"""From the capture thread to the event loop: the newest frame, in the gateway's colour format."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from overshoot.domain.sizing import MAX_LONG_SIDE, MAX_SHORT_SIDE

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame, PlanarFrame
    from overshoot.framepath import FrameRing, RingStats


LARGEST: Final = (MAX_LONG_SIDE, MAX_SHORT_SIDE)
"""What a gateway scales to before inference: more would only cost bandwidth."""


def sending_size(width: int, height: int, largest: tuple[int, int] = LARGEST) -> tuple[int, int]:
    """The size a picture is sent at: its shape kept, within ``largest`` or that turned by 90°.

    Sides are even, for video encoders halve the colour planes, and never under 16 pixels.
    """
    long, short = max(largest), min(largest)
    scale = min(1.0, long / max(width, height), short / min(width, height))
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


class RingFeed:
    """A `ports.transport.FrameFeed` over the ring buffer; any thread offers, the loop takes.

    Args:
        loop: the event loop of the consumer.
        largest: frames are scaled down to this size, sides in any order.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, largest: tuple[int, int] = LARGEST) -> None:
        self._loop = loop
        self._largest = largest
        self._ready = asyncio.Event()
        self._lock = threading.Lock()
        self._ring: FrameRing | None = None
        self._size = (0, 0)
        self._earlier: list[FrameRing] = []
        self._ended = False

    def offer(self, frame: Frame) -> None:
        """Convert and hand over a frame; any thread, never waits. The newest frame wins.

        `FrameError` for pixels of a wrong shape or type, or larger than the frame path takes.
        """
        if self._ring_for(frame).push(
            frame.pixels, frame.timestamp, frame.index, order=frame.order
        ):
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
        """The counts of all rings so far; what waits in an earlier one is dropped."""
        from overshoot.framepath import RingStats

        with self._lock:
            earlier = [ring.stats for ring in self._earlier]
            now = RingStats(0, 0, 0, 0) if self._ring is None else self._ring.stats
        return RingStats(
            now.pushed + sum(old.pushed for old in earlier),
            now.taken + sum(old.taken for old in earlier),
            now.dropped + sum(old.dropped + old.ready for old in earlier),
            now.ready,
        )

    def _ring_for(self, frame: Frame) -> FrameRing:
        """The ring of this frame's size: a new one when a phone is turned, say."""
        from overshoot.framepath import FrameRing
        from overshoot.framepath.validation import check_packed

        if self._ring is None:
            check_packed(frame.pixels)
        elif frame.pixels.ndim != 3 or 0 in frame.pixels.shape:  # noqa: PLR2004 - push says why
            return self._ring
        size = sending_size(frame.width, frame.height, self._largest)
        with self._lock:
            if self._ring is None or size != self._size:
                if self._ring is not None:
                    self._earlier.append(self._ring)
                self._ring, self._size = FrameRing(*size), size
            return self._ring

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._ready.set)
        except RuntimeError:
            return  # The loop has closed: there is nobody left to wake.
