"""`Track`: one action of a tracker, clip after clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from overshoot.domain.tracking_chain import Chain

if TYPE_CHECKING:
    from overshoot.domain.tracking_record import ActionRecord
    from overshoot.domain.tracking_rule import TrackingRule
    from overshoot.domain.tracking_verdict import TimedVerdict


@define
class Track:
    """Where the tracking of one action is.

    Attributes:
        rule: the action's own, without overrides.
        before: the chain before the last clip, so that a surer verdict on it can take its place.
        last: the verdict on the last clip; None: there was none since the last chain ended.
    """

    rule: TrackingRule
    before: Chain = field(factory=Chain)
    last: TimedVerdict | None = None
    _chain: Chain = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._chain = self._with(self.last)

    @property
    def deadline(self) -> float | None:
        """Seconds; the chain cannot go on after it. None: there is no chain."""
        return self._chain.deadline(self.rule)

    def has_passed(self, verdict: TimedVerdict) -> bool:
        """Whether a clip that comes after this one was judged."""
        return self.last is not None and verdict.clip < self.last.clip

    def judge(self, verdict: TimedVerdict) -> ActionRecord | None:
        """Take the next clip, or one more verdict on the last; the action if it has become one."""
        if self.last is None or verdict.clip != self.last.clip:
            self.before = self._chain
        elif verdict.weight <= self.last.weight:
            return None
        was_one = self._chain.action(self.rule) is not None
        self.last, self._chain = verdict, self._with(verdict)
        return None if was_one else self._chain.action(self.rule)

    def end(self) -> ActionRecord | None:
        """End the chain; the action if it was one."""
        action = self._chain.action(self.rule)
        self.before = self._chain = self._chain.next(self.rule)
        self.last = None
        return action

    def _with(self, verdict: TimedVerdict | None) -> Chain:
        return self.before if verdict is None else self.before.also(verdict, self.rule)
