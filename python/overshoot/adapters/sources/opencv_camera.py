"""A camera of this machine, through OpenCV."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import cv2

from overshoot.adapters.sources.capture import Capture, quiet_opencv
from overshoot.adapters.sources.capture_thread import CaptureThread, Grabbed
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.adapters.sources.timeline import Timeline, sane_fps
from overshoot.domain.frame import Frame
from overshoot.errors import SourceError
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from overshoot.domain.source import CameraSource

STALL_SECONDS: Final = 5.0
FIRST_FRAME_SECONDS: Final = 8.0
_SELECT_TIMEOUT: Final = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"


def open_camera(device: int | str) -> Capture:
    """``cv2.VideoCapture`` of a camera, with the interface that fits the system.

    ``device`` is a number, or on Linux the path of a device.
    """
    if sys.platform == "linux":
        # Video4Linux would wait 10 s for each picture of a stalled camera; OpenCV takes the limit
        # from the environment alone, when it first waits (cap_v4l.cpp, tryIoctl).
        os.environ.setdefault(_SELECT_TIMEOUT, "1")
        return cast("Capture", cv2.VideoCapture(device, cv2.CAP_V4L2))
    return cast("Capture", cv2.VideoCapture(device, cv2.CAP_ANY))


class OpenCvCamera:
    """`Source` of a camera's pictures, each as soon as it arrives (``live``).

    Width, height and frame rate are asked for; what `SourceInfo` says is what the camera gives.
    Timestamps are times of arrival. A camera that delivers nothing for 5 seconds has failed.

    Args:
        spec: which camera.
        capture: opens it; a test gives a made-up camera here.
        stall_seconds: how long it may deliver nothing; before the first picture 3 seconds more.
    """

    def __init__(
        self,
        spec: CameraSource,
        capture: Callable[[int | str], Capture] = open_camera,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._spec = spec
        self._make = capture
        self._stall_seconds = stall_seconds
        self._life = Lifecycle(f"camera {spec.device_index}")
        self._thread: CaptureThread | None = None
        self._timeline = Timeline(0.0)
        self._first: Grabbed | None = None
        self._index = 0

    def open(self) -> SourceInfo:
        """Open the camera and wait for its first picture."""
        self._life.require_new()
        if isinstance(self._spec.device_index, str):
            refuse_unless_device(self._spec.device_index, self._life.name)
        with quiet_opencv():
            capture = self._make(self._spec.device_index)
            if not capture.isOpened():
                capture.release()
                msg = why_no_camera(self._spec.device_index, cameras_of_this_machine())
                raise SourceError(msg)
            fps = self._ask(capture)
        thread = CaptureThread(lambda: capture, "overshoot-camera", retry=True)
        try:
            longer = self._stall_seconds + FIRST_FRAME_SECONDS - STALL_SECONDS
            first = self._take(thread, longer)
            if first is None:
                msg = f"{self._life.name} ended before its first picture"
                raise SourceError(msg)
        except SourceError:
            thread.close()
            raise
        self._first, self._thread, self._timeline = first, thread, Timeline(fps)
        self._life.opened()
        height, width = first.pixels.shape[:2]
        return SourceInfo(width=width, height=height, fps=fps, live=True)

    def read(self) -> Frame | None:
        """The next picture; None after ``interrupt``."""
        self._life.require_open()
        if self._life.interrupted or self._thread is None:
            return None
        grabbed, self._first = self._first, None
        grabbed = grabbed or self._take(self._thread, self._stall_seconds)
        if grabbed is None:
            return None
        frame = Frame(grabbed.pixels, self._timeline.place(grabbed.arrival), self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._life.interrupt()
        if (thread := self._thread) is not None:
            thread.wake()

    def close(self) -> None:
        """Let go of the camera."""
        self._life.close()
        self._first = None
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def _ask(self, capture: Capture) -> float:
        """Ask for size and frame rate; the frame rate it then says it has, 0.0 when unknown."""
        spec = self._spec
        for property_id, wanted in (
            (cv2.CAP_PROP_FRAME_WIDTH, spec.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, spec.height),
            (cv2.CAP_PROP_FPS, spec.fps),
        ):
            if wanted is not None:
                capture.set(property_id, wanted)
        return sane_fps(capture.get(cv2.CAP_PROP_FPS))

    def _take(self, thread: CaptureThread, limit_seconds: float) -> Grabbed | None:
        try:
            return thread.take(limit_seconds)
        except TimeoutError as error:
            what = "stopped delivering pictures" if self._index else "delivers no picture"
            msg = (
                f"{self._life.name} {what} ({limit_seconds:g} s): it was unplugged, or another"
                " program uses it, or this one may not (see the system's privacy settings)"
            )
            raise SourceError(msg) from error
        except cv2.error as error:
            msg = f"{self._life.name} failed: {error}"
            raise SourceError(msg) from error


def refuse_unless_device(path: str, name: str) -> None:
    """Raise `SourceError` unless there is a device at this path; looks before OpenCV opens it."""
    if sys.platform != "linux":
        msg = f"{name} cannot be opened: cameras have a path on Linux alone; give its number"
        raise SourceError(msg)
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        cameras = ", ".join(cameras_of_this_machine() or {}) or "no /dev/video* device"
        msg = f"{name} cannot be opened: {error.strerror}; this machine has {cameras}"
        raise SourceError(msg) from error
    if not stat.S_ISCHR(mode):
        msg = f"{name} is not a device (a video file is a VideoFileSource)"
        raise SourceError(msg)


def cameras_of_this_machine(folder: Path = Path("/dev")) -> dict[str, bool] | None:
    """The video devices of Linux and whether this user may use each; None on other systems."""
    if sys.platform != "linux":
        return None
    devices = sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name))
    return {str(path): os.access(path, os.R_OK | os.W_OK) for path in devices}


def why_no_camera(device: int | str, cameras: Mapping[str, bool] | None) -> str:
    """Why a camera cannot be opened, and what to do about it."""
    if isinstance(device, str):
        return (
            f"camera {device} cannot be opened: another program uses it, this user may not (add the"
            " user to the group that owns it, often 'video'), or it gives no pictures"
        )
    device_index = device
    if cameras is None:
        return (
            f"camera {device_index} cannot be opened; check that it is plugged in, that no other"
            " program uses it and that this one may (see the system's privacy settings)"
        )
    if not cameras:
        return (
            f"there is no camera {device_index}: this machine has no /dev/video* device. Plug one"
            " in, pass the device into the container, or use a file or the synthetic scene"
        )
    mine = next((name for name in cameras if name.endswith(f"/video{device_index}")), None)
    found = ", ".join(cameras)
    if mine is None:
        return f"there is no camera {device_index}; this machine has {found}: choose one of those"
    if not cameras[mine]:
        return (
            f"camera {device_index} ({mine}) may not be used by this user; add the user to the"
            " group that owns it (often 'video') and log in again"
        )
    return (
        f"camera {device_index} ({mine}) cannot be opened: another program uses it, or it gives no"
        f" pictures (cameras often have several devices; this machine has {found})"
    )
