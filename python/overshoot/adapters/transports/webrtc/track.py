"""The video track that aiortc sends: frames of a feed, on a clock that only goes forward."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from overshoot.domain.timeline import RTP_CLOCK_RATE, MediaStamps
from overshoot.framepath.video import video_frame

if TYPE_CHECKING:
    from av import VideoFrame

    from overshoot.domain.frame import PlanarFrame
    from overshoot.ports.transport import FrameFeed

MICROSECONDS = 1_000_000
REPEAT_TICKS = RTP_CLOCK_RATE // 30


class FrameTrack(MediaStreamTrack):
    """Gives each frame of ``feed`` once; at its end the last one again, then ``on_drained``.

    The repeat is there because an aiortc receiver hands out a frame only when the next one begins
    to arrive: without it the last picture of a video would never be seen. ``drained`` is true once
    all were given; a track that ends without has been stopped by a fault.
    """

    kind = "video"

    def __init__(self, feed: FrameFeed, on_drained: Callable[[], None]) -> None:
        super().__init__()
        self.when_encoding: Callable[[], Awaitable[None]] | None = None
        self._feed = feed
        self._on_drained = on_drained
        self._last: PlanarFrame | None = None
        self._stamps = MediaStamps()
        self._pts = 0
        self._repeated = False
        self.drained: bool = False

    async def recv(self) -> VideoFrame:
        """The next frame; MediaStreamError, which ends the sender, only after the last one."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._last is not None and self.when_encoding is not None:
            begun, self.when_encoding = self.when_encoding, None
            await begun()
        frame = await self._feed.next_frame()
        if frame is not None:
            self._last = frame
            self._pts = self._stamps.stamp(frame.timestamp)
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
        # aiortc's VP8 encoder counts in microseconds and rounds down on the way there and back.
        picture.pts = -(-self._pts * MICROSECONDS // RTP_CLOCK_RATE)
        picture.time_base = Fraction(1, MICROSECONDS)
        return picture
