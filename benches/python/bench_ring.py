"""1080p frames from a thread to the event loop, all on one core: our ring beside two of the usual.

    python benches/python/bench_ring.py [rounds]

Ours converts on the way, into 640x480 I420; the others hand over a copy of the 1080p frame, still
to be converted. Each must first give the right pixels. Rounds take turns: one pushes as fast as it
can, then one keeps 240 frames/s and sees how long a frame takes from before its push until the
event loop has it. The medians of the rounds are shown, and the best round. The pushes of a second
of processor time, both ends together, are what the core gives when nobody else is on it.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import threading
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING, Protocol

import numpy as np
from attrs import frozen

from overshoot import framepath

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

SOURCE, TARGET = (1920, 1080), (640, 480)
PUSHES, FRAMES_PER_SECOND, PACED = 2000, 240, 480
END = -1.0
"""The time stamp that says there are no more frames."""


class Way(Protocol):
    """From one thread to one event loop."""

    name: str

    def push(self, pixels: Bytes, timestamp: float) -> None:
        """From the thread."""

    async def take(self) -> tuple[Bytes, float]:
        """On the event loop: the newest frame, waited for."""
        ...


class Ours:
    name = "ours, 640x480 I420"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._event = loop, asyncio.Event()
        self._ring = framepath.FrameRing(*TARGET)

    def push(self, pixels: Bytes, timestamp: float) -> None:
        if self._ring.push(pixels, timestamp, 0):
            self._loop.call_soon_threadsafe(self._event.set)

    async def take(self) -> tuple[Bytes, float]:
        while True:
            self._event.clear()
            frame = self._ring.take()
            if frame is not None:
                return frame.planes, frame.timestamp
            await self._event.wait()


class CopyRing:
    """Three slots and a lock, under which "only when idle" is atomic too."""

    name = "ring of 3, np.copyto"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._event, self._lock = loop, asyncio.Event(), threading.Lock()
        self._slots = [np.empty((SOURCE[1], SOURCE[0], 3), np.uint8) for _ in range(3)]
        self._free, self._ready, self._idle = [0, 1], -1, True
        self._held, self._timestamp = 2, 0.0

    def push(self, pixels: Bytes, timestamp: float) -> None:
        with self._lock:
            slot = self._free.pop()
        np.copyto(self._slots[slot], pixels)
        with self._lock:
            if self._ready >= 0:
                self._free.append(self._ready)
            self._ready, self._timestamp = slot, timestamp
            wake, self._idle = self._idle, False
        if wake:
            self._loop.call_soon_threadsafe(self._event.set)

    async def take(self) -> tuple[Bytes, float]:
        while True:
            self._event.clear()
            with self._lock:
                if self._ready >= 0:
                    self._free.append(self._held)
                    self._held, self._ready = self._ready, -1
                    return self._slots[self._held], self._timestamp
                self._idle = True
            await self._event.wait()


class NewestQueue:
    name = "asyncio.Queue, copy each, newest"

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[tuple[Bytes, float]] = asyncio.Queue(1)

    def push(self, pixels: Bytes, timestamp: float) -> None:
        self._loop.call_soon_threadsafe(self._put, pixels.copy(), timestamp)

    def _put(self, pixels: Bytes, timestamp: float) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((pixels, timestamp))

    async def take(self) -> tuple[Bytes, float]:
        return await self._queue.get()


WAYS: tuple[Callable[[asyncio.AbstractEventLoop], Way], ...] = (Ours, CopyRing, NewestQueue)


@frozen
class Round:
    """Pushes a second, and a second of processor time, at full speed; seconds at the paced one."""

    rate: float
    processor_rate: float
    middle: float
    worst_of_hundred: float


async def prove(make: Callable[[asyncio.AbstractEventLoop], Way], pixels: Bytes) -> None:
    """That the way gives each frame's own pixels."""
    way = make(asyncio.get_running_loop())
    for shift in range(5):
        frame = np.roll(pixels, shift, axis=1)
        await asyncio.to_thread(way.push, frame, float(shift))
        got, timestamp = await way.take()
        want = framepath.to_i420(frame, *TARGET) if isinstance(way, Ours) else frame
        assert timestamp == shift
        assert np.array_equal(got, want), f"{way.name}: other pixels"


async def consume(way: Way, produce: Callable[[], None]) -> list[float]:
    """Seconds from before its push, for every frame that came through."""
    producer = threading.Thread(target=produce)
    producer.start()
    delays: list[float] = []
    while True:
        _, timestamp = await way.take()
        if timestamp == END:
            break
        delays.append(time.perf_counter() - timestamp)
    producer.join()
    return delays


async def measure(make: Callable[[asyncio.AbstractEventLoop], Way], pixels: Bytes) -> Round:
    way = make(asyncio.get_running_loop())
    seconds = 0.0

    def full_speed() -> None:
        nonlocal seconds
        start = time.perf_counter()
        for _ in range(PUSHES):
            way.push(pixels, time.perf_counter())
        seconds = time.perf_counter() - start
        way.push(pixels, END)

    def paced() -> None:
        start = time.perf_counter()
        for index in range(PACED):
            time.sleep(max(0.0, start + index / FRAMES_PER_SECOND - time.perf_counter()))
            way.push(pixels, time.perf_counter())
        way.push(pixels, END)

    processor = time.process_time()
    await consume(way, full_speed)
    processor = time.process_time() - processor
    delays = await consume(way, paced)
    percentiles = quantiles(delays, n=100)
    return Round(PUSHES / seconds, PUSHES / processor, median(delays), percentiles[98])


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    pixels = np.random.default_rng(1).integers(0, 256, (SOURCE[1], SOURCE[0], 3), dtype=np.uint8)
    for make in WAYS:
        asyncio.run(prove(make, pixels))
    seen: list[list[Round]] = [[] for _ in WAYS]
    for _ in range(rounds):
        for make, results in zip(WAYS, seen, strict=True):
            results.append(asyncio.run(measure(make, pixels)))
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, {framepath.simd_level()}, "
        f"{rounds} rounds"
    )
    print(
        "| 1080p BGR, one core | pushes/s (best) | of processor time (best) "
        "| at 240/s: p50 µs (best) | p99 µs (best) |"
    )
    print("|---|---|---|---|---|")
    for make, results in zip(WAYS, seen, strict=True):
        cells = [getattr(make, "name", "")]
        for rates in ([r.rate for r in results], [r.processor_rate for r in results]):
            cells.append(f"{median(rates):,.0f} ({max(rates):,.0f})")
        for delays in ([r.middle for r in results], [r.worst_of_hundred for r in results]):
            cells.append(f"{median(delays) * 1e6:,.0f} ({min(delays) * 1e6:,.0f})")
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
