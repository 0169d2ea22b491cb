"""Pictures as callers hand them in, checked and brought to packed colour without copying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from overshoot.errors import FrameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.domain.frame import PixelOrder, Pixels

PixelLayout: TypeAlias = Literal["bgr", "rgb", "bgra", "rgba", "gray"]
"""What the channels of a picture are, in their order."""

MAX_SIDE = 8192
"""Most columns or rows of a picture."""

MAX_PIXELS = 7680 * 4320
"""Most pixels of a picture: 8K, 100 MB once decoded. A larger one is refused."""

_CHANNELS: dict[str, tuple[int, PixelOrder]] = {
    "bgr": (3, "bgr"),
    "rgb": (3, "rgb"),
    "bgra": (4, "bgr"),
    "rgba": (4, "rgb"),
    "gray": (1, "bgr"),
}


def packed(pixels: object, order: str = "bgr") -> tuple[Pixels, PixelOrder]:
    """A picture as (height, width, 3) uint8, and the order of its channels.

    A view: nothing is copied. Alpha is left out, not blended; gray is seen as three equal channels
    (through strides of 0, and read-only).

    Args:
        pixels: dtype uint8; shape (height, width, 3), with "bgra" and "rgba" (height, width, 4),
            with "gray" (height, width) or (height, width, 1); any strides, read-only or not.
        order: a `PixelLayout`.

    Raises:
        FrameError: another type, dtype, shape or order, no pixel, or more than `MAX_PIXELS`.
    """
    known = _CHANNELS.get(order) if isinstance(order, str) else None
    if known is None:
        msg = f"order must be one of {', '.join(get_args(PixelLayout))}, got {order!r}"
        raise FrameError(msg)
    channels, result_order = known
    array = _checked(pixels, order, channels)
    if channels == 1:
        return _tripled(array), result_order
    return cast("Pixels", array[..., :3]), result_order


def refuse_oversize(width: int, height: int, what: str = "the frame") -> None:
    """Raise `FrameError` for a picture of more than `MAX_SIDE` a side or `MAX_PIXELS` in all."""
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        msg = (
            f"{what} has {width}x{height} pixels; at most {MAX_SIDE} a side and {MAX_PIXELS} in"
            " all can be handled: scale it down first"
        )
        raise FrameError(msg)


def _checked(pixels: object, order: str, channels: int) -> NDArray[Any]:
    import numpy as np

    if isinstance(pixels, (bytes, bytearray, memoryview)):
        msg = (
            'the frame is bytes: say encoding="jpeg" for a JPEG picture, or make an array of raw'
            " pixels with numpy.frombuffer(data, numpy.uint8).reshape(height, width, 3)"
        )
        raise FrameError(msg)
    if not isinstance(pixels, np.ndarray):
        msg = f"the frame is of type {type(pixels).__name__}: it must be a numpy array of uint8"
        raise FrameError(msg)
    array = cast("NDArray[Any]", pixels)
    if array.dtype != np.uint8:
        msg = f"the frame has dtype {array.dtype}: it must be uint8, 0 to 255 (convert it first)"
        raise FrameError(msg)
    flat_gray = channels == 1 and array.ndim == 2  # noqa: PLR2004 - rows and columns
    if not flat_gray and (array.ndim != 3 or array.shape[2] != channels):  # noqa: PLR2004
        shape = "(height, width)" if channels == 1 else f"(height, width, {channels})"
        msg = f"the frame has shape {array.shape}: {order!r} must be {shape}"
        raise FrameError(msg)
    height, width = array.shape[:2]
    if not height or not width:
        msg = f"the frame has shape {array.shape}: it has no pixel"
        raise FrameError(msg)
    refuse_oversize(width, height)
    return array


def _tripled(gray: NDArray[Any]) -> Pixels:
    import numpy as np

    height, width = gray.shape[:2]
    return np.broadcast_to(gray.reshape(height, width, 1), (height, width, 3))
