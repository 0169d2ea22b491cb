"""cv2.VideoCapture, opened quietly and with bounds on what FFmpeg may touch."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, cast

import cv2

from overshoot.domain.pixels import MAX_PIXELS, MAX_SIDE
from overshoot.errors import SourceError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

__all__ = ["Capture", "open_ffmpeg", "quiet_opencv", "refuse_oversize"]

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_LOG_LEVEL = "OPENCV_FFMPEG_LOGLEVEL"
_QUIET = "-8"
_opening = threading.Lock()

VIDEO_FORMATS: Final = (
    "mov,matroska,avi,mpegts,mpeg,flv,live_flv,asf,ogg,ivf,h264,hevc,av1,obu,m4v,mpegvideo,mjpeg,"
    "mjpeg_2000,mpjpeg,gif,apng,mxf,nut,dv,swf,rm,wtv,yuv4mpegpipe"
)
"""FFmpeg demuxers that read one stream of bytes.

Left out are those that open what their content names (hls, dash, concat, sdp, rtsp, image2 …)."""


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that the sources use."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is something to read."""
        ...

    def read(self) -> tuple[bool, Pixels | None]:
        """The next picture as BGR (height, width, 3) uint8; False when there is none."""
        ...

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """A ``CAP_PROP_*``; 0.0 when unknown."""
        ...

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        """Ask for a ``CAP_PROP_*``; False when it was refused."""
        ...

    def release(self) -> None:
        """Let go of it."""
        ...


@contextmanager
def quiet_opencv() -> Generator[None]:
    """Keep OpenCV's own log off stderr meanwhile: what matters is raised as an error."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def open_ffmpeg(target: str, parameters: tuple[int, ...] = (), **options: str) -> Capture | None:
    """Open a path or URL with OpenCV's FFmpeg; None when it finds no video in it.

    ``options`` are FFmpeg's own, such as ``protocol_whitelist="file"``. OpenCV takes them from the
    environment of the process alone (`OPENCV_FFMPEG_CAPTURE_OPTIONS`, cap_ffmpeg_impl.hpp), so
    opening is done one at a time and the variable is put back. What the user has put there is kept;
    where both name an option, ``options`` hold. FFmpeg's log, which OpenCV sets up once for the
    process, is switched off unless the user has chosen a level.
    """
    if not cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        msg = "this OpenCV was built without FFmpeg; install the opencv-python package"
        raise SourceError(msg)
    with _opening, quiet_opencv():
        os.environ.setdefault(_LOG_LEVEL, _QUIET)
        before = os.environ.get(_OPTIONS)
        os.environ[_OPTIONS] = _merged(before, options)
        try:
            capture = cv2.VideoCapture(target, cv2.CAP_FFMPEG, parameters)
        finally:
            if before is None:
                del os.environ[_OPTIONS]
            else:
                os.environ[_OPTIONS] = before
    if not capture.isOpened():
        capture.release()
        return None
    return cast("Capture", capture)


def refuse_oversize(capture: Capture, name: str) -> None:
    """Raise `SourceError`, and release the capture, when its pictures are too large to handle."""
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        capture.release()
        msg = (
            f"{name} has frames of {width}x{height} pixels; at most {MAX_SIDE} a side and"
            f" {MAX_PIXELS} in all can be handled: scale it down first"
        )
        raise SourceError(msg)


def _merged(before: str | None, options: dict[str, str]) -> str:
    """The user's options and ours in OpenCV's notation, ``key;value|key;value``."""
    pairs = dict(
        pair.split(";", 1) for pair in (before or "rtsp_transport;tcp").split("|") if ";" in pair
    )
    return "|".join(f"{key};{value}" for key, value in {**pairs, **options}.items())
