"""Where a demo's pictures go: a window, or a file."""

from __future__ import annotations

import os
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

_HEADLESS: Final = "--headless OUT.mp4 writes the pictures to a file instead"
_TIME_BASE: Final = Fraction(1, 1000)


class Screen(Protocol):
    """Takes pictures one after the other; the main thread's."""

    def show(self, pixels: Pixels | None) -> str:
        """Show a picture, or go on with the last; the key that was pressed, ``""`` for none."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Window:
    """A window of OpenCV's. `ConfigurationError` where there can be none."""

    def __init__(self, title: str) -> None:
        import cv2

        # Qt ends the whole process where it finds no display.
        linux = sys.platform.startswith("linux")
        if linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            message = f"there is no display here (DISPLAY is not set): {_HEADLESS}"
            raise ConfigurationError(message, details={"field": "headless"})
        self._cv2 = cv2
        self._title = title
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            message = f"this OpenCV has no windows ({error.err}): {_HEADLESS}"
            raise ConfigurationError(message, details={"field": "headless"}) from error
        self._sized = False

    def show(self, pixels: Pixels | None) -> str:
        """Show it, and look at the keyboard for some milliseconds; a closed window says Q."""
        if pixels is not None:
            if not self._sized:
                height, width = pixels.shape[:2]
                self._cv2.resizeWindow(self._title, width, height)
                self._sized = True
            self._cv2.imshow(self._title, pixels)
        key = self._cv2.waitKey(5) & 0xFF
        if self._sized and self._cv2.getWindowProperty(self._title, self._cv2.WND_PROP_VISIBLE) < 1:
            return "q"
        return "" if key == 0xFF else chr(key).lower()  # noqa: PLR2004 - none was pressed

    def close(self) -> None:
        """Close it."""
        self._cv2.destroyAllWindows()


class Film:
    """An MP4 file, H264, each picture at the time at which it was shown.

    `StoreError` where it cannot be written. Pictures are cut to even sides, and those of another
    size than the first are scaled to it.
    """

    def __init__(self, path: Path) -> None:
        import av

        self._path = path
        try:
            # What PyAV tells of its types is partly unknown.
            self._container: Any = av.open(str(path), "w", format="mp4")
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
        self._stream: Any = self._container.add_stream("libx264", rate=30)
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = _TIME_BASE
        self._stream.options = {"preset": "veryfast", "crf": "20"}
        self._began: float | None = None
        self._last = -1
        self._size = (0, 0)

    def show(self, pixels: Pixels | None) -> str:
        """Write it; nobody is there to press a key."""
        import av
        import cv2
        import numpy as np

        if pixels is None:
            return ""
        now = time.monotonic()
        if self._began is None:
            self._began = now
            self._size = pixels.shape[1] & ~1, pixels.shape[0] & ~1
            self._stream.width, self._stream.height = self._size
        if pixels.shape[1::-1] != self._size:
            pixels = np.asarray(cv2.resize(pixels, self._size), np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
        frame.time_base = _TIME_BASE
        frame.pts = self._last = max(round((now - self._began) * 1000), self._last + 1)
        self._container.mux(self._stream.encode(frame))
        return ""

    def close(self) -> None:
        """Write what is left."""
        if self._began is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        print(f"wrote {self._path}", flush=True)  # noqa: T201 - what a demo is for
