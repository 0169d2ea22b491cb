"""Drawn scenes whose truth is known, and how they look after a video encoder."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from overshoot.adapters.inference.local.summary import summed_up
from overshoot.adapters.inference.local.watcher import Watcher
from overshoot.domain.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from overshoot.adapters.inference.local.observation import Observation

WIDTH, HEIGHT = 320, 240


def flat(level: int = 110) -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def textured(width: int = WIDTH, height: int = HEIGHT, seed: int = 3) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(20, 235, (height // 10, width // 10, 3), np.uint8)
    return np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8
    )


def with_disc(
    background: NDArray[np.uint8], x: float, y: float, radius: int = 22
) -> NDArray[np.uint8]:
    image = background.copy()
    cv2.circle(image, (round(x), round(y)), radius, (30, 60, 220), -1)
    cv2.circle(image, (round(x), round(y)), radius // 2, (230, 220, 20), -1)
    return image


def noisy(images: Iterable[NDArray[np.uint8]], sigma: float = 3.0) -> Iterator[NDArray[np.uint8]]:
    random = np.random.default_rng(5)
    for image in images:
        noise = random.normal(0, sigma, image.shape)
        yield np.clip(image + noise, 0, 255).astype(np.uint8)


def jpeg(images: Iterable[NDArray[np.uint8]], quality: int = 35) -> Iterator[NDArray[np.uint8]]:
    """Blocks and mosquito noise that change from picture to picture."""
    for i, image in enumerate(images):
        step = quality + 12 * (i % 2)
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, step])
        yield np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def through_h264(
    images: Iterable[NDArray[np.uint8]], fps: int, bits: int
) -> Iterator[NDArray[np.uint8]]:
    """The pictures after a real encoder at a low bit rate."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate, encoder.bit_rate = Fraction(fps), bits
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(fps)}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for i, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
        frame.pts = i
        for packet in encoder.encode(frame):
            for decoded in decoder.decode(packet):
                yield np.asarray(decoded.to_ndarray(format="bgr24"), dtype=np.uint8)


def frames_of(images: Iterable[NDArray[np.uint8]], fps: float) -> list[Frame]:
    return [Frame(image, index / fps, index) for index, image in enumerate(images)]


def watched(frames: Sequence[Frame], clip_s: float = 0.7) -> list[Observation]:
    """What is said about one clip after the other, without networks."""
    watcher = Watcher(lambda: None)
    said: list[Observation] = []
    end = clip_s
    while end <= frames[-1].timestamp + 1e-6:
        clip = [f for f in frames if end - clip_s - 1e-6 <= f.timestamp <= end + 1e-6]
        watcher.look(clip)
        said.append(summed_up(*watcher.seen(clip)))
        end += clip_s
    return said
