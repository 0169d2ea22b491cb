"""The frame path beside OpenCV, swscale (PyAV) and libyuv, one thread each, in one run.

    python benches/python/bench_framepath.py [rounds]

Quality comes first: the PSNR of each plane against the float64 reference of the tests, and ours
must keep 56 dB, or nothing is timed. In each round each has its turn, so a noisy machine is noisy
for all; a turn's first call is not timed. In some rounds each has one call more after memory larger
than the caches was written, so that the source comes from memory: that is "cold". Ours is timed
with each set of instructions that this machine has (a process each, see OVERSHOOT_SIMD); a ratio is
the peer's fastest call by ours.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
from attrs import frozen
from av.video.reformatter import Interpolation, VideoReformatter

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from framepath import reference
from libyuv import Libyuv
from overshoot import framepath

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Size = tuple[int, int]

PSNR_FLOOR = 56.0
CALLS = 4
COLD_EVERY = 4
"""Rounds from one cold call to the next."""
CACHES = 64 << 20
"""More bytes than the processor's caches hold."""
LEVELS = ("avx2", "avx512", "neon", "scalar")
VGA, HD, FULL_HD, UHD = (640, 480), (1280, 720), (1920, 1080), (3840, 2160)
CV2_FILTERS = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
AV_FILTERS = {"bilinear": Interpolation.FAST_BILINEAR, "area": Interpolation.AREA}
CASES: list[tuple[Size, Size, Any]] = [
    (VGA, VGA, "bilinear"),
    (HD, VGA, "bilinear"),
    (FULL_HD, VGA, "bilinear"),
    (FULL_HD, HD, "bilinear"),
    (UHD, HD, "bilinear"),
    (HD, VGA, "area"),
    (FULL_HD, VGA, "area"),
    (FULL_HD, HD, "area"),
    (UHD, HD, "area"),
]


@frozen
class Contender:
    """One way to do the work, and how to see its answer as planes (or as one picture)."""

    name: str
    work: Callable[[], Any]
    answer: Callable[[Any], tuple[Bytes, ...]]


@frozen
class Timing:
    """Microseconds a frame."""

    fastest: float
    middle: float
    cold: float


def libyuv() -> Libyuv | None:
    try:
        return Libyuv()
    except OSError as error:
        print(f"without libyuv: {error}", file=sys.stderr)
        return None


def frame_planes(frame: av.VideoFrame) -> tuple[Bytes, ...]:
    planes = frame.to_ndarray().ravel().view("uint8")
    return reference.split(planes, frame.width, frame.height)


def to_i420(pixels: Bytes, target: Size, kind: Any, peer: Libyuv | None) -> list[Contender]:
    width, height = target
    same = pixels.shape[:2] == (height, width)
    ours, theirs = (np.empty(framepath.i420_size(width, height), np.uint8) for _ in range(2))
    small, stacked = (np.empty((height, width, 3), np.uint8), theirs.reshape(-1, width))

    def split(planes: Bytes) -> tuple[Bytes, ...]:
        return reference.split(planes.ravel(), width, height)

    def opencv() -> Any:
        if not same:
            cv2.resize(pixels, target, dst=small, interpolation=CV2_FILTERS[kind])
        return cv2.cvtColor(pixels if same else small, cv2.COLOR_BGR2YUV_I420, dst=stacked)

    frame, reformatter = av.VideoFrame.from_numpy_buffer(pixels, "bgr24"), VideoReformatter()

    def swscale() -> Any:
        return reformatter.reformat(
            frame, width, height, "yuv420p", interpolation=AV_FILTERS[kind], threads=1
        )

    contenders = [
        Contender(
            "overshoot",
            lambda: framepath.to_i420(pixels, *target, filter=kind, out=ours),
            split,
        ),
        Contender("cv2", opencv, split),
        Contender("swscale", swscale, frame_planes),
    ]
    if peer is not None:
        wide = np.empty((*pixels.shape[:2], 4), np.uint8)
        buffers = [wide, np.empty((height, width, 4), np.uint8), np.empty_like(ours)]
        contenders.append(
            Contender("libyuv", lambda: peer.to_i420(pixels, target, kind, buffers), split)
        )
    return contenders


def to_bgr(planes: Bytes, size: Size, peer: Libyuv | None) -> list[Contender]:
    width, height = size
    stacked = planes.reshape(height * 3 // 2, width)
    frame, reformatter = av.VideoFrame.from_ndarray(stacked, "yuv420p"), VideoReformatter()
    results = [np.empty((height, width, 3), np.uint8) for _ in range(3)]

    def one(picture: Bytes) -> tuple[Bytes, ...]:
        return (picture,)

    def swscale() -> Any:
        interpolation = Interpolation.FAST_BILINEAR
        return reformatter.reformat(
            frame, width, height, "bgr24", interpolation=interpolation, threads=1
        )

    contenders = [
        Contender(
            "overshoot", lambda: framepath.from_i420(planes, width, height, out=results[0]), one
        ),
        Contender("cv2", lambda: cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_I420, results[1]), one),
        Contender("swscale", swscale, lambda picture: (picture.to_ndarray(),)),
    ]
    if peer is not None:
        contenders.append(Contender("libyuv", lambda: peer.to_bgr(planes, size, results[2]), one))
    return contenders


