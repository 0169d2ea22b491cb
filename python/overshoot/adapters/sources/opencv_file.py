"""A video file, decoded by OpenCV's FFmpeg."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from overshoot.adapters.sources.film import Film, Picture
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.adapters.sources.playlist import HEAD_BYTES, playlist_kind
from overshoot.adapters.sources.timeline import SHORTEST_STEP_SECONDS, USUAL_FPS
from overshoot.domain.frame import Frame
from overshoot.errors import SourceError
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot.domain.source import VideoFileSource

_KINDS: Final = {
    stat.S_IFDIR: "a folder (a folder of pictures is an ImageFolderSource)",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device (a camera is a CameraSource)",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class OpenCvFile:
    """`Source` of the frames of a file, as fast as they are asked for.

    * Timestamps are the file's own, 0.0 being its first frame (`Timeline` says what becomes of
      wrong ones). With ``loop`` the file is opened again at the end; index and timestamps go on
      rising, a round beginning one frame time after the last.
    * ``start_seconds`` and ``end_seconds`` choose frames exactly: those with start <= time < end.
      Opening takes as long as decoding from the key frame before the start.
    * Pictures are turned upright as the file says.
    * Damaged stretches are passed over, as players do, and noted in the log; when no frame at all
      can be decoded, ``open`` raises. A file that ends before its time ends like any other.
    * Only a regular file with one stream of bytes is opened: no pipe, device or playlist; FFmpeg
      may touch no other file and no network.
    """

    def __init__(self, spec: VideoFileSource) -> None:
        self._spec = spec
        self._path = spec.file_path.absolute()
        self._life = Lifecycle(f"video file {spec.file_path}")
        self._film: Film | None = None
        self._index = 0
        self._last = 0.0
        self._shift: float | None = 0.0
        self._ended = False

    def open(self) -> SourceInfo:
        """Open the file and decode its first frame, or the first of those asked for."""
        self._life.require_new()
        refuse_unless_video_file(self._path, self._life.name)
        film = self._film = self._begin()
        self._life.opened()
        width, height = film.size
        return SourceInfo(
            width=width,
            height=height,
            fps=film.fps,
            live=False,
            real_time=self._spec.real_time,
            playback_speed=self._spec.playback_speed,
            duration_seconds=self._duration(film),
        )

    def read(self) -> Frame | None:
        """The next frame, or None at the end."""
        self._life.require_open()
        picture = self._next()
        if picture is None and self._spec.loop and not (self._life.interrupted or self._ended):
            self._release()
            self._film, self._shift = self._begin(), None
            picture = self._next()
        if picture is None:
            self._ended = True
            return None
        if self._shift is None:
            fps = self._film.fps if self._film is not None else 0.0
            self._shift = self._last + 1 / (fps or USUAL_FPS) - picture.time
        self._last = picture.time + self._shift
        frame = Frame(picture.pixels, self._last, self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._life.interrupt()

    def close(self) -> None:
        """Let go of the file."""
        self._life.close()
        self._release()

    def _begin(self) -> Film:
        start, life = self._spec.start_seconds, self._life
        return Film(self._path, life.name, start, lambda: life.interrupted)

    def _duration(self, film: Film) -> float | None:
        if self._spec.loop:
            return None
        known = [each for each in (film.duration, self._spec.end_seconds) if each is not None]
        return min(known, default=None)

    def _next(self) -> Picture | None:
        """The next frame of this round."""
        if self._life.interrupted or self._ended or self._film is None:
            return None
        picture, end = self._film.next(), self._spec.end_seconds
        if picture is None or (end is not None and picture.time >= end - SHORTEST_STEP_SECONDS):
            return None
        return picture

    def _release(self) -> None:
        film, self._film = self._film, None
        if film is not None:
            film.release()


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
