"""A frame made ready for looking at: one working size, one channel order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame

Image: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.floating[Any]]

# Hands need about this much; larger pictures are averaged down, which also takes noise out.
WORKING_SIDE = 640
SMALL_WIDTH = 160
_SMALLEST = 24


@frozen(eq=False)
class Picture:
    """One frame in the sizes that the parts of the backend look at.

    Attributes:
        image: (h, w, 3) uint8 BGR, longer side at most 640.
        small: (h, 160, 3) uint8 BGR, for motion, light and colour.
        gray: (h, 160) uint8, of ``small``.
        timestamp: stream time, seconds.
        index: place of the frame in its stream.
    """

    image: Image = field(repr=False)
    small: Image = field(repr=False)
    gray: Image = field(repr=False)
    timestamp: float
    index: int


def working_picture(frame: Frame) -> Picture:
    """A frame as a picture. The frame's own pixels are neither kept nor written to."""
    pixels = np.ascontiguousarray(frame.pixels)
    image = shrunk(pixels, WORKING_SIDE)
    image = _bytes(cv2.cvtColor(image, cv2.COLOR_RGB2BGR)) if frame.order == "rgb" else image.copy()
    height, width = image.shape[:2]
    rows = min(max(round(SMALL_WIDTH * height / width), _SMALLEST), 2 * SMALL_WIDTH)
    flags = cv2.INTER_AREA if width > SMALL_WIDTH else cv2.INTER_LINEAR
    small = cv2.resize(image, (SMALL_WIDTH, rows), interpolation=flags)
    gray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return Picture(_bytes(image), _bytes(small), _bytes(gray), frame.timestamp, frame.index)


def shrunk(image: Image, longest: int) -> Image:
    """The image averaged down so that its longer side is at most ``longest``."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return _bytes(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _bytes(image: cv2.typing.MatLike) -> Image:
    return np.asarray(image, dtype=np.uint8)
