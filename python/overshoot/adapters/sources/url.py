"""A video or stream from the network, through OpenCV's FFmpeg."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import cv2

from overshoot.adapters.sources.capture import (
    VIDEO_FORMATS,
    Capture,
    open_ffmpeg,
    refuse_oversize,
)
from overshoot.adapters.sources.capture_thread import CaptureThread, Grabbed
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.adapters.sources.timeline import Timeline, sane_fps
from overshoot.adapters.sources.web_address import reach, shown
from overshoot.domain.frame import Frame
from overshoot.errors import SourceError
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from overshoot.domain.source import UrlSource

REACH_SECONDS: Final = 3.0
OPEN_SECONDS: Final = 6.0
READ_SECONDS: Final = 4.0
_PROTOCOLS: Final = {
    "http": "http,https,tcp,tls",
    "https": "https,tls,tcp",
    "rtsp": "rtp,udp,tcp",
    "rtsps": "rtp,udp,tcp,tls,rtsps",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,tls,tcp",
}
_FORMATS: Final = {
    "http": VIDEO_FORMATS,
    "https": VIDEO_FORMATS,
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "rtmp": "flv,live_flv",
    "rtmps": "flv,live_flv",
}


class OpenCvUrl:
    """`Source` of a network stream.

    rtsp and rtmp are ``live``: timestamps are times of arrival. http and https are ``live`` when
    they give no length (a camera's MJPEG); a video of known length is played like a file, at the
    pace of its own timestamps.

    FFmpeg is given only the protocols and formats that the URL's scheme needs, no playlists (see
    `capture.VIDEO_FORMATS`) and no redirects but those that `web_address.reach` allows. A stream
    that is silent for 4 seconds has failed, and so has a file of which a tenth or more is missing.
    """

    def __init__(
        self,
        spec: UrlSource,
        open_seconds: float = OPEN_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._url = spec.url
        self._open_seconds = open_seconds
        self._read_seconds = read_seconds
        self._life = Lifecycle(shown(spec.url))
        self._thread: CaptureThread | None = None
        self._first: Grabbed | None = None
        self._timeline = Timeline(0.0)
        self._live = True
        self._seconds = 0.0
        self._last = 0.0
        self._index = 0

    def open(self) -> SourceInfo:
        """Reach the address, open the stream and wait for its first picture."""
        self._life.require_new()
        url = reach(self._url, REACH_SECONDS)
        capture = self._start(url)
        refuse_oversize(capture, self._life.name)
        fps = sane_fps(capture.get(cv2.CAP_PROP_FPS))
        self._seconds = length_seconds(capture)
        self._live = not (urlsplit(url).scheme in ("http", "https") and self._seconds > 0)
        thread = CaptureThread(capture, "overshoot-url", retry=False)
        try:
            first = self._take(thread)
            if first is None:
                msg = f"{self._life.name} has no frame that can be decoded"
                raise SourceError(msg)
        except SourceError:
            thread.close()
            raise
        self._first, self._thread, self._timeline = first, thread, Timeline(fps)
        self._life.opened()
        height, width = first.pixels.shape[:2]
        return SourceInfo(width=width, height=height, fps=fps, live=self._live)

    def read(self) -> Frame | None:
        """The next frame; None at the end of a file and after ``interrupt``."""
        self._life.require_open()
        if self._life.interrupted or self._thread is None:
            return None
        grabbed, self._first = self._first, None
        grabbed = grabbed or self._take(self._thread)
        if grabbed is None:
            self._refuse_early_end()
            return None
        position = grabbed.arrival if self._live else max(grabbed.position, 0.0)
        self._last = self._timeline.place(position)
        frame = Frame(grabbed.pixels, self._last, self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._life.interrupt()
        if (thread := self._thread) is not None:
            thread.wake()

    def close(self) -> None:
        """Close the connection; waits up to the read limit when the stream is silent."""
        self._life.close()
        self._first = None
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def _start(self, url: str) -> Capture:
        scheme = urlsplit(url).scheme
        limits = (
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(self._open_seconds * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self._read_seconds * 1000)),
        )
        options = {"protocol_whitelist": _PROTOCOLS[scheme], "format_whitelist": _FORMATS[scheme]}
        if scheme in ("http", "https"):
            options["max_redirects"] = "0"
        capture = open_ffmpeg(url, limits, **options)
        if capture is None:
            msg = (
                f"{self._life.name} answers, but gives no video that can be decoded within"
                f" {self._open_seconds:g} s; check path, user name and password"
            )
            raise SourceError(msg)
        return capture

    def _take(self, thread: CaptureThread) -> Grabbed | None:
        # FFmpeg's own limit comes first; this one is for what it does not cover.
        limit_seconds = self._read_seconds + 2
        try:
            return thread.take(limit_seconds)
        except TimeoutError as error:
            msg = f"{self._life.name} has delivered nothing for {limit_seconds:g} s"
            raise SourceError(msg) from error
        except cv2.error as error:
            msg = f"{self._life.name} cannot be decoded any further"
            raise SourceError(msg) from error

    def _refuse_early_end(self) -> None:
        """OpenCV ends a broken stream like a film; but a live one has no end, a film a length."""
        if self._life.interrupted:
            return
        if self._live:
            msg = f"{self._life.name} has ended or was cut after {self._index} frames"
            raise SourceError(msg)
        if self._last < self._seconds * 0.9 - 1:
            msg = f"{self._life.name} was cut after {self._last:.1f} of {self._seconds:.1f} s"
            raise SourceError(msg)


def length_seconds(capture: Capture) -> float:
    """How long a video is; 0.0 when it does not say.

    OpenCV makes the frame count from the length and the frame rate; the latter may be nonsense.
    """
    count, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    seconds = count / fps if fps > 0 else 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
