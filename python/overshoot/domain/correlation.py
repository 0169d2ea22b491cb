"""Which frames of the source an answer is about.

A gateway counts time from the first frame it received and frames as it received them; the caller
knows source times and source indices. One `SentFrames` a connection translates.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult

REMEMBERED = 4096
"""Frames; at 30 a second the last 136 s, more than the longest clip and its answer take."""


@frozen
class SentFrame:
    """A frame that was sent.

    Attributes:
        index: place in the source.
        timestamp: source time, seconds.
        captured_at: monotonic time of its capture; None if unknown.
        sent_at: monotonic time of its way into the encoder.
    """

    index: int
    timestamp: float
    captured_at: float | None
    sent_at: float


@define
class SentFrames:
    """What one connection has sent, in order."""

    _frames: list[SentFrame] = field(factory=list[SentFrame], init=False)
    _origin: float | None = field(default=None, init=False)

    @property
    def origin(self) -> float | None:
        """Source time of the first frame sent, which is the gateway's time 0."""
        return self._origin

    def add(self, frame: SentFrame) -> None:
        """Remember one more."""
        if self._origin is None:
            self._origin = frame.timestamp
        self._frames.append(frame)
        if len(self._frames) >= 2 * REMEMBERED:
            del self._frames[:REMEMBERED]

    def at(self, gateway_time: float) -> SentFrame | None:
        """The frame that the gateway means by this time."""
        if not self._frames or self._origin is None:
            return None
        wanted = self._origin + gateway_time
        after = bisect_left(self._frames, wanted, key=lambda frame: frame.timestamp)
        near = self._frames[max(0, after - 1) : after + 1]
        return min(near, key=lambda frame: abs(frame.timestamp - wanted))

    def before(self, time: float) -> SentFrame | None:
        """The newest frame sent by this monotonic time, or the oldest remembered."""
        after = bisect_right(self._frames, time, key=lambda frame: frame.sent_at)
        return self._frames[max(0, after - 1)] if self._frames else None

    def newest_of(self, result: InferenceResult[Any], now: float) -> SentFrame | None:
        """The newest frame a result is about.

        The hosted gateway gives no time: then it is the newest frame that had been sent
        ``total_latency_ms`` before the answer arrived, which leaves out the way over the network.
        """
        if result.timestamp is None:
            return self.before(now - result.total_latency_ms / 1000)
        return self.at(result.timestamp)

    def related(self, result: InferenceResult[Any], now: float) -> InferenceResult[Any]:
        """A result that arrived ``now``, on the source's clock and in its indices."""
        last = self.newest_of(result, now)
        if last is None:
            return result
        first = None if result.timestamp_start is None else self.at(result.timestamp_start)
        return evolve(
            result,
            timestamp=last.timestamp,
            timestamp_start=None if first is None else first.timestamp,
            frame_start=None if first is None else first.index,
            frame_end=last.index,
        )
