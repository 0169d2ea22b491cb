"""Packed pixels to I420 and to other sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from overshoot import _native
from overshoot.framepath.validation import check_array, check_packed, check_result, native_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.domain.frame import Pixels

Filter: TypeAlias = Literal["bilinear", "area"]
Fit: TypeAlias = Literal["stretch", "contain", "cover"]
Order: TypeAlias = Literal["bgr", "rgb", "bgra", "rgba", "gray"]
Standard: TypeAlias = Literal["bt601", "bt709"]

PLANE_AXES = 2


def simd_level() -> str:
    """The instructions that the kernels use here: "scalar", "neon", "avx2" or "avx512".

    The fastest that the machine has, or the one that the environment variable OVERSHOOT_SIMD
    names when the first conversion begins. The bytes do not depend on it.

    Raises:
        FrameError: OVERSHOOT_SIMD names what is unknown or what this machine lacks.
    """
    with native_errors():
        return _native.simd_level()


def i420_size(width: int, height: int) -> int:
    """Bytes of an I420 frame, ``w*h + 2*ceil(w/2)*ceil(h/2)``.

    Raises:
        FrameError: a side is not 1 to 16384 pixels.
    """
    with native_errors(width=width, height=height):
        return _native.i420_size(width, height)


def to_i420(
    pixels: Pixels,
    width: int | None = None,
    height: int | None = None,
    *,
    order: Order = "bgr",
    filter: Filter = "bilinear",
    standard: Standard = "bt601",
    full_range: bool = False,
    fit: Fit = "stretch",
    bars: tuple[int, int, int] = (0, 0, 0),
    threads: int = 1,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Packed pixels as flat I420 planes (`PlanarFrame.planes`), of another size if asked for.

    Each thread remembers what it worked out for its last four geometries.

    Args:
        pixels: shape (h, w, channels), or (h, w) when gray, dtype uint8, read-only or not; not
            written to. Rows may lie any distance apart, forwards or backwards; where the pixels
            within a row are not side by side (a slice of channels, every other column) the frame
            is copied once. Must not be written to by others meanwhile: the interpreter is
            released.
        width: columns of the result; those of ``pixels`` by default.
        height: rows of the result; those of ``pixels`` by default.
        order: channels of ``pixels``; alpha is ignored.
        filter: ``"bilinear"`` takes two neighbours at half-pixel centres, as cv2's INTER_LINEAR;
            ``"area"`` averages the covered box exactly where the picture shrinks.
        standard: weights of the primaries, of ITU-R BT.601-7 or BT.709-6.
        full_range: all of 0 to 255 as in JFIF (ITU-T T.871), instead of Y in 16..235 and U and V
            in 16..240.
        fit: ``"stretch"`` fills the result; ``"contain"`` keeps the shape and puts bars beside
            the picture (letterbox); ``"cover"`` keeps the shape and cuts off what protrudes.
        bars: red, green and blue of the bars, 0 to 255 each.
        threads: how many work on the frame, 1 to 64, the caller's included: worth it from 4K on.
        out: where to put the result: flat, C-contiguous, uint8, of `i420_size` bytes.

    Returns:
        ``out``, or a new array: Y, U, V, without padding. Each byte is within two levels of
        exact arithmetic, and far nearer in pictures (58 dB).

    Raises:
        FrameError: a wrong shape or dtype, a side that is not 1 to 16384, an unknown word.
    """
    if isinstance(pixels, np.ndarray) and order == "gray" and pixels.ndim == PLANE_AXES:
        pixels = pixels[:, :, np.newaxis]
    check_packed(pixels, order)
    columns: int = pixels.shape[1] if width is None else width
    rows: int = pixels.shape[0] if height is None else height
    with native_errors(
        width=columns, height=rows, order=order, filter=filter, bars=bars, threads=threads
    ):
        size = _native.i420_size(columns, rows)
        if out is None:
            out = np.empty(size, np.uint8)
        else:
            check_result(out, "the I420 frame", (size,))
        _native.to_i420(
            pixels,
            out,
            columns,
            rows,
            order,
            filter,
            standard,
            full_range,
            fit,
            bars,
            threads,
        )
    return out


def resize(pixels: Pixels, width: int, height: int, *, filter: Filter = "bilinear") -> Pixels:
    """Packed pixels of 1, 3 or 4 channels in another size; a new array, always.

    Raises:
        FrameError: a wrong shape or dtype, a side that is not 1 to 16384, an unknown filter.
    """
    check_array(pixels, "the frame", 3)
    channels = pixels.shape[2]
    check_packed(pixels, {1: "gray", 4: "bgra"}.get(channels, "bgr"))
    with native_errors(width=width, height=height, filter=filter):
        _native.i420_size(width, height)
        resized = np.empty((height, width, channels), np.uint8)
        _native.resize(pixels, resized, filter)
        return resized
