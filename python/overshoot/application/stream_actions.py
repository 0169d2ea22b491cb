"""The actions of one stream at a gateway: answers in, what happened out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from overshoot.application.action_making import timed
from overshoot.domain.action_question import comparable
from overshoot.domain.kept_action import ActionNews, KeptAction
from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_event import ActionStarted
from overshoot.domain.verdict import VERDICTS_KEY, verdicts_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.tracking_event import TrackingEvent
    from overshoot.domain.tracking_rule import TrackingRule
    from overshoot.domain.tracking_verdict import TimedVerdict

MOST_NAMES: Final = 64
"""Names that a stream's answers may bring; what else they name is passed over."""


class StreamActions:
    """Tracks every name that the answers of a stream bring, each by itself; no I/O.

    A schema may change while the stream runs, and a model may name what nobody listed: a name is
    tracked from the first verdict on it.

    Args:
        origin: metadata of all its actions: ``session_id`` names the stream.
        rule: when verdicts are an action.
        now: UNIX time in seconds.

    Attributes:
        open: the actions that go on, by their id.
    """

    def __init__(
        self, origin: Mapping[str, Any], rule: TrackingRule, now: Callable[[], float]
    ) -> None:
        self._origin = dict(origin)
        self._rule = rule
        self._now = now
        self._trackers: dict[str, tuple[str, ActionTracker]] = {}
        self.open: dict[str, KeptAction] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names that answers have brought."""
        return tuple(name for name, _ in self._trackers.values())

    def answered(
        self, result: InferenceResult[Any], asked: Sequence[str] | None
    ) -> list[ActionNews]:
        """What follows from an answer; ``asked`` are the names it may give, None allows any."""
        if result.timestamp is None:
            return []
        end = result.timestamp
        start = end if result.timestamp_start is None else result.timestamp_start
        news: list[ActionNews] = []
        # Most answers of most streams are prose, in which no JSON need be looked for.
        if VERDICTS_KEY in result.result:
            for verdict in verdicts_from(result, asked).verdicts:
                news += self._take(timed(verdict, result, start, end), result)
        for _, tracker in self._trackers.values():
            news += [self._told(event, result) for event in tracker.advance(start)]
        return news

    def finish(self) -> list[ActionNews]:
        """The stream has ended: what still went on is over."""
        events = [event for _, tracker in self._trackers.values() for event in tracker.finish()]
        return [self._told(event, None) for event in events]

    def _take(self, verdict: TimedVerdict, result: InferenceResult[Any]) -> list[ActionNews]:
        tracker = self._tracker(verdict.action)
        if tracker is None:
            return []
        name, tracking = tracker
        verdict = evolve(verdict, action=name)
        news = [self._told(event, result) for event in tracking.receive(verdict)]
        if not any(each.event == "started" for each in news):
            news += self._seen_again(verdict)
        return news

    def _tracker(self, name: str) -> tuple[str, ActionTracker] | None:
        key = comparable(name)
        if key not in self._trackers:
            if len(self._trackers) >= MOST_NAMES:
                return None
            rule = self._rule.of(name)
            self._trackers[key] = name, ActionTracker([name], rule, origin=self._origin)
        return self._trackers[key]

    def _seen_again(self, verdict: TimedVerdict) -> list[ActionNews]:
        lowest = self._rule.of(verdict.action).lowest_confidence
        if not verdict.detected or verdict.confidence < lowest:
            return []
        return [
            self._update(kept, verdict)
            for kept in tuple(self.open.values())
            if kept.action.action == verdict.action and verdict.end > kept.seen_until
        ]

    def _update(self, kept: KeptAction, verdict: TimedVerdict) -> ActionNews:
        surest = max(kept.action.confidence, verdict.confidence)
        action = replace(kept.action, confidence=surest)
        self.open[kept.id] = kept = evolve(kept, action=action, seen_until=verdict.end)
        return ActionNews("updated", kept)

    def _told(self, event: TrackingEvent, result: InferenceResult[Any] | None) -> ActionNews:
        action = event.action
        if isinstance(event, ActionStarted):
            # What an update of the prompt makes of it later is not what was answered here.
            own = {"prompt": "", "wall_time": self._now()}
            seen_until = action.timestamp
            if result is not None and result.timestamp is not None:
                lag = result.total_latency_ms / 1000 + result.timestamp - action.timestamp
                own = {"prompt": result.prompt, "wall_time": self._now() - lag}
                seen_until = result.timestamp
            action = replace(action, metadata={**action.metadata, **own})
            kept = KeptAction(action, open=True, seen_until=seen_until)
            self.open[kept.id] = kept
            return ActionNews("started", kept)
        begun = self.open.pop(str(action.metadata["action_id"])).action.metadata
        own = {name: begun[name] for name in ("prompt", "wall_time")}
        ended = replace(action, metadata={**action.metadata, **own})
        until = ended.timestamp + (ended.duration or 0.0)
        return ActionNews("ended", KeptAction(ended, open=False, seen_until=until))
