"""Packed pixels to I420 and back, with or without a resize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from overshoot import _native
from overshoot.errors import FrameError
from overshoot.framepath.validation import check_array, check_packed, native_errors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from overshoot.domain.frame import PixelOrder, Pixels

Filter: TypeAlias = Literal["bilinear", "area"]


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
    order: PixelOrder = "bgr",
    filter: Filter = "bilinear",
) -> NDArray[np.uint8]:
    """Packed pixels as flat I420 planes (`PlanarFrame.planes`), of another size if asked for.

    Args:
        pixels: shape (h, w, 3), dtype uint8, any strides, read-only or not; not written to. Must
            not be written to by others meanwhile: the interpreter is released.
        width: columns of the result; those of ``pixels`` by default.
        height: rows of the result; those of ``pixels`` by default.
        order: channel order of ``pixels``.
        filter: ``"bilinear"`` takes two neighbours at half-pixel centres, as cv2's INTER_LINEAR;
            ``"area"`` averages the covered box exactly where the picture shrinks.

    Raises:
        FrameError: a wrong shape or dtype, a side that is not 1 to 16384, an unknown word.
    """
    check_packed(pixels)
    columns: int = pixels.shape[1] if width is None else width
    rows: int = pixels.shape[0] if height is None else height
    with native_errors(width=columns, height=rows, order=order, filter=filter):
        return _native.to_i420(pixels, columns, rows, order, filter)


def from_i420(
    planes: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    out_width: int | None = None,
    out_height: int | None = None,
    order: PixelOrder = "bgr",
) -> Pixels:
    """Flat I420 planes as new packed pixels (out_height, out_width, 3); see `planes_to_packed`.

    Raises:
        FrameError: ``planes`` is not flat uint8 of `i420_size` bytes, or a side is not 1 to 16384.
    """
    check_array(planes, "the I420 frame", 1)
    needed = i420_size(width, height)
    if planes.size != needed:
        raise FrameError(
            f"the I420 frame has {planes.size} bytes: {width}x{height} pixels are {needed}"
        )
    rows, columns = -(-height // 2), -(-width // 2)
    luma, chroma = width * height, rows * columns
    return planes_to_packed(
        planes[:luma].reshape(height, width),
        planes[luma : luma + chroma].reshape(rows, columns),
        planes[luma + chroma :].reshape(rows, columns),
        width,
        height,
        out_width=out_width,
        out_height=out_height,
        order=order,
    )


def planes_to_packed(
    y: NDArray[np.uint8],
    u: NDArray[np.uint8],
    v: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    out_width: int | None = None,
    out_height: int | None = None,
    order: PixelOrder = "bgr",
) -> Pixels:
    """I420 planes, such as those of a decoded frame, as new packed pixels.

    Each chroma sample serves its 2x2 block. A resize is bilinear, of the packed picture.

    Args:
        y: uint8, at least (height, width); rows and columns beyond that are padding.
        u: uint8, at least (ceil(height/2), ceil(width/2)).
        v: as ``u``.
        width: luma columns.
        height: luma rows.
        out_width: columns of the result; ``width`` by default.
        out_height: rows of the result; ``height`` by default.
        order: channel order of the result.

    Returns:
        Shape (out_height, out_width, 3), dtype uint8, C-contiguous, the caller's own.

    Raises:
        FrameError: a plane that is not uint8 of two axes or is too small, a side that is not
            1 to 16384, an unknown order.
    """
    for plane, name in ((y, "Y"), (u, "U"), (v, "V")):
        check_array(plane, f"the {name} plane", 2)
    out_width = width if out_width is None else out_width
    out_height = height if out_height is None else out_height
    sizes = {"width": width, "height": height, "out_width": out_width, "out_height": out_height}
    with native_errors(**sizes, order=order):
        return _native.planes_to_packed(y, u, v, width, height, out_width, out_height, order)


def resize(pixels: Pixels, width: int, height: int, *, filter: Filter = "bilinear") -> Pixels:
    """Packed pixels in another size and the same channel order; a new array, always.

    Raises:
        FrameError: a wrong shape or dtype, a side that is not 1 to 16384, an unknown filter.
    """
    check_packed(pixels)
    with native_errors(width=width, height=height, filter=filter):
        return _native.resize(pixels, width, height, filter)
