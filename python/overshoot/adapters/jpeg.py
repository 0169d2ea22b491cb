"""Pictures as JPEG, for those who look at them: models elsewhere, and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from overshoot.errors import FrameError

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame, Pixels


def in_bgr(frame: Frame) -> Pixels:
    """The frame's pixels with their channels in OpenCV's order; a view."""
    return frame.pixels if frame.order == "bgr" else frame.pixels[:, :, ::-1]


def within(pixels: Pixels, side: int) -> Pixels:
    """Scaled down, its shape kept, so that the longer side is ``side`` at most."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def encode_jpeg(pixels: Pixels, quality: int) -> bytes:
    """A JPEG of BGR pixels, ``quality`` from 1 to 100; `FrameError` if it cannot be made."""
    # From a contiguous array: OpenCV refuses strides that run backwards.
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        height, width = pixels.shape[:2]
        raise FrameError(f"OpenCV cannot make a JPEG of a frame of {width}x{height}")
    return data.tobytes()
