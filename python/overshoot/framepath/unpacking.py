"""Planes to packed pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from overshoot import _native
from overshoot.errors import FrameError
from overshoot.framepath.conversion import Standard, i420_size, resize
from overshoot.framepath.validation import CHANNELS, check_array, check_result, native_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.domain.frame import Pixels

PackedOrder: TypeAlias = Literal["bgr", "rgb", "bgra", "rgba"]


def from_i420(
    planes: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    out_width: int | None = None,
    out_height: int | None = None,
    order: PackedOrder = "bgr",
    standard: Standard = "bt601",
    full_range: bool = False,
    out: NDArray[np.uint8] | None = None,
) -> Pixels:
    """Flat I420 planes as packed pixels (out_height, out_width, channels); see `planes_to_packed`.

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
        standard=standard,
        full_range=full_range,
        out=out,
    )


def planes_to_packed(
    y: NDArray[np.uint8],
    u: NDArray[np.uint8],
    v: NDArray[np.uint8] | None,
    width: int,
    height: int,
    *,
    out_width: int | None = None,
    out_height: int | None = None,
    order: PackedOrder = "bgr",
    standard: Standard = "bt601",
    full_range: bool = False,
    out: NDArray[np.uint8] | None = None,
) -> Pixels:
    """I420 or NV12 planes, such as those of a decoded frame, as packed pixels.

    Each chroma sample serves its 2x2 block. A resize is bilinear, of the packed picture.

    Args:
        y: uint8, at least (height, width); rows and columns beyond that are padding.
        u: uint8, at least (ceil(height/2), ceil(width/2)).
        v: as ``u``; None where ``u`` has U and V by turns (NV12), twice as many columns.
        width: luma columns.
        height: luma rows.
        out_width: columns of the result; ``width`` by default.
        out_height: rows of the result; ``height`` by default.
        order: channels of the result; alpha is 255.
        standard: weights of the primaries, of ITU-R BT.601-7 or BT.709-6.
        full_range: the planes use all of 0 to 255 as in JFIF (ITU-T T.871).
        out: where to put the result: C-contiguous, of the result's shape.

    Returns:
        ``out``, or a new array: (out_height, out_width, channels), dtype uint8, C-contiguous.

    Raises:
        FrameError: a plane that is not uint8 of two axes or is too small, a side that is not
            1 to 16384, an unknown order.
    """
    named = [(y, "the Y plane"), (u, "the UV plane")]
    if v is not None:
        named = [(y, "the Y plane"), (u, "the U plane"), (v, "the V plane")]
    for plane, name in named:
        check_array(plane, name, 2)
    out_width = width if out_width is None else out_width
    out_height = height if out_height is None else out_height
    channels = CHANNELS.get(order, 3) if isinstance(order, str) else 3
    sizes = {"width": width, "height": height, "out_width": out_width, "out_height": out_height}
    same = (out_width, out_height) == (width, height)
    with native_errors(**sizes, order=order):
        for size in ((width, height), (out_width, out_height)):
            _native.i420_size(*size)
        if out is not None:
            check_result(out, "the packed frame", (out_height, out_width, channels))
        pixels = out if same and out is not None else np.empty((height, width, channels), np.uint8)
        _native.planes_to_packed(y, u, v, pixels, order, standard, full_range)
    if same:
        return pixels
    resized = resize(pixels, out_width, out_height)
    if out is None:
        return resized
    out[:] = resized
    return out
