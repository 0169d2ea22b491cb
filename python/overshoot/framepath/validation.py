"""What is wrong with a frame, said in the caller's thread before any work begins."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from overshoot.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from overshoot.domain.frame import Pixels

PACKED_AXES = 3
CHANNELS = {"bgr": 3, "rgb": 3, "bgra": 4, "rgba": 4, "gray": 1}


def check_array(given: object, what: str, axes: int) -> None:
    """Refuse all but a uint8 array of that many axes; callers may have no type checker."""
    if not isinstance(given, np.ndarray):
        raise FrameError(
            f"{what} is of type {type(given).__name__}: it must be a numpy array of dtype uint8"
        )
    array = cast("NDArray[Any]", given)
    if array.dtype != np.uint8:
        raise FrameError(
            f"{what} has dtype {array.dtype}: it must be uint8, 0 to 255 (convert it first)"
        )
    if array.ndim != axes:
        raise FrameError(f"{what} has shape {array.shape}: it must have {axes} axes")


def check_packed(pixels: Pixels, order: str = "bgr") -> None:
    """Refuse all but uint8 pixels of shape (height, width, channels) with neither side zero.

    An order that is unknown is left to the native module, which says which there are.
    """
    check_array(pixels, "the frame", PACKED_AXES)
    height, width, channels = pixels.shape
    wanted = CHANNELS.get(order, channels) if isinstance(order, str) else channels
    if channels != wanted or not height or not width:
        raise FrameError(
            f"the frame has shape {pixels.shape}: it must be (height, width, {wanted}), "
            f"{order.upper()}, with at least one pixel"
        )


def check_result(array: object, what: str, shape: tuple[int, ...]) -> None:
    """Refuse all but a writeable, C-contiguous uint8 array of that shape."""
    check_array(array, what, len(shape))
    result = cast("NDArray[np.uint8]", array)
    if result.shape != shape:
        raise FrameError(f"{what} has shape {result.shape}: it must be {shape}")
    if not result.flags.c_contiguous or not result.flags.writeable:
        raise FrameError(f"{what} is not both C-contiguous and writeable: pass an array of its own")


@contextmanager
def native_errors(**given: object) -> Generator[None]:
    """Give what the native module refuses as `FrameError`.

    Arrays have been checked before, so a TypeError or OverflowError is about one of the other
    arguments, ``given``, which the message then shows.
    """
    try:
        yield
    except FrameError:
        raise
    except ValueError as error:
        raise FrameError(str(error)) from error
    except (TypeError, OverflowError) as error:
        shown = ", ".join(f"{name}={value!r}" for name, value in given.items())
        raise FrameError(f"{shown}: {error}") from error
