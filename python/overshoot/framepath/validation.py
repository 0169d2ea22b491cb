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
CHANNELS = 3


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


def check_packed(pixels: Pixels) -> None:
    """Refuse all but uint8 pixels of shape (height, width, 3) with neither side zero."""
    check_array(pixels, "the frame", PACKED_AXES)
    height, width, channels = pixels.shape
    if channels != CHANNELS or not height or not width:
        raise FrameError(
            f"the frame has shape {pixels.shape}: it must be (height, width, {CHANNELS}), "
            "BGR or RGB, with at least one pixel"
        )


@contextmanager
def native_errors(**given: object) -> Generator[None]:
    """Give what the native module refuses as `FrameError`.

    Arrays have been checked before, so a TypeError or OverflowError is about one of the other
    arguments, ``given``, which the message then shows.
    """
    try:
        yield
    except ValueError as error:
        raise FrameError(str(error)) from error
    except (TypeError, OverflowError) as error:
        shown = ", ".join(f"{name}={value!r}" for name, value in given.items())
        raise FrameError(f"{shown}: {error}") from error
