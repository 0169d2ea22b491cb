"""A video file, decoded by OpenCV's FFmpeg."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import cv2

from overshoot.adapters.sources.capture import (
    VIDEO_FORMATS,
    Capture,
    open_ffmpeg,
    refuse_oversize,
)
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.adapters.sources.playlist import HEAD_BYTES, playlist_kind
from overshoot.adapters.sources.timeline import Timeline, sane_fps
from overshoot.domain.frame import Frame
from overshoot.errors import SourceError
from overshoot.log import get_logger
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot.domain.frame import Pixels
    from overshoot.domain.source import VideoFileSource

_log = get_logger(__name__)

_DAMAGED_PACKETS_IN_A_ROW: Final = 1000
_KINDS: Final = {
    stat.S_IFDIR: "a folder (a folder of pictures is an ImageFolderSource)",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device (a camera is a CameraSource)",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class OpenCvFile:
    """`Source` of the frames of a file, as fast as they are asked for.

    * Timestamps are the file's own, from 0.0 (`Timeline` says what becomes of wrong ones). With
      ``loop`` the file is opened again at its end; index and timestamps go on rising.
    * Pictures are turned upright as the file says.
    * Damaged stretches are passed over, as players do, and noted in the log; when no frame at all
      can be decoded, ``open`` raises. A file that ends before its time ends like any other.
    * Only a regular file with one stream of bytes is opened: no pipe, device or playlist; FFmpeg
      may touch no other file and no network.
    """

    def __init__(self, spec: VideoFileSource) -> None:
        self._path = spec.file_path.absolute()
        self._loop = spec.loop
        self._life = Lifecycle(f"video file {spec.file_path}")
        self._capture: Capture | None = None
        self._timeline = Timeline(0.0)
        self._first: Pixels | None = None
        self._index = 0
        self._decoded = 0
        self._damaged = False
        self._ended = False

    def open(self) -> SourceInfo:
        """Open the file and decode its first frame."""
        self._life.require_new()
        refuse_unless_video_file(self._path, self._life.name)
        capture = self._start()
        self._first = self._decode(capture)
        if self._first is None:
            self._release()
            msg = f"{self._life.name} has no frame that can be decoded; it is empty or damaged"
            raise SourceError(msg)
        fps = sane_fps(capture.get(cv2.CAP_PROP_FPS))
        self._timeline = Timeline(fps)
        self._life.opened()
        height, width = self._first.shape[:2]
        return SourceInfo(width=width, height=height, fps=fps, live=False)

    def read(self) -> Frame | None:
        """The next frame, or None at the end."""
        self._life.require_open()
        capture = self._capture
        if self._life.interrupted or self._ended or capture is None:
            return None
        pixels, self._first = self._first, None
        if pixels is None:
            pixels = self._decode(capture)
        if pixels is None and self._loop and not self._life.interrupted:
            self._release()
            capture = self._start()
            pixels = self._decode(capture)
        if pixels is None:
            self._ended = True
            return None
        position = max(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, 0.0)
        frame = Frame(pixels, self._timeline.place(position), self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._life.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        self._life.close()
        self._first = None
        self._release()

    def _start(self) -> Capture:
        capture = open_ffmpeg(
            str(self._path), protocol_whitelist="file", format_whitelist=VIDEO_FORMATS
        )
        if capture is None:
            msg = (
                f"{self._life.name} is not a video that can be decoded, or its index is missing"
                " because it was cut short; try whether a player shows it"
            )
            raise SourceError(msg)
        refuse_oversize(capture, self._life.name)
        self._capture, self._decoded = capture, 0
        return capture

    def _decode(self, capture: Capture) -> Pixels | None:
        """The next picture; None at the end. Packets that cannot be decoded are passed over."""
        for misses in range(_DAMAGED_PACKETS_IN_A_ROW):
            try:
                good, pixels = capture.read()
            except cv2.error as error:
                msg = f"{self._life.name} cannot be decoded any further: {error}"
                raise SourceError(msg) from error
            if good and pixels is not None:
                self._decoded += 1
                if misses:
                    self._note_damage(misses)
                return pixels
            # OpenCV says no at a damaged packet just as at the end: only the count tells.
            if self._life.interrupted or self._decoded >= capture.get(cv2.CAP_PROP_FRAME_COUNT):
                return None
        return None

    def _note_damage(self, packets: int) -> None:
        if not self._damaged:
            self._damaged = True
            _log.warning(
                "video_damaged", file=str(self._path), after_frame=self._decoded, packets=packets
            )

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def refuse_unless_video_file(path: Path, name: str) -> None:
    """Raise `SourceError` unless this is a readable regular file that is no playlist.

    Looks before anything opens it: opening a named pipe waits for ever.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "not a regular file")
            msg = f"{name} cannot be played: it is {kind}"
            raise SourceError(msg)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        msg = f"{name} does not exist; looked in {os.fspath(path.parent)}"
        raise SourceError(msg) from error
    except OSError as error:
        msg = f"{name} cannot be read: {error.strerror}"
        raise SourceError(msg) from error
    if not head:
        msg = f"{name} is empty (0 bytes)"
        raise SourceError(msg)
    playlist = playlist_kind(head)
    if playlist is not None:
        msg = f"{name} is {playlist}, not a video; give the video it points to"
        raise SourceError(msg)
