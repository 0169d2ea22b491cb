"""A camera for machines without one: it shows the drawn scene at 15 pictures a second.

`plug_in` puts it where OpenCV opens devices, so that everything above OpenCV is the real thing.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.source import SyntheticSource

FPS = 15.0


class FakeCamera:
    """As much of `cv2.VideoCapture` as a camera needs; ``opened`` lists every one made."""

    opened: ClassVar[list[FakeCamera]] = []

    def __init__(self, index: int, api: int = cv2.CAP_ANY) -> None:
        self.index = index
        self.api = api
        self.released = False
        self._scene = SyntheticScene(SyntheticSource(fps=FPS))
        self._scene.open()
        self._due = time.monotonic()
        type(self).opened.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return not self.released

    def grab(self) -> bool:
        self._due += 1 / FPS
        time.sleep(max(0.0, self._due - time.monotonic()))
        return not self.released

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        frame = self._scene.read()
        return frame is not None, None if frame is None else frame.pixels

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        return self.retrieve() if self.grab() else (False, None)

    def get(self, prop: int) -> float:
        known = {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FPS: FPS,
        }
        return known.get(prop, 0.0)

    def set(self, prop: int, value: float) -> bool:
        return False

    def getBackendName(self) -> str:  # noqa: N802 - OpenCV's name
        return "FAKE"

    def release(self) -> None:
        self.released = True
        self._scene.close()


def plug_in() -> type[FakeCamera]:
    """Let OpenCV find this camera at every number, for the rest of the process."""
    vars(cv2)["VideoCapture"] = _device_or_file(cv2.VideoCapture)
    return FakeCamera


def _device_or_file(real: Any) -> Any:
    def make(what: Any, *rest: Any) -> Any:
        return FakeCamera(what, *rest[:1]) if isinstance(what, int) else real(what, *rest)

    return make
