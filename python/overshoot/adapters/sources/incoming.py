"""Frames as callers hand them in, made into frames of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import cv2
import numpy as np

from overshoot.adapters.sources.image_header import read_picture_size
from overshoot.domain.frame import Frame
from overshoot.domain.pixels import packed, refuse_oversize
from overshoot.domain.push_clock import check_timestamp
from overshoot.errors import FrameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.domain.frame import Pixels
    from overshoot.domain.pixels import PixelLayout
    from overshoot.domain.pushed import Encoding, GivenPicture

LARGEST_JPEG_BYTES: Final = 64 * 1024 * 1024
_HEADER_BYTES: Final = 64 * 1024
_CONVERSIONS: Final = {
    "rgb": cv2.COLOR_RGB2BGR,
    "bgra": cv2.COLOR_BGRA2BGR,
    "rgba": cv2.COLOR_RGBA2BGR,
    "gray": cv2.COLOR_GRAY2BGR,
}


def as_frame(
    pixels: GivenPicture,
    timestamp: float = 0.0,
    index: int = 0,
    *,
    order: PixelLayout = "bgr",
    encoding: Encoding | None = None,
) -> Frame:
    """A frame in BGR whose pixels are a new, contiguous array.

    Args:
        pixels: uint8 array as `overshoot.domain.pixels.packed` takes it, or with
            ``encoding="jpeg"`` the bytes of a JPEG picture.
        timestamp: seconds, finite.
        index: position in the stream.
        order: what the channels are; of no meaning for JPEG.
        encoding: "jpeg" for bytes.

    Raises:
        FrameError: anything that cannot become a frame; the message says what it must be.
    """
    check_timestamp(timestamp)
    return Frame(as_pixels(pixels, order=order, encoding=encoding), float(timestamp), index)


def as_pixels(
    pixels: GivenPicture, *, order: PixelLayout = "bgr", encoding: Encoding | None = None
) -> Pixels:
    """The pixels of `as_frame`: BGR, (height, width, 3) uint8, new and contiguous."""
    if encoding == "jpeg":
        return decode_jpeg(pixels)
    if encoding is not None:
        msg = f'encoding must be "jpeg" or None, got {encoding!r}'
        raise FrameError(msg)
    packed(pixels, order)
    given = cast("Pixels", pixels)
    conversion = _CONVERSIONS.get(order)
    if conversion is None:
        return np.array(given, order="C", copy=True)
    return cast("Pixels", cv2.cvtColor(np.ascontiguousarray(given), conversion))


def decode_jpeg(data: GivenPicture) -> Pixels:
    """The picture of a JPEG, turned upright as its EXIF says; its header is looked at first.

    Raises:
        FrameError: no JPEG, too large once decoded, or damaged.
    """
    encoded = checked_bytes(data)
    # Some cameras put megabytes of notes before a JPEG's size.
    size = read_picture_size(encoded[:_HEADER_BYTES].tobytes())
    size = size or read_picture_size(encoded.tobytes())
    if encoded[:2].tobytes() != b"\xff\xd8" or size is None:
        msg = f"the frame is no JPEG picture ({encoded.size} bytes), or its header is damaged"
        raise FrameError(msg)
    refuse_oversize(*size, "the JPEG picture")
    try:
        pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        msg = f"the JPEG picture of {size[0]}x{size[1]} pixels cannot be decoded; it is damaged"
        raise FrameError(msg)
    return cast("Pixels", pixels)


def checked_bytes(data: object) -> Pixels:
    """Bytes of a picture as a flat view; `FrameError` for what is no bytes, or too many."""
    kind = type(data).__name__
    array = cast("NDArray[Any]", data) if isinstance(data, np.ndarray) else None
    if isinstance(data, (bytes, bytearray, memoryview)):
        flat = np.frombuffer(cast("bytes", data), dtype=np.uint8)
    elif array is not None and array.ndim == 1 and array.dtype == np.uint8:
        flat = np.ascontiguousarray(array)
    else:
        msg = f'with encoding="jpeg" the frame must be bytes, got {kind}'
        raise FrameError(msg)
    if flat.size > LARGEST_JPEG_BYTES:
        msg = f"the JPEG picture has {flat.size} bytes; at most {LARGEST_JPEG_BYTES} are taken"
        raise FrameError(msg)
    return flat
