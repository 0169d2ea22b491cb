"""Where frames come in from any thread, and where connections take them; every one is counted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING

from overshoot.domain.correlation import SentFrame, SentFrames
from overshoot.domain.latency import LatencyWindow
from overshoot.domain.ledger import DropReason, FrameCounts

if TYPE_CHECKING:
    from overshoot.application.feed import RingFeed
    from overshoot.domain.frame import Frame, PlanarFrame
    from overshoot.ports.clock import Clock


class FrameSink:
    """The one way from an intake to the connections of a stream, one after the other.

    ``offer`` and ``drop`` may be called from any thread; the rest belongs to the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, feed: RingFeed) -> None:
        self._loop = loop
        self._clock = clock
        self._feed = feed
        self._lock = threading.Lock()
        self._captured_at: dict[int, float] = {}
        self._dropped: Counter[DropReason] = Counter()
        self._closed = False
        self.latency = LatencyWindow()

    def offer(self, frame: Frame) -> None:
        """Hand over a frame; never waits. `FrameError` for pixels that cannot be sent."""
        with self._lock:
            if self._closed:
                self._dropped["not_running"] += 1
                return
            self._captured_at[frame.index] = self._clock.monotonic()
        try:
            self._feed.offer(frame)
        except BaseException:
            self.drop("rejected")
            with self._lock:
                self._captured_at.pop(frame.index, None)
            raise

    def drop(self, reason: DropReason) -> None:
        """Count a frame that came to nothing before it could be offered."""
        with self._lock:
            self._dropped[reason] += 1

    def finish(self) -> None:
        """No more frames will come; what waits is still sent."""
        self._feed.finish()

    def close(self) -> None:
        """Nothing will be sent any more: what waits, and what still comes, is dropped."""
        with self._lock:
            self._closed = True
        self._feed.finish()

    def counts(self) -> FrameCounts:
        """Where each frame ended so far."""
        with self._lock:
            dropped = dict(self._dropped)
            closed = self._closed
        early = sum(dropped.values())
        ring = self._feed.stats()
        if ring.dropped:
            dropped["overtaken"] = dropped.get("overtaken", 0) + ring.dropped
        waiting = ring.ready
        if closed and waiting:
            dropped["not_running"] = dropped.get("not_running", 0) + waiting
            waiting = 0
        return FrameCounts(ring.pushed + early, ring.taken, waiting, dropped)

    def connection(self) -> ConnectionFeed:
        """A feed for one connection, which remembers what it sent."""
        return ConnectionFeed(self)

    async def take(self) -> tuple[PlanarFrame, SentFrame] | None:
        """The newest frame and when it was captured; waits for one; None at the end."""
        frame = await self._feed.next_frame()
        if frame is None:
            return None
        now = self._clock.monotonic()
        with self._lock:
            captured = self._captured_at.pop(frame.index, None)
            for index in [index for index in self._captured_at if index < frame.index]:
                del self._captured_at[index]
        if captured is not None:
            self.latency.add(now - captured)
        return frame, SentFrame(frame.index, frame.timestamp, captured, now)


class ConnectionFeed:
    """The `ports.transport.FrameFeed` of one connection."""

    def __init__(self, sink: FrameSink) -> None:
        self._sink = sink
        self.sent = SentFrames()

    async def next_frame(self) -> PlanarFrame | None:
        """The next frame to send, or None at the end of the video."""
        taken = await self._sink.take()
        if taken is None:
            return None
        frame, sent = taken
        self.sent.add(sent)
        return frame
