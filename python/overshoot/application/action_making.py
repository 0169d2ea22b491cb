"""When verdicts become actions: each confident one at once, or joined by a tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import SCHEMA_VERSION
from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_event import ActionEnded
from overshoot.domain.tracking_verdict import TimedVerdict

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.tracking_event import TrackingEvent
    from overshoot.domain.tracking_rule import TrackingRule
    from overshoot.domain.verdict import ActionVerdict


class ActionMaker(Protocol):
    """Makes actions of the verdicts of one run, answer by answer."""

    def answered(
        self, result: InferenceResult[Any], verdicts: Sequence[TimedVerdict], start: float
    ) -> list[TrackingEvent]:
        """What follows from an answer about a clip that begins at ``start``."""
        ...

    def finish(self) -> list[TrackingEvent]:
        """What follows from the end of the run."""
        ...


class EachVerdict:
    """**Each confident verdict is an action at once**, as in the specification's example.

    Args:
        min_confidence: 0.0 to 1.0; a verdict that says "detected" with at least that much is one.
        origin: metadata that all actions get.
    """

    def __init__(self, min_confidence: float, origin: Mapping[str, Any]) -> None:
        self._min_confidence = min_confidence
        self._origin = dict(origin)
        self._made = 0

    def answered(
        self, result: InferenceResult[Any], verdicts: Sequence[TimedVerdict], start: float
    ) -> list[TrackingEvent]:
        """The confident ones as actions that are over."""
        return [
            ActionEnded(self._action(verdict, result))
            for verdict in verdicts
            if verdict.detected and verdict.confidence >= self._min_confidence
        ]

    def finish(self) -> list[TrackingEvent]:
        """Nothing: no action goes on."""
        return []

    def _action(self, verdict: TimedVerdict, result: InferenceResult[Any]) -> DetectedAction:
        self._made += 1
        metadata = {
            **self._origin,
            "action_id": f"{self._origin.get('session_id', '')}-{self._made}",
            "stream_id": result.stream_id,
            "model": verdict.model,
            "prompt_version": verdict.prompt_version,
            "schema_version": verdict.schema_version,
            "inference_latency_ms": result.inference_latency_ms,
            "total_latency_ms": result.total_latency_ms,
            # Who says no time gets one from `SentFrames`, but no start.
            "timestamp_from": "arrival" if result.timestamp_start is None else "video",
            "clip_start": verdict.start,
            "clip_end": verdict.end,
            "verdicts": [shown(verdict)],
        }
        return DetectedAction(
            verdict.action,
            timestamp=verdict.end,
            frame_number=verdict.frame_end or 0,
            confidence=verdict.confidence,
            metadata=metadata,
        )


class Joined:
    """What goes on for several clips is one action; `ActionTracker` says which."""

    def __init__(
        self, actions: Sequence[str], rule: TrackingRule, origin: Mapping[str, Any]
    ) -> None:
        self._tracker = ActionTracker(actions, rule, origin=origin)

    def answered(
        self, result: InferenceResult[Any], verdicts: Sequence[TimedVerdict], start: float
    ) -> list[TrackingEvent]:
        """What the tracker says; time passes also where nothing was seen, or nothing understood."""
        events = [event for verdict in verdicts for event in self._tracker.receive(verdict)]
        return events + self._tracker.advance(start)

    def finish(self) -> list[TrackingEvent]:
        """The ends of what still goes on."""
        return self._tracker.finish()


def timed(
    verdict: ActionVerdict, result: InferenceResult[Any], start: float, end: float
) -> TimedVerdict:
    """A verdict with the clip that it is about."""
    return TimedVerdict(
        verdict.action,
        verdict.detected,
        verdict.confidence,
        start,
        end,
        frame_start=_count(result.frame_start),
        frame_end=_count(result.frame_end),
        prompt_version=result.prompt_version,
        model=result.model_name,
        schema_version=SCHEMA_VERSION,
    )


def _count(index: int | None) -> int | None:
    """An index of frames; before the first, where a gateway counts its own, is the first."""
    return None if index is None else max(0, index)


def shown(verdict: TimedVerdict) -> dict[str, Any]:
    """A verdict as an action's metadata has it."""
    return {
        "start": verdict.start,
        "end": verdict.end,
        "confidence": verdict.confidence,
        "detected": verdict.detected,
    }


def verdicts_behind(action: DetectedAction) -> tuple[TimedVerdict, ...]:
    """What `shown` made of the verdicts that an action rests on, read back."""
    said: Sequence[Mapping[str, Any]] = action.metadata.get("verdicts", ())
    return tuple(TimedVerdict(action=action.action, **each) for each in said)
