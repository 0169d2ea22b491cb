"""QR codes in a frame."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np

from overshoot.adapters.inference.local.picture import shrunk

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame

_LONGEST_SIDE = 1280


def qr_texts(frame: Frame) -> tuple[str, ...]:
    """Texts of the QR codes that can be read, in reading order as OpenCV gives them."""
    image = shrunk(np.ascontiguousarray(frame.pixels), _LONGEST_SIDE)
    code = cv2.COLOR_RGB2GRAY if frame.order == "rgb" else cv2.COLOR_BGR2GRAY
    gray = cv2.cvtColor(image, code)
    try:
        found, texts, _, _ = _own.detector.detectAndDecodeMulti(gray)
    except cv2.error:
        # The detector raises on some candidates that turn out to have no area: no code there.
        return ()
    return tuple(dict.fromkeys(text for text in texts if text)) if found else ()


class _PerThread(threading.local):
    """The detector is not made for two threads at a time."""

    def __init__(self) -> None:
        self.detector = cv2.QRCodeDetector()


_own = _PerThread()
