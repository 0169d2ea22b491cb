"""What threads gain on one frame, and what conversions cost the Python threads beside them.

    python benches/python/bench_threads.py [rounds]

First 4K frames by one thread and by two, in turns, fastest calls; the bytes must be the same. Then
a thread that only counts, in Python, by turns alone and while another converts frames without a
pause: the conversions let go of the interpreter, so the counting should hardly notice. Of many
short counts the fastest are compared, as others may be on the machine. Both want two cores.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import numpy as np

from overshoot import framepath

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

UHD, HD, FULL_HD, VGA = (3840, 2160), (1280, 720), (1920, 1080), (640, 480)
SECONDS = 0.1
"""How long a count goes on."""


def picture(size: tuple[int, int]) -> Bytes:
    return np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def gain(kind: Any, rounds: int) -> None:
    pixels = picture(UHD)
    planes = [np.empty(framepath.i420_size(*HD), np.uint8) for _ in range(2)]
    fastest = [float("inf")] * 2
    for _ in range(rounds):
        for index in range(2):
            start = perf_counter()
            framepath.to_i420(pixels, *HD, filter=kind, threads=index + 1, out=planes[index])
            fastest[index] = min(fastest[index], perf_counter() - start)
    assert np.array_equal(planes[0], planes[1]), "two threads give other bytes than one"
    one, two = (seconds * 1e6 for seconds in fastest)
    title = f"4K to 720p, {kind}, µs: one thread, two threads"
    print(f"| {title} | {one:.0f} | {two:.0f} | {one / two:.2f} |")


def counted() -> float:
    """How far a Python thread counts in a second."""
    count, start = 0, perf_counter()
    while perf_counter() - start < SECONDS:
        count += 1
    return count / (perf_counter() - start)


class Converting:
    """A thread that converts frames for as long as the block lasts."""

    def __init__(self) -> None:
        self._pixels, self._stop = picture(FULL_HD), threading.Event()
        self._thread = threading.Thread(target=self._convert)
        self.frames = 0

    def _convert(self) -> None:
        planes = np.empty(framepath.i420_size(*VGA), np.uint8)
        while not self._stop.is_set():
            framepath.to_i420(self._pixels, *VGA, filter="area", out=planes)
            self.frames += 1

    def __enter__(self) -> Converting:
        self._thread.start()
        sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def beside(rounds: int) -> None:
    alone: list[float] = []
    accompanied: list[float] = []
    frames = 0
    for _ in range(rounds):
        alone.append(counted())
        with Converting() as converting:
            accompanied.append(counted())
        frames += converting.frames
    assert frames > 0
    first, second = max(alone), max(accompanied)
    title = "counts/s of a Python thread: alone, beside conversions"
    print(f"| {title} | {first:,.0f} | {second:,.0f} | {second / first:.1%} |")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    cores = len(os.sched_getaffinity(0))
    if cores < 2:
        sys.exit(f"this wants two cores, and may use {cores}")
    print(f"Python {platform.python_version()}, {framepath.simd_level()}, {cores} cores")
    print("| what | first | second | |")
    print("|---|---|---|---|")
    for kind in ("bilinear", "area"):
        gain(kind, rounds)
    beside(rounds)


if __name__ == "__main__":
    main()
