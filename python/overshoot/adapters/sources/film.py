"""One pass through a video file, on the video's own clock."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
from attrs import frozen

from overshoot.adapters.sources.capture import (
    VIDEO_FORMATS,
    Capture,
    open_ffmpeg,
    refuse_oversize,
)
from overshoot.adapters.sources.seeking import position_seconds, seek_before
from overshoot.adapters.sources.timeline import SHORTEST_STEP_SECONDS, Timeline, sane_fps
from overshoot.errors import SourceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from overshoot.domain.frame import Pixels

_log = get_logger(__name__)

DECODE_THROUGH_SECONDS: Final = 5.0
"""Up to here a start is reached by decoding all that is before it, which is exact even where the
timestamps of the file are out of order."""

_DAMAGED_PACKETS_IN_A_ROW: Final = 1000


@frozen(eq=False)
class Picture:
    """A decoded picture and its time in seconds, 0.0 being the first picture of the file."""

    pixels: Pixels
    time: float


class Film:
    """The pictures of a file from ``start`` on, in order.

    Making one opens the file and decodes its first picture, or raises `SourceError`.

    Args:
        path: a regular file.
        name: what error messages call it.
        start: seconds; the first picture at or after this time comes first. Where the container is
            of no help (no frame rate, one key frame) all that is before it is decoded.
        stopped: asked while decoding goes on without a picture to give; True gives up.
    """

    def __init__(self, path: Path, name: str, start: float, stopped: Callable[[], bool]) -> None:
        self._path = path
        self._name = name
        self._stopped = stopped
        self._decoded = 0
        self._damaged = False
        self._capture: Capture | None = None
        self._timeline = Timeline(0.0)
        self._pending: Picture | None = None
        try:
            self.fps: float = self._begin()
            if start > 0:
                self._go_to(start)
        except SourceError:
            self.release()
            raise

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures; (0, 0) when the start was not reached."""
        if self._pending is None:
            return 0, 0
        height, width = self._pending.pixels.shape[:2]
        return width, height

    @property
    def duration(self) -> float | None:
        """How long it lasts in seconds, as its container says; None when it does not."""
        if self._capture is None or not self.fps:
            return None
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return count / self.fps if math.isfinite(count) and count > 0 else None

    def next(self) -> Picture | None:
        """The next picture; None at the end."""
        pending, self._pending = self._pending, None
        if pending is not None or self._capture is None:
            return pending
        pixels = self._decode(self._capture)
        if pixels is None:
            return None
        return Picture(pixels, self._timeline.place(position_seconds(self._capture)))

    def release(self) -> None:
        """Let go of the file."""
        self._pending = None
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _begin(self) -> float:
        """Open the file and decode its first picture; the frame rate it says it has."""
        capture = self._capture = self._open()
        self._decoded = 0
        pixels = self._decode(capture)
        if pixels is None:
            msg = f"{self._name} has no frame that can be decoded; it is empty or damaged"
            raise SourceError(msg)
        self._origin = position_seconds(capture)
        fps = sane_fps(capture.get(cv2.CAP_PROP_FPS))
        self._timeline = Timeline(fps)
        self._pending = Picture(pixels, self._timeline.place(self._origin))
        return fps

    def _go_to(self, start: float) -> None:
        if start > DECODE_THROUGH_SECONDS and self._capture is not None:
            if seek_before(self._capture, self._origin + start):
                self._decoded = round(self._capture.get(cv2.CAP_PROP_POS_FRAMES))
                self._timeline = Timeline(self.fps, self._origin)
                self._pending = None
            else:
                self.release()
                self._begin()
        last = 0.0
        while not self._stopped():
            picture = self.next()
            if picture is None and self._stopped():
                return
            if picture is None:
                msg = f"{self._name} ends at {last:.1f} s, before start_seconds={start:g}"
                raise SourceError(msg)
            if picture.time >= start - SHORTEST_STEP_SECONDS:
                self._pending = picture
                return
            last = picture.time

    def _open(self) -> Capture:
        capture = open_ffmpeg(
            str(self._path), protocol_whitelist="file", format_whitelist=VIDEO_FORMATS
        )
        if capture is None:
            msg = (
                f"{self._name} is not a video that can be decoded, or its index is missing"
                " because it was cut short; try whether a player shows it"
            )
            raise SourceError(msg)
        refuse_oversize(capture, self._name)
        return capture

    def _decode(self, capture: Capture) -> Pixels | None:
        """The next picture; None at the end. Packets that cannot be decoded are passed over."""
        for misses in range(_DAMAGED_PACKETS_IN_A_ROW):
            try:
                good, pixels = capture.read()
            except cv2.error as error:
                msg = f"{self._name} cannot be decoded any further: {error}"
                raise SourceError(msg) from error
            if good and pixels is not None:
                self._decoded += 1
                if misses:
                    self._note_damage(misses)
                return pixels
            # OpenCV says no at a damaged packet just as at the end: only the count tells.
            if self._stopped() or self._decoded >= capture.get(cv2.CAP_PROP_FRAME_COUNT):
                return None
        return None

    def _note_damage(self, packets: int) -> None:
        if not self._damaged:
            self._damaged = True
            _log.warning(
                "video_damaged", file=str(self._path), after_frame=self._decoded, packets=packets
            )
