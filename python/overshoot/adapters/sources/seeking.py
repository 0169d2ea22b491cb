"""Going to a place in a video without passing over a frame behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2

if TYPE_CHECKING:
    from overshoot.adapters.sources.capture import Capture

_MARGINS_SECONDS: Final = (1.0, 5.0, 30.0)


def position_seconds(capture: Capture) -> float:
    """Where the picture read last stands in its stream."""
    return max(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, 0.0)


def seek_before(capture: Capture, position: float) -> bool:
    """Go to somewhere before ``position`` (in seconds), so that every frame from it on comes.

    OpenCV turns a time into a frame number by the mean frame rate (cap_ffmpeg_impl.hpp, ``seek``),
    which is a guess where the rate varies, and not every container can say where its key frames
    are. So a place some way ahead is asked for, and a picture is read to see where that led.

    False when it led nowhere before ``position``: the capture must then be opened again.
    """
    for margin in _MARGINS_SECONDS:
        target = position - margin
        if target <= 0 or not capture.set(cv2.CAP_PROP_POS_MSEC, target * 1000):
            return False
        good, _ = capture.read()
        if good and position_seconds(capture) < position:
            return True
    return False
