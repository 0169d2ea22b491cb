"""The frame path beside OpenCV and swscale (PyAV), one thread each, in one run.

    python benches/python/bench_framepath.py

Quality comes first: the PSNR of each plane against the float64 reference of the tests, and ours
must keep 56 dB, or nothing is timed. Rounds take turns, so a noisy machine is noisy for all.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import av
import cv2
from attrs import frozen
from av.video.reformatter import Interpolation, VideoReformatter

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from framepath import reference
from overshoot import framepath

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Size = tuple[int, int]

PSNR_FLOOR = 56.0
ROUNDS = 40
CV2_FILTERS = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
AV_FILTERS = {"bilinear": Interpolation.FAST_BILINEAR, "area": Interpolation.AREA}
CASES: list[tuple[Size, Size, Any]] = [
    ((640, 480), (640, 480), "bilinear"),
    ((1280, 720), (640, 480), "bilinear"),
    ((1920, 1080), (640, 480), "bilinear"),
    ((1920, 1080), (640, 480), "area"),
]


@frozen
class Contender:
    """One way to do the work, and how to see its answer as planes (or as one picture)."""

    name: str
    work: Callable[[], Any]
    answer: Callable[[Any], tuple[Bytes, ...]]


def frame_planes(frame: av.VideoFrame) -> tuple[Bytes, ...]:
    planes = frame.to_ndarray().ravel().view("uint8")
    return reference.split(planes, frame.width, frame.height)


def to_i420(pixels: Bytes, target: Size, kind: Any) -> list[Contender]:
    width, height = target

    def split(planes: Bytes) -> tuple[Bytes, ...]:
        return reference.split(planes.ravel(), width, height)

    def opencv() -> Any:
        same = pixels.shape[:2] == (height, width)
        resized = pixels if same else cv2.resize(pixels, target, interpolation=CV2_FILTERS[kind])
        return cv2.cvtColor(resized, cv2.COLOR_BGR2YUV_I420)

    frame, reformatter = av.VideoFrame.from_numpy_buffer(pixels, "bgr24"), VideoReformatter()

    def swscale() -> Any:
        return reformatter.reformat(
            frame, width, height, "yuv420p", interpolation=AV_FILTERS[kind], threads=1
        )

    return [
        Contender("overshoot", lambda: framepath.to_i420(pixels, *target, filter=kind), split),
        Contender("cv2", opencv, split),
        Contender("PyAV", swscale, frame_planes),
    ]


def to_bgr(planes: Bytes, size: Size) -> list[Contender]:
    width, height = size
    stacked = planes.reshape(height * 3 // 2, width)
    frame, reformatter = av.VideoFrame.from_ndarray(stacked, "yuv420p"), VideoReformatter()

    def one(picture: Bytes) -> tuple[Bytes, ...]:
        return (picture,)

    return [
        Contender("overshoot", lambda: framepath.from_i420(planes, width, height), one),
        Contender("cv2", lambda: cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_I420), one),
        Contender(
            "PyAV",
            lambda: reformatter.reformat(
                frame, width, height, "bgr24", interpolation=Interpolation.FAST_BILINEAR, threads=1
            ),
            lambda picture: (picture.to_ndarray(),),
        ),
    ]


def medians(contenders: list[Contender]) -> list[float]:
    """Microseconds of each, from rounds in which each has its turn."""
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(ROUNDS):
        for contender, seen in zip(contenders, times, strict=True):
            start = perf_counter()
            contender.work()
            seen.append((perf_counter() - start) * 1e6)
    return [median(seen) for seen in times]


def report(title: str, contenders: list[Contender], exact: tuple[Any, ...]) -> None:
    """Prove, then time, then print a line for each contender."""
    quality = [
        [reference.psnr(got, want) for got, want in zip(c.answer(c.work()), exact, strict=True)]
        for c in contenders
    ]
    if min(quality[0]) < PSNR_FLOOR:
        sys.exit(f"{title}: our PSNR is {quality[0]}, under {PSNR_FLOOR} dB; nothing is timed")
    times = medians(contenders)
    for contender, levels, microseconds in zip(contenders, quality, times, strict=True):
        decibels = " ".join(f"{level:5.1f}" for level in levels)
        print(
            f"{title:32} {contender.name:10} {microseconds:8.0f} "
            f"{microseconds / times[0]:8.2f}   {decibels}"
        )


def ring() -> None:
    """What a push costs its producer, with a consumer that takes each frame."""
    pixels = reference.picture(1920, 1080, seed=2)
    frames = framepath.FrameRing(640, 480)
    times = []
    for index in range(ROUNDS):
        start = perf_counter()
        frames.push(pixels, 0.0, index)
        times.append((perf_counter() - start) * 1e6)
        taken = frames.take()
        assert taken is not None
        assert taken.index == index
    print(f"{'ring: push 1080p into 640x480':32} {'overshoot':10} {median(times):8.0f}")


def main() -> None:
    cv2.setNumThreads(1)
    print(f"Python {platform.python_version()}, OpenCV {cv2.__version__}, PyAV {av.__version__}")
    print(f"{'work':32} {'by':10} {'µs':>8} {'x ours':>8}   PSNR in dB (Y U V)")
    for source, target, kind in CASES:
        pixels = reference.picture(*source, seed=1)
        exact = reference.to_planes(reference.resize(pixels, *target, kind))
        title = f"BGR {source[0]}x{source[1]} to {target[0]}x{target[1]} {kind}"
        report(title, to_i420(pixels, target, kind), exact)
    planes = framepath.to_i420(reference.picture(1280, 720, seed=1))
    exact_picture = reference.to_packed(*reference.split(planes, 1280, 720))
    report("I420 1280x720 to BGR", to_bgr(planes, (1280, 720)), (exact_picture,))
    ring()


if __name__ == "__main__":
    main()
