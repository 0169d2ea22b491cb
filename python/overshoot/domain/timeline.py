"""Stream time to the time stamps of a media stream, and back."""

from __future__ import annotations

RTP_CLOCK_RATE = 90_000
"""Hertz of the time stamps of video (RFC 6184 section 8.2.1, RFC 7741 section 6.1)."""
MAX_JUMP_SECONDS = 10.0
_WRAP = 1 << 32


class MediaTimeline:
    """Turns RTP time stamps into seconds since the first one, which always rise.

    The 32-bit counter wraps around every 13 hours (RFC 3550 section 5.1). A stamp that stands
    still, goes back or leaps by more than 10 s says nothing about time: the frame is taken to come
    one frame gap after the one before, and time goes on from there.
    """

    def __init__(self, clock_rate: int = RTP_CLOCK_RATE) -> None:
        self._rate = clock_rate
        self._step = clock_rate // 30
        self._last: int | None = None
        self._elapsed = 0

    def advance(self, ticks: int) -> float:
        """Seconds of stream time of the frame with this time stamp."""
        if self._last is not None:
            passed = (ticks - self._last + _WRAP // 2) % _WRAP - _WRAP // 2
            if 0 < passed <= MAX_JUMP_SECONDS * self._rate:
                self._step = passed
            self._elapsed += self._step
        self._last = ticks
        return self._elapsed / self._rate


class MediaStamps:
    """The RTP time stamps that frames are sent with: 0 for the first, and always rising.

    Equal or backward source times would make the receiver's picture freeze or race.
    """

    def __init__(self, clock_rate: int = RTP_CLOCK_RATE) -> None:
        self._rate = clock_rate
        self._origin: float | None = None
        self._last = -1

    def stamp(self, timestamp: float) -> int:
        """The stamp of the next frame, whose source time is given in seconds."""
        if self._origin is None:
            self._origin = timestamp
        self._last = max(self._last + 1, round((timestamp - self._origin) * self._rate))
        return self._last
