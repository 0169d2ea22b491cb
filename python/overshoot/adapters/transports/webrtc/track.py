"""The video track that aiortc sends: frames of a feed, on a clock that only goes forward."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from overshoot.framepath.video import video_frame

if TYPE_CHECKING:
    from av import VideoFrame

    from overshoot.domain.frame import PlanarFrame
    from overshoot.ports.transport import FrameFeed

CLOCK_RATE = 90_000
"""Hertz of RTP video timestamps (RFC 6184 section 8.2.1, RFC 7741 section 6.1)."""
REPEAT_TICKS = CLOCK_RATE // 30


class FrameTrack(MediaStreamTrack):
    """Gives each frame of ``feed`` once; at its end the last one again, then ``on_drained``.

    The repeat is there because an aiortc receiver hands out a frame only when the next one begins
    to arrive: without it the last picture of a video would never be seen. ``drained`` is true once
    all were given; a track that ends without has been stopped by a fault.
    """

    kind = "video"

    def __init__(self, feed: FrameFeed, on_drained: Callable[[], None]) -> None:
        super().__init__()
        self._feed = feed
        self._on_drained = on_drained
        self._last: PlanarFrame | None = None
        self._origin = 0.0
        self._pts = -1
        self._repeated = False
        self.drained: bool = False

    async def recv(self) -> VideoFrame:
        """The next frame; MediaStreamError, which ends the sender, only after the last one."""
        if self.readyState != "live":
            raise MediaStreamError
        frame = await self._feed.next_frame()
        if frame is not None:
            if self._last is None:
                self._origin = frame.timestamp
            self._last = frame
            # Equal or backward source times would make the receiver's picture freeze or race.
            self._pts = max(self._pts + 1, round((frame.timestamp - self._origin) * CLOCK_RATE))
            return self._video_frame(frame)
        if self._last is not None and not self._repeated:
            self._repeated = True
            self._pts += REPEAT_TICKS
            return self._video_frame(self._last)
        self.drained = True
        self.stop()
        self._on_drained()
        raise MediaStreamError

    def _video_frame(self, frame: PlanarFrame) -> VideoFrame:
        picture = video_frame(frame)
        picture.pts = self._pts
        picture.time_base = Fraction(1, CLOCK_RATE)
        return picture
