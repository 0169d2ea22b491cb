"""The frame path in float64, written for being read: nothing is rounded.

Colour is BT.601 (ITU-R BT.601-7, section 2.5) or BT.709 (ITU-R BT.709-6, item 3), in limited range
or in JFIF's full range (ITU-T T.871, section 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]
    Bytes = NDArray[np.uint8]

PRIMARIES = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}


def spans(full_range: bool) -> tuple[float, float, float]:
    """Black, and how many levels luma and chroma have."""
    return (0, 255, 255) if full_range else (16, 219, 224)


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


def colours(pixels: Bytes | Samples, order: str) -> Samples:
    """Red, green and blue of packed pixels, in 0..255, one array each."""
    samples = pixels.astype(np.float64)
    if order == "gray":
        return np.stack([samples.reshape(samples.shape[:2])] * 3)
    samples = samples[..., :3]
    return np.moveaxis(samples if order.startswith("rgb") else samples[..., ::-1], -1, 0)


def to_planes(
    pixels: Bytes | Samples, order: str = "bgr", standard: str = "bt601", full_range: bool = False
) -> tuple[Samples, Samples, Samples]:
    """Packed to Y, U and V of two axes each."""
    kr, kb = PRIMARIES[standard]
    black, luma_span, chroma_span = spans(full_range)
    red, green, blue = colours(pixels, order) / 255
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    blue_difference = box((blue - luma) / (2 * (1 - kb)))
    red_difference = box((red - luma) / (2 * (1 - kr)))
    return (
        black + luma_span * luma,
        128 + chroma_span * blue_difference,
        128 + chroma_span * red_difference,
    )


def to_packed(
    y: Bytes,
    u: Bytes,
    v: Bytes,
    *,
    order: str = "bgr",
    standard: str = "bt601",
    full_range: bool = False,
) -> Samples:
    """Y (h, w), U and V to packed pixels in 0..255, each chroma sample serving its block."""
    height, width = y.shape
    kr, kb = PRIMARIES[standard]
    black, luma_span, chroma_span = spans(full_range)

    def spread(plane: Bytes) -> Samples:
        centred = (plane.astype(np.float64) - 128) / chroma_span
        return centred.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]

    luma = (y.astype(np.float64) - black) / luma_span
    red = luma + 2 * (1 - kr) * spread(v)
    blue = luma + 2 * (1 - kb) * spread(u)
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    channels = [red, green, blue] if order.startswith("rgb") else [blue, green, red]
    if order.endswith("a"):
        channels.append(np.ones_like(luma))
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
