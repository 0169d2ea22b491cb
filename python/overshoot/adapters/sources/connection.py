"""Opening a network stream with FFmpeg, which is told what it may touch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import cv2
from attrs import frozen

from overshoot.adapters.sources.capture import (
    VIDEO_FORMATS,
    Capture,
    open_ffmpeg,
    refuse_oversize,
)
from overshoot.adapters.sources.hls_relay import HlsRelay
from overshoot.adapters.sources.seeking import seek_before
from overshoot.adapters.sources.timeline import sane_fps
from overshoot.adapters.sources.web_address import Reached, reach, shown
from overshoot.errors import SourceError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

REACH_SECONDS: Final = 3.0

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
_HLS_FORMATS: Final = f"hls,{VIDEO_FORMATS},aac,mp3"


@frozen
class StreamFacts:
    """What an open stream says of itself.

    Attributes:
        fps: frames per second; 0.0 when unknown.
        seconds: its length; 0.0 when it has none.
        paced: whether its own timestamps say when a frame is due; else the time of arrival does.
    """

    fps: float = 0.0
    seconds: float = 0.0
    paced: bool = False


class Connector:
    """Opens the stream at ``url``, again and again if need be.

    FFmpeg is given only the protocols and formats that the URL's scheme needs, no playlists and no
    redirects but those that `web_address.reach` allows. An HLS playlist, where it is allowed, is
    read through an `HlsRelay`: then FFmpeg speaks with that relay alone.
    """

    def __init__(
        self, url: str, *, allow_playlists: bool, open_seconds: float, read_seconds: float
    ) -> None:
        self._url = url
        self._allow_playlists = allow_playlists
        self._open_seconds = open_seconds
        self._read_seconds = read_seconds
        self.facts: StreamFacts = StreamFacts()

    def connect(self, after: float = 0.0) -> Capture:
        """Open it; `facts` is true from then on. It may wait for several seconds.

        ``after``: a position in seconds that may be gone to, with every frame behind it.

        Raises:
            SourceError: nothing is there, or no video.
        """
        found = reach(self._url, REACH_SECONDS, allow_playlists=self._allow_playlists)
        capture = self._open(found)
        if after > 0 and not seek_before(capture, after):
            capture.release()
            capture = self._open(found)
        return capture

    def _open(self, found: Reached) -> Capture:
        capture = self._open_hls(found.url) if found.is_hls else self._open_plain(found.url)
        refuse_oversize(capture, shown(self._url))
        seconds = length_seconds(capture)
        at_web = urlsplit(found.url).scheme in ("http", "https")
        paced = found.is_hls or (at_web and seconds > 0)
        self.facts = StreamFacts(sane_fps(capture.get(cv2.CAP_PROP_FPS)), seconds, paced)
        return capture

    def _open_plain(self, url: str) -> Capture:
        scheme = urlsplit(url).scheme
        options = {"protocol_whitelist": _PROTOCOLS[scheme], "format_whitelist": _FORMATS[scheme]}
        if scheme in ("http", "https"):
            options["max_redirects"] = "0"
        capture = open_ffmpeg(url, self._limits(), **options)
        if capture is None:
            raise self._no_video("check path, user name and password")
        return capture

    def _open_hls(self, url: str) -> Capture:
        relay = HlsRelay(url, self._read_seconds)
        try:
            options = {
                "protocol_whitelist": "http,tcp,crypto",
                "format_whitelist": _HLS_FORMATS,
                "allowed_extensions": "ALL",
                "max_redirects": "0",
                # Else a proxy of the environment would be asked for an address of this machine.
                "http_proxy": relay.root,
            }
            capture = open_ffmpeg(relay.address, self._limits(), **options)
            if capture is None:
                raise self._no_video(relay.refusal or "look at what the playlist names")
        except SourceError:
            relay.close()
            raise
        return _Relayed(capture, relay)

    def _limits(self) -> tuple[int, ...]:
        return (
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(self._open_seconds * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(self._read_seconds * 1000)),
        )

    def _no_video(self, advice: str) -> SourceError:
        return SourceError(
            f"{shown(self._url)} answers, but gives no video that can be decoded within"
            f" {self._open_seconds:g} s; {advice}"
        )


class _Relayed:
    """A capture that reads from a relay, and closes it in the end."""

    def __init__(self, capture: Capture, relay: HlsRelay) -> None:
        self._capture = capture
        self._relay = relay

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._capture.isOpened()

    def read(self) -> tuple[bool, Pixels | None]:
        return self._capture.read()

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        return self._capture.get(propId)

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        return self._capture.set(propId, value)

    def release(self) -> None:
        self._capture.release()
        self._relay.close()


def length_seconds(capture: Capture) -> float:
    """How long a video is; 0.0 when it does not say.

    OpenCV makes the frame count from the length and the frame rate; the latter may be nonsense.
    """
    count, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    seconds = count / fps if fps > 0 else 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
