"""The newest pictures of one stream, for whoever looks at them again."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from attrs import field, frozen

from overshoot.domain.validation import a_number, a_whole_number

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame

_ANY = 1 << 40


@frozen
class BufferLimits:
    """How much of a stream stays at hand.

    Attributes:
        seconds: stream time from the oldest frame to the newest; 0 keeps the newest alone.
        max_bytes: of pixels; the newest frame stays, however large it is.
    """

    seconds: float = field(default=30.0, validator=a_number(0, 3600, "s"))
    max_bytes: int = field(default=32 * 1024 * 1024, validator=a_whole_number(0, _ANY))


class FrameBuffer:
    """The frames that a stream keeps for its clips, newest last, until they are too old or many.

    The pixels are those the clips are made of, not copies. ``index`` counts every frame the stream
    ever received, ``timestamp`` is its stream time; both only rise.
    """

    def __init__(self, limits: BufferLimits) -> None:
        self._limits = limits
        self._frames: deque[Frame] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def held_bytes(self) -> int:
        """Bytes of all pixels in it."""
        return self._bytes

    def add(self, frame: Frame) -> None:
        """Keep a frame that is newer than all others."""
        self._frames.append(frame)
        self._bytes += frame.pixels.nbytes
        oldest = frame.timestamp - self._limits.seconds
        while len(self._frames) > 1 and (
            self._bytes > self._limits.max_bytes or self._frames[0].timestamp < oldest
        ):
            self._bytes -= self._frames.popleft().pixels.nbytes

    def newest_frame(self) -> Frame | None:
        """The newest frame, or None before the first."""
        return self._frames[-1] if self._frames else None

    def newest(self, seconds: float) -> tuple[Frame, ...]:
        """The frames of the last ``seconds`` of stream time, in order; the newest among them."""
        if not self._frames:
            return ()
        end = self._frames[-1].timestamp
        return self.between(end - seconds, end)

    def between(self, start: float, end: float) -> tuple[Frame, ...]:
        """The frames from ``start`` to ``end`` in seconds of stream time, both included."""
        return tuple(frame for frame in self._frames if start <= frame.timestamp <= end)

    def clip(self, first: int, last: int) -> tuple[Frame, ...] | None:
        """The frames from index ``first`` to ``last``; None when one of these two is gone."""
        frames = tuple(frame for frame in self._frames if first <= frame.index <= last)
        whole = frames and (frames[0].index, frames[-1].index) == (first, last)
        return frames if whole else None

    def clear(self) -> None:
        """Let go of everything."""
        self._frames.clear()
        self._bytes = 0