def microseconds(work: Callable[[], Any]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1e6


def timings(contenders: list[Contender], rounds: int) -> list[Timing]:
    """From rounds in which each has its turn, the first call of which only warms the caches."""
    times: list[list[float]] = [[] for _ in contenders]
    cold: list[list[float]] = [[] for _ in contenders]
    elsewhere = np.zeros(CACHES, np.uint8)
    for index in range(rounds):
        for contender, seen, seen_cold in zip(contenders, times, cold, strict=True):
            contender.work()
            seen.extend(microseconds(contender.work) for _ in range(CALLS))
            if index % COLD_EVERY == 0:
                np.add(elsewhere, 1, out=elsewhere)
                seen_cold.append(microseconds(contender.work))
    return [Timing(min(a), median(a), min(b)) for a, b in zip(times, cold, strict=True)]


def report(title: str, contenders: list[Contender], exact: tuple[Any, ...], rounds: int) -> None:
    """Prove, then time, then print a line for each contender."""
    quality = [
        [reference.psnr(got, want) for got, want in zip(c.answer(c.work()), exact, strict=True)]
        for c in contenders
    ]
    if min(quality[0]) < PSNR_FLOOR:
        sys.exit(f"{title}: our PSNR is {quality[0]}, under {PSNR_FLOOR} dB; nothing is timed")
    times = timings(contenders, rounds)
    for contender, levels, timing in zip(contenders, quality, times, strict=True):
        name = contender.name
        if name == "overshoot":
            name = f"ours, {framepath.simd_level()}"
        decibels = " ".join(f"{level:4.1f}" for level in levels)
        print(
            f"| {title} | {name} | {timing.fastest:.0f} | {timing.middle:.0f} "
            f"| {timing.fastest / times[0].fastest:.2f} | {timing.cold:.0f} "
            f"| {timing.cold / times[0].cold:.2f} | {decibels} |"
        )


def ring(rounds: int) -> None:
    """What a push costs its producer, with a consumer that takes each frame."""
    pixels = reference.picture(1920, 1080, seed=2)
    frames = framepath.FrameRing(640, 480)
    times = []
    for index in range(rounds):
        start = perf_counter()
        frames.push(pixels, 0.0, index)
        times.append((perf_counter() - start) * 1e6)
        taken = frames.take()
        assert taken is not None
        assert taken.index == index
    level = framepath.simd_level()
    print(
        f"| ring: push 1080p into 640x480 | ours, {level} "
        f"| {min(times):.0f} | {median(times):.0f} | | | | |"
    )


def measure(rounds: int) -> None:
    """All work with the kernels that this process has."""
    peer = libyuv()
    for source, target, kind in CASES:
        pixels = reference.picture(*source, seed=1)
        exact = reference.to_planes(reference.resize(pixels, *target, kind))
        title = f"BGR {source[0]}x{source[1]} to I420 {target[0]}x{target[1]}, {kind}"
        if source == target:
            title = f"BGR to I420 {target[0]}x{target[1]}"
        report(title, to_i420(pixels, target, kind, peer), exact, rounds)
    for size in (VGA, HD):
        planes = framepath.to_i420(reference.picture(*size, seed=1))
        exact_picture = reference.to_packed(*reference.split(planes, *size))
        title = f"I420 {size[0]}x{size[1]} to BGR"
        report(title, to_bgr(planes, size, peer), (exact_picture,), rounds)
    ring(rounds)


def available(level: str) -> bool:
    program = "from overshoot import framepath; framepath.simd_level()"
    environment = {**os.environ, "OVERSHOOT_SIMD": level}
    command = [sys.executable, "-c", program]
    return not subprocess.run(command, env=environment, capture_output=True, check=False).returncode  # noqa: S603 - this program


def main() -> None:
    cv2.setNumThreads(1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    if "OVERSHOOT_SIMD" in os.environ:
        measure(rounds)
        return
    print(f"Python {platform.python_version()}, OpenCV {cv2.__version__}, PyAV {av.__version__}")
    print(
        "| work | by | µs, fastest | µs, median | by ours "
        "| cold: µs, fastest | by ours | PSNR in dB (Y U V) |"
    )
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for level in LEVELS[:-1]:
        if available(level):
            environment = {**os.environ, "OVERSHOOT_SIMD": level}
            command = [sys.executable, __file__, str(rounds)]
            subprocess.run(command, env=environment, check=True)  # noqa: S603 - this program


if __name__ == "__main__":
    main()
