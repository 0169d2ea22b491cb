"""Where frames come in from any thread, and where connections take them; every one is counted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from overshoot.domain.correlation import SentFrame, SentFrames
from overshoot.domain.latency import LatencyWindow
from overshoot.domain.ledger import DropReason, FrameCounts

if TYPE_CHECKING:
    from overshoot.application.feed import RingFeed
    from overshoot.domain.frame import Frame, PlanarFrame
    from overshoot.domain.inference import InferenceResult
    from overshoot.ports.clock import Clock

MOST_CAPTURE_TIMES: Final = 64
"""Frames that may still be taken: the one that is ready, and one for each push under way."""


class FrameSink:
    """The one way from an intake to the connections of a stream, one after the other.

    ``offer``, ``drop`` and ``when_free`` may be called from any thread; the rest belongs to the
    event loop.
    """

    def __init__(self, clock: Clock, feed: RingFeed) -> None:
        self._clock = clock
        self._feed = feed
        self._lock = threading.Lock()
        self._captured_at: dict[int, float] = {}
        self._dropped: Counter[DropReason] = Counter()
        self._free: Callable[[], None] | None = None
        self._newest = -1
        self._late = 0
        self._closed = False
        self.latency: LatencyWindow = LatencyWindow()

    def offer(self, frame: Frame, captured_at: float) -> None:
        """Hand over a frame; never waits. `FrameError` for pixels that cannot be sent."""
        with self._lock:
            if self._closed:
                self._dropped["not_running"] += 1
                return
            self._captured_at[frame.index] = captured_at
            if len(self._captured_at) > MOST_CAPTURE_TIMES:
                del self._captured_at[next(iter(self._captured_at))]
        try:
            self._feed.offer(frame)
        except BaseException:
            with self._lock:
                self._dropped["rejected"] += 1
                self._captured_at.pop(frame.index, None)
            raise

    def drop(self, reason: DropReason) -> None:
        """Count a frame that came to nothing before it could be offered."""
        with self._lock:
            self._dropped[reason] += 1

    def when_free(self, call: Callable[[], None]) -> None:
        """Call back, from any thread, once no frame waits to be sent; at once if none does."""
        with self._lock:
            # The event loop takes a frame first and then looks for this, under the same lock.
            if self._feed.stats().ready:
                self._free = call
                return
        call()

    def finish(self) -> None:
        """No more frames will come; what waits is still sent."""
        self._feed.finish()

    def close(self) -> None:
        """Nothing will be sent any more: what waits, and what still comes, is dropped."""
        with self._lock:
            self._closed = True
        self._feed.finish()

    @property
    def exhausted(self) -> bool:
        """Whether no more frames will come, and none waits to be sent."""
        return self._feed.exhausted

    def counts(self) -> FrameCounts:
        """Where each frame ended so far."""
        with self._lock:
            dropped = dict(self._dropped)
            closed, late = self._closed, self._late
        early = sum(dropped.values())
        ring = self._feed.stats()
        if ring.dropped + late:
            dropped["overtaken"] = dropped.get("overtaken", 0) + ring.dropped + late
        waiting = ring.ready
        if closed and waiting:
            dropped["not_running"] = dropped.get("not_running", 0) + waiting
            waiting = 0
        return FrameCounts(ring.pushed + early, ring.taken - late, waiting, dropped)

    def connection(self) -> ConnectionFeed:
        """A feed for one connection, which remembers what it sent."""
        return ConnectionFeed(self, self._clock)

    async def take(self) -> tuple[PlanarFrame, SentFrame] | None:
        """The newest frame and when it was captured; waits for one; None at the end."""
        while (frame := await self._feed.next_frame()) is not None:
            now = self._clock.monotonic()
            with self._lock:
                captured = self._captured_at.pop(frame.index, None)
                for index in [index for index in self._captured_at if index < frame.index]:
                    del self._captured_at[index]
                free, self._free = self._free, None
                # Of two threads the one with the later frame may come first into the ring.
                in_order = frame.index > self._newest
                if in_order:
                    self._newest = frame.index
                else:
                    self._late += 1
            if free is not None:
                free()
            if in_order:
                if captured is not None:
                    self.latency.add(now - captured)
                return frame, SentFrame(frame.index, frame.timestamp, captured, now)
        return None


class ConnectionFeed:
    """The `ports.transport.FrameFeed` of one connection; gives nothing before `let_flow`."""

    def __init__(self, sink: FrameSink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._flowing = asyncio.Event()
        self._taken: SentFrame | None = None
        self.sent: SentFrames = SentFrames()

    @property
    def answers_due(self) -> bool | None:
        """Whether answers about what was sent are still to come; None when that is not known."""
        return None

    def let_flow(self) -> None:
        """Give frames: answers about them can arrive now."""
        self._flowing.set()

    async def next_frame(self) -> PlanarFrame | None:
        """The next frame to send, or None at the end of the video."""
        frame = await self.take()
        if frame is not None:
            self.note_sent(frame)
        return frame

    def answered(self, result: InferenceResult[Any]) -> InferenceResult[Any]:
        """An answer arrived about what was sent; what is to be made of it."""
        return result

    def close(self) -> None:
        """The connection is over."""

    async def take(self) -> PlanarFrame | None:
        """The next frame, which is not sent yet; None at the end of the video."""
        await self._flowing.wait()
        taken = await self._sink.take()
        if taken is None:
            return None
        frame, self._taken = taken
        return frame

    def note_sent(self, frame: PlanarFrame) -> None:
        """Remember that a frame is sent now: the one taken last, or one before it again."""
        if self._taken is not None:
            now, index, timestamp = self._clock.monotonic(), frame.index, frame.timestamp
            self.sent.add(evolve(self._taken, index=index, timestamp=timestamp, sent_at=now))
