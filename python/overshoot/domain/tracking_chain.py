"""`Chain`: what is remembered of one action between two of its clips."""

from __future__ import annotations

from typing import Self

from attrs import evolve, frozen

from overshoot.domain.tracking_record import ActionRecord
from overshoot.domain.tracking_rule import EDGE_SECONDS, TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict  # noqa: TC001 - states are read by the types of the fields


@frozen
class Chain:
    """Sights that are near enough to one another, and what they amount to so far.

    Attributes:
        covered_until: seconds; the latest end of its sights. None: there is none.
        voting: before the votes suffice, the clips of the window, from its first vote on.
        record: once they suffice, the clips from the first vote on.
        seen: the record as it was at the last sight. What follows the last sight is no part of the
            action, and which is the last is known only later.
        blocked_until: seconds; clips that start earlier do not count, for the last action's sake.
    """

    covered_until: float | None = None
    voting: tuple[TimedVerdict, ...] = ()
    record: ActionRecord | None = None
    seen: ActionRecord | None = None
    blocked_until: float = 0.0

    def deadline(self, rule: TrackingRule) -> float | None:
        """Seconds; a sight that starts later is of the next chain. None: there is no sight."""
        if self.covered_until is None:
            return None
        return self.covered_until + rule.max_gap_seconds + EDGE_SECONDS

    def action(self, rule: TrackingRule) -> ActionRecord | None:
        """The action that it is by now; once it is one it remains one."""
        if self.seen is None or self.seen.duration < rule.min_duration_seconds - EDGE_SECONDS:
            return None
        return self.seen

    def also(self, verdict: TimedVerdict, rule: TrackingRule) -> Self:
        """The chain with the next clip, which starts not after the deadline."""
        sight = _is_sight(verdict, rule) and verdict.start >= self.blocked_until - EDGE_SECONDS
        if not sight and self.covered_until is None:
            return self
        covered = self.covered_until
        if sight:
            covered = verdict.end if covered is None else max(covered, verdict.end)
        if self.record is not None:
            record = self.record.also(verdict, sight=sight)
            seen = record if sight else self.seen
            return evolve(self, covered_until=covered, record=record, seen=seen)
        voting = self._window_with(verdict, rule)
        if sum(_is_vote(each, rule) for each in voting) < rule.votes:
            return evolve(self, covered_until=covered, voting=voting)
        record = ActionRecord.begin(voting[0])
        for each in voting[1:]:
            record = record.also(each, sight=_is_sight(each, rule))
        return evolve(self, covered_until=covered, voting=(), record=record, seen=record)

    def next(self, rule: TrackingRule) -> Self:
        """The chain after this one, without a sight yet."""
        action = self.action(rule)
        # A chain that was none began after what blocked it, which is over, then.
        return type(self)(
            blocked_until=0.0 if action is None else action.end + rule.cooldown_seconds
        )

    def _window_with(self, verdict: TimedVerdict, rule: TrackingRule) -> tuple[TimedVerdict, ...]:
        clips = (*self.voting, verdict)[-rule.window :]
        votes = (place for place, clip in enumerate(clips) if _is_vote(clip, rule))
        return clips[next(votes, len(clips)) :]


def _is_sight(verdict: TimedVerdict, rule: TrackingRule) -> bool:
    return verdict.detected and verdict.confidence >= rule.lowest_confidence


def _is_vote(verdict: TimedVerdict, rule: TrackingRule) -> bool:
    return verdict.detected and verdict.confidence >= rule.enter_confidence
