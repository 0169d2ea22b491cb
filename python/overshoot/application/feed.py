"""From the capture thread to the event loop: the newest frame, in the gateway's colour format."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from attrs import define

from overshoot.domain.sizing import MAX_LONG_SIDE, MAX_SHORT_SIDE
from overshoot.framepath import FrameRing, RingStats
from overshoot.framepath.validation import check_packed

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame, Pixels, PlanarFrame


LARGEST: Final = (MAX_LONG_SIDE, MAX_SHORT_SIDE)
"""What a gateway scales to before inference: more would only cost bandwidth."""


def sending_size(width: int, height: int, largest: tuple[int, int] = LARGEST) -> tuple[int, int]:
    """The size a picture is sent at: its shape kept, within ``largest`` or that turned by 90°.

    Sides are even, for video encoders halve the colour planes, and never under 16 pixels.
    """
    long, short = max(largest), min(largest)
    scale = min(1.0, long / max(width, height), short / min(width, height))
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


@define(eq=False)
class _Lane:
    """A ring for frames of one size.

    ``given`` is the (height, width) of the frames it gets, ``pushing`` how many pushes are under
    way.
    """

    ring: FrameRing
    size: tuple[int, int]
    given: tuple[int, int]
    pushing: int = 0


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
        self._lane: _Lane | None = None
        # Rings given up for one of another size, while pushes into them are under way; then only
        # their counts are kept. A phone that is turned for hours must not cost memory.
        self._leaving: list[_Lane] = []
        self._gone = RingStats(0, 0, 0, 0)
        self._ended = False

    def offer(self, frame: Frame) -> None:
        """Convert and hand over a frame; any thread, never waits. The newest frame wins.

        `FrameError` for pixels of a wrong shape or type, or larger than the frame path takes.
        """
        pixels = frame.pixels
        with self._lock:
            lane = self._lane
            if lane is None or pixels.shape[:2] != lane.given:
                lane = self._lane_for(pixels)
            lane.pushing += 1
        try:
            wake = lane.ring.push(pixels, frame.timestamp, frame.index, order=frame.order)
        finally:
            with self._lock:
                lane.pushing -= 1
                if lane is not self._lane and not lane.pushing:
                    self._leaving.remove(lane)
                    self._gone = _sum(self._gone, lane.ring.stats)
        if wake:
            self._wake()

    def finish(self) -> None:
        """No more frames will come; what is in the ring is still given out. Any thread."""
        self._ended = True
        self._wake()

    @property
    def exhausted(self) -> bool:
        """Whether the end has come and nothing waits any more."""
        return self._ended and self.stats().ready == 0

    async def next_frame(self) -> PlanarFrame | None:
        """The newest frame not given out yet; waits for one; None at the end."""
        while True:
            self._ready.clear()
            ended = self._ended
            with self._lock:
                frame = None if self._lane is None else self._lane.ring.take()
            if frame is not None or ended:
                return frame
            await self._ready.wait()

    def stats(self) -> RingStats:
        """The counts of all rings so far; what waits in an earlier one is dropped."""
        with self._lock:
            total = self._gone
            for lane in self._leaving:
                total = _sum(total, lane.ring.stats)
            now = RingStats(0, 0, 0, 0) if self._lane is None else self._lane.ring.stats
        return RingStats(
            total.pushed + now.pushed,
            total.taken + now.taken,
            total.dropped + now.dropped,
            now.ready,
            total.no_slot + now.no_slot,
        )

    def _lane_for(self, pixels: Pixels) -> _Lane:
        """The ring of this frame's size: a new one when a phone is turned, say. Under the lock."""
        check_packed(pixels)
        height, width = pixels.shape[:2]
        size = sending_size(width, height, self._largest)
        earlier = self._lane
        if earlier is not None and size == earlier.size:
            earlier.given = (height, width)
            return earlier
        lane = self._lane = _Lane(FrameRing(*size), size, (height, width))
        if earlier is not None:
            earlier.ring.close()
            if earlier.pushing:
                self._leaving.append(earlier)
            else:
                self._gone = _sum(self._gone, earlier.ring.stats)
        return lane

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._ready.set)
        except RuntimeError:
            return  # The loop has closed: there is nobody left to wake.


def _sum(total: RingStats, gone: RingStats) -> RingStats:
    """Counts with those of a ring that nobody takes from any more."""
    return RingStats(
        total.pushed + gone.pushed,
        total.taken + gone.taken,
        total.dropped + gone.dropped + gone.ready,
        0,
        total.no_slot + gone.no_slot,
    )
