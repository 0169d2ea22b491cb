"""The frame path in float64, written for being read: nothing is rounded.

Colour is BT.601 (ITU-R BT.601-7, section 2.5), limited range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]
    Bytes = NDArray[np.uint8]

KR, KG, KB = 0.299, 0.587, 0.114


def weights(source: int, target: int, kind: str) -> Samples:
    """The (target, source) matrix of one axis of a resize; its rows sum to 1."""
    if source == target:
        return np.eye(source)
    if kind == "area" and target < source:
        edges = np.arange(target + 1) * source / target
        left = np.maximum(edges[:-1, None], np.arange(source))
        right = np.minimum(edges[1:, None], np.arange(source) + 1)
        return np.asarray(np.maximum(right - left, 0) * target / source)
    position = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    # A tent of one sample's width, centred on where the output lies.
    distance = np.abs(position[:, None] - np.arange(source))
    return np.asarray(np.maximum(1 - distance, 0))


def resize(pixels: Bytes | Samples, width: int, height: int, kind: str = "bilinear") -> Samples:
    """Packed (h, w, 3) to (height, width, 3)."""
    down = weights(pixels.shape[0], height, kind)
    across = weights(pixels.shape[1], width, kind)
    vertical = np.tensordot(down, pixels.astype(np.float64), axes=(1, 0))
    return np.tensordot(across, vertical, axes=(1, 1)).transpose(1, 0, 2)


def box(plane: Samples) -> Samples:
    """The average of each 2x2 block of the samples that exist."""
    height, width = plane.shape
    sums = np.zeros((-(-height // 2), -(-width // 2)))
    count = np.zeros_like(sums)
    for row in (0, 1):
        for column in (0, 1):
            part = plane[row::2, column::2]
            sums[: part.shape[0], : part.shape[1]] += part
            count[: part.shape[0], : part.shape[1]] += 1
    return sums / count


def to_planes(pixels: Bytes | Samples, order: str = "bgr") -> tuple[Samples, Samples, Samples]:
    """Packed to Y, U and V of two axes each."""
    channels = pixels.astype(np.float64) / 255
    red, green, blue = np.moveaxis(channels if order == "rgb" else channels[..., ::-1], -1, 0)
    luma = KR * red + KG * green + KB * blue
    blue_difference = (blue - luma) / (2 * (1 - KB))
    red_difference = (red - luma) / (2 * (1 - KR))
    return 16 + 219 * luma, 128 + 224 * box(blue_difference), 128 + 224 * box(red_difference)


def to_packed(y: Bytes, u: Bytes, v: Bytes, order: str = "bgr") -> Samples:
    """Y (h, w), U and V to packed (h, w, 3) in 0..255, each chroma sample serving its block."""
    height, width = y.shape

    def spread(plane: Bytes) -> Samples:
        centred = (plane.astype(np.float64) - 128) / 224
        return centred.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]

    luma = (y.astype(np.float64) - 16) / 219
    red = luma + 2 * (1 - KR) * spread(v)
    blue = luma + 2 * (1 - KB) * spread(u)
    green = (luma - KR * red - KB * blue) / KG
    channels = (red, green, blue) if order == "rgb" else (blue, green, red)
    return np.clip(np.stack(channels, axis=-1) * 255, 0, 255)


def split(planes: Bytes, width: int, height: int) -> tuple[Bytes, Bytes, Bytes]:
    """Flat planes as Y, U and V of two axes each."""
    rows, columns = -(-height // 2), -(-width // 2)
    luma, chroma = width * height, rows * columns
    return (
        planes[:luma].reshape(height, width),
        planes[luma : luma + chroma].reshape(rows, columns),
        planes[luma + chroma :].reshape(rows, columns),
    )


def psnr(got: Bytes, exact: Samples | Bytes) -> float:
    """Peak signal to noise ratio in dB, peak 255; rounding alone gives 58.9."""
    error = np.mean((got.astype(np.float64) - exact) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def picture(width: int, height: int, seed: int) -> Bytes:
    """Something like nature: soft shapes in colour, some edges, a little noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = np.zeros((height, width, 3))
    for _ in range(5):
        across, down = random.normal(0, 0.06, 2)
        phase = random.uniform(0, 2 * np.pi, 3)
        waves += np.sin((across * x + down * y)[..., None] + phase) * random.uniform(10, 35, 3)
    edge = np.sign(np.sin(x * random.uniform(0.01, 0.1) + y * random.uniform(0.01, 0.1)))
    noise = random.normal(0, 2, (height, width, 3))
    picture = 128 + waves + 30 * edge[..., None] + noise
    return np.asarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
