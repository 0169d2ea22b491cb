"""The pictures of a folder, one after the other."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

from overshoot.adapters.sources.image_header import read_picture_size
from overshoot.adapters.sources.letterbox import letterboxed
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.domain.frame import Frame
from overshoot.domain.pixels import MAX_PIXELS, MAX_SIDE
from overshoot.errors import SourceError
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot.domain.frame import Pixels
    from overshoot.domain.source import ImageFolderSource

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
LARGEST_CANVAS_SIDE: Final = 1920
LARGEST_FILE_BYTES: Final = 256 * 1024 * 1024
_HEADER_BYTES: Final = 256 * 1024


class ImageFolder:
    """`Source` of a folder's pictures in the order of their names, as fast as it is asked.

    All frames have one size, as wide as the widest and as high as the highest picture (at most 1920
    a side, even). Each picture is scaled to fit into it, in its own proportions, with black bars
    where it does not fill it: what looks for hands or faces would be misled by a stretched one.
    Pictures are decoded when their turn comes; one that cannot be is a `SourceError` with its name.
    """

    def __init__(self, spec: ImageFolderSource) -> None:
        self._folder = spec.folder_path
        self._fps = spec.fps
        self._repeats = max(1, round(spec.seconds_per_image * spec.fps))
        self._life = Lifecycle(f"image folder {spec.folder_path}")
        self._files: list[Path] = []
        self._canvas = (2, 2)
        self._shown: tuple[int, Pixels] | None = None
        self._index = 0

    def open(self) -> SourceInfo:
        """List the folder, look at every header and decode the first picture."""
        self._life.require_new()
        files = self._list()
        sizes = [_checked_size(file) for file in files]
        width, height = max(w for w, _ in sizes), max(h for _, h in sizes)
        scale = min(1.0, LARGEST_CANVAS_SIDE / max(width, height))
        self._canvas = _even(width * scale), _even(height * scale)
        self._files = files
        self._picture(0)
        self._life.opened()
        width, height = self._canvas
        return SourceInfo(width=width, height=height, fps=self._fps, live=False)

    def read(self) -> Frame | None:
        """The next frame; None after the last picture."""
        self._life.require_open()
        number = self._index // self._repeats
        if self._life.interrupted or number >= len(self._files):
            return None
        frame = Frame(self._picture(number).copy(), self._index / self._fps, self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._life.interrupt()

    def close(self) -> None:
        """Let go of the picture."""
        self._life.close()
        self._shown = None

    def _list(self) -> list[Path]:
        try:
            files = [
                path
                for path in sorted(self._folder.iterdir())
                if path.suffix.lower() in SUFFIXES and stat.S_ISREG(path.stat().st_mode)
            ]
        except FileNotFoundError as error:
            msg = f"{self._life.name} does not exist"
            raise SourceError(msg) from error
        except NotADirectoryError as error:
            msg = f"{self._life.name} is not a folder; a video is a VideoFileSource"
            raise SourceError(msg) from error
        except OSError as error:
            msg = f"{self._life.name} cannot be read: {error.strerror}"
            raise SourceError(msg) from error
        if not files:
            msg = f"{self._life.name} has no picture ({', '.join(sorted(SUFFIXES))})"
            raise SourceError(msg)
        return files

    def _picture(self, number: int) -> Pixels:
        """The picture on its canvas; the one shown last is kept."""
        if self._shown is None or self._shown[0] != number:
            self._shown = number, letterboxed(_decoded(self._files[number]), self._canvas)
        return self._shown[1]


def _checked_size(file: Path) -> tuple[int, int]:
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            msg = f"picture {file} is larger than {LARGEST_FILE_BYTES >> 20} MiB"
            raise SourceError(msg)
        with file.open("rb") as opened:
            size = read_picture_size(opened.read(_HEADER_BYTES))
            if size is None:  # Some cameras put megabytes of notes before a JPEG's size.
                opened.seek(0)
                size = read_picture_size(opened.read())
    except OSError as error:
        msg = f"picture {file} cannot be read: {error.strerror}"
        raise SourceError(msg) from error
    if size is None:
        msg = f"picture {file} is not a PNG, JPEG, BMP or WebP, or it is damaged"
        raise SourceError(msg)
    width, height = size
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        msg = (
            f"picture {file} has {width}x{height} pixels; at most {MAX_SIDE} a side and"
            f" {MAX_PIXELS} in all can be shown: scale it down first"
        )
        raise SourceError(msg)
    return size


def _decoded(file: Path) -> Pixels:
    _checked_size(file)  # Again: it may have been replaced since the folder was opened.
    try:
        data = np.frombuffer(file.read_bytes(), dtype=np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except (OSError, cv2.error) as error:
        msg = f"picture {file} cannot be decoded: {error}"
        raise SourceError(msg) from error
    if pixels is None:
        msg = f"picture {file} cannot be decoded; it is damaged"
        raise SourceError(msg)
    return cast("Pixels", pixels)


def _even(side: float) -> int:
    return max(2, round(side / 2) * 2)
