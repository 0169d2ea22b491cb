"""How far the sender of a recording may run ahead of the answers: no clip may be lost to haste."""

from __future__ import annotations

from attrs import define, field, frozen

from overshoot.domain.sampling import Sampler, Sampling
from overshoot.domain.timeline import MediaStamps, MediaTimeline

PATIENCE_SECONDS = 60.0
"""How long an answer is waited for: twice what the embedded gateway gives a model for one."""
CLIPS_AHEAD = 2
"""Clips without an answer: a gateway asks about one while the newest other one waits. A third
would replace that one."""
_SAME_SECONDS = 1e-3


@frozen
class _Sent:
    """A frame as its gateway will place it, and the newest frame of a clip."""

    timestamp: float
    index: int


@define
class Pacing:
    """Says when a frame may be sent; knows neither clocks nor pixels. One for each connection.

    It samples what is sent as the gateway does (`Sampler`), and so knows which frame makes a clip
    due. Such a frame may go once at most one clip before is without an answer: then a gateway that
    asks about one clip while the newest other waits never skips any, however slow it is. For every
    frame, in order, call `place`; when `may_send`, send it and call `sent`. Tell every answer.

    An answer counts whether the model could say something or not. One that names its time settles
    the clip that ends there and all before it. From a gateway that names none, an answer is about
    the oldest clip without one; to keep that true where clips are skipped, only one clip at a time
    is without an answer then. Receivers (aiortc's) hand out a frame only when the next one begins
    to arrive, so the clip of the very last frame that was sent does not count there.

    Where no answer comes within ``patience_seconds``, `give_up` the oldest clip. From then on,
    until an answer comes, the patience is the time from one clip to the next: the video's own pace.

    Attributes:
        patience_limit: seconds that an answer is waited for.
        ended: whether the last frame was sent.
        unanswered: clips that are no longer waited for: given up, or passed over by a later answer.
    """

    _sampling: Sampling
    patience_limit: float = PATIENCE_SECONDS
    ended: bool = field(default=False, init=False)
    unanswered: int = field(default=0, init=False)
    _sampler: Sampler[_Sent] = field(init=False)
    _timeline: MediaTimeline = field(factory=MediaTimeline, init=False)
    _stamps: MediaStamps = field(factory=MediaStamps, init=False)
    _placed: int = field(default=0, init=False)
    _next_clip: float | None = field(default=None, init=False)
    _last_made_one: bool = field(default=False, init=False)
    _waiting: list[float] = field(factory=list[float], init=False)
    _timed: bool = field(default=False, init=False)
    _stalled: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._sampler = Sampler(self._sampling)

    # --- sending --------------------------------------------------------------------------------

    def place(self, timestamp: float) -> None:
        """The frame to be sent next, by its source time in seconds; once for each frame."""
        # The way of the sender and of the gateway, so that both sides come to the same times.
        time = self._timeline.advance(self._stamps.stamp(timestamp))
        if self._sampler.wants(time):
            self._sampler.add(_Sent(time, self._placed))
        else:
            self._sampler.reach(time)
        self._placed += 1
        self._next_clip = _end_of(self._sampler.take())

    @property
    def may_send(self) -> bool:
        """Whether that frame may be sent now."""
        if self._next_clip is None:
            return True
        if self._timed:
            return len(self._waiting) < CLIPS_AHEAD
        return len(self._waiting) - self._last_made_one < 1

    def sent(self) -> None:
        """That frame was sent."""
        self._last_made_one = self._next_clip is not None
        if self._next_clip is not None:
            self._waiting.append(self._next_clip)
            self._next_clip = None

    def end(self) -> None:
        """The video has ended: the clip that had begun is asked about as well."""
        if not self.ended:
            self.ended = True
            rest = _end_of(self._sampler.flush())
            if rest is not None:
                self._waiting.append(rest)

    # --- answers --------------------------------------------------------------------------------

    def answered(self, timestamp: float | None) -> float | None:
        """An answer came, about the clip whose newest frame has this stream time.

        Returns:
            That time; where the answer named none, the time of the oldest clip without an answer,
            which it must be about; None where there is no such clip.
        """
        self._stalled = False
        if timestamp is None:
            return self._waiting.pop(0) if self._waiting else None
        self._timed = True
        waiting = self._waiting
        # Another gateway's clips need not end with the very frames that ours would.
        nearly = timestamp + self._sampling.interval_seconds / 2
        exact = any(abs(end - timestamp) <= _SAME_SECONDS for end in waiting)
        until = timestamp + _SAME_SECONDS if exact else nearly
        self._waiting = [end for end in waiting if end > until]
        self.unanswered += max(0, len(waiting) - len(self._waiting) - 1)
        return timestamp

    @property
    def patience_seconds(self) -> float:
        """How long the next answer is to be waited for."""
        interval = self._sampling.interval_seconds
        return min(interval, self.patience_limit) if self._stalled else self.patience_limit

    def give_up(self) -> None:
        """No answer came: go on as if the oldest clip without one had it."""
        self._stalled = True
        if self._waiting:
            self._waiting.pop(0)
            self.unanswered += 1

    @property
    def awaiting(self) -> int:
        """Clips that were sent whole and have no answer yet."""
        return len(self._waiting)


def _end_of(clip: tuple[_Sent, ...] | None) -> float | None:
    return clip[-1].timestamp if clip else None
