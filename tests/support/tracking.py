"""What tests of the tracker share: verdicts, rules, and the definition of an action."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_event import ActionEnded, ActionStarted, TrackingEvent
from overshoot.domain.tracking_rule import EDGE_SECONDS, TrackingOverrides, TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict

NAMES: tuple[str, ...] = ("waving hand", "thumbs up", "pointing")
THRESHOLDS = (0.0, 0.3, 0.5, 0.6, 0.9, 1.0)

# On the thresholds, a hair below them, and anywhere.
confidences = st.sampled_from(
    [*THRESHOLDS, *(math.nextafter(share, 0.0) for share in THRESHOLDS if share)]
) | st.floats(0, 1)
# Tenths are no binary fractions, so that sums of them miss the bounds they are meant to meet.
tenths = st.integers(0, 60).map(lambda count: count / 10)
names: st.SearchStrategy[str] = st.sampled_from(NAMES)


@st.composite
def verdicts(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> TimedVerdict:
    """On clips that overlap, repeat, touch, or lie apart."""
    start = draw(tenths)
    length = draw(st.sampled_from([0.0, 0.1, 0.5, 0.5, 0.5, 1.0, 3.0]))
    return TimedVerdict(
        draw(name),
        draw(st.booleans() | st.just(True)),
        draw(confidences),
        start,
        start + length,
        frame_start=draw(st.none() | st.just(round(start * 30))),
        prompt_version=draw(st.sampled_from([None, 0, 1])),
        model=draw(st.sampled_from(["", "a", "b"])),
    )


seconds = st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0, 2.0])
pairs_of_thresholds = st.lists(st.sampled_from(THRESHOLDS), min_size=2, max_size=2).map(sorted)
pairs_of_counts = st.lists(st.integers(1, 5), min_size=2, max_size=2).map(sorted)


@st.composite
def overrides(draw: st.DrawFn, cooldown: bool) -> TrackingOverrides:
    low, high = draw(pairs_of_thresholds)
    votes, of = draw(pairs_of_counts)
    return TrackingOverrides(
        enter_confidence=high,
        exit_confidence=low,
        votes=votes,
        votes_of=of,
        max_gap_seconds=draw(st.none() | seconds),
        min_duration_seconds=draw(st.none() | seconds),
        cooldown_seconds=draw(seconds) if cooldown else None,
    )


@st.composite
def rules(draw: st.DrawFn, *, cooldown: bool = True, lateness: bool = True) -> TrackingRule:
    low, high = draw(pairs_of_thresholds)
    votes, of = draw(st.just([1, 1]) | pairs_of_counts)
    return TrackingRule(
        enter_confidence=high,
        exit_confidence=draw(st.sampled_from([None, low])),
        votes=votes,
        votes_of=of,
        min_duration_seconds=draw(seconds),
        max_gap_seconds=draw(seconds),
        cooldown_seconds=draw(seconds) if cooldown else 0.0,
        lateness_seconds=draw(st.sampled_from([0.0, 0.1, 0.5, 2.0])) if lateness else 0.0,
        overrides=draw(st.dictionaries(names, overrides(cooldown), max_size=2)),
    )


def in_order(given: Iterable[TimedVerdict]) -> list[TimedVerdict]:
    """As the clips come, those of one clip in the order they were given."""
    return sorted(given, key=lambda verdict: verdict.clip)


def run(tracker: ActionTracker, given: Iterable[TimedVerdict]) -> list[TrackingEvent]:
    """All events of a stream, to its end."""
    events = [event for verdict in given for event in tracker.receive(verdict)]
    return events + tracker.finish()


def tracked(given: Iterable[TimedVerdict], rule: TrackingRule) -> list[TrackingEvent]:
    """All events of a new tracker."""
    return run(ActionTracker(NAMES, rule, origin={"session_id": "s"}), given)


def reopened(tracker: ActionTracker, rule: TrackingRule) -> ActionTracker:
    """The tracker after its process has ended and begun anew."""
    return ActionTracker.resume(NAMES, rule, json.loads(json.dumps(tracker.state())))


def ended(events: Iterable[TrackingEvent]) -> list[ActionEnded]:
    return [event for event in events if isinstance(event, ActionEnded)]


def started(events: Iterable[TrackingEvent]) -> list[ActionStarted]:
    return [event for event in events if isinstance(event, ActionStarted)]


def spans(events: Iterable[TrackingEvent], name: str) -> list[tuple[float, float]]:
    """Beginning and end of the actions of one name, by time."""
    actions = [event.action for event in ended(events) if event.action.action == name]
    return sorted((each.timestamp, each.timestamp + (each.duration or 0.0)) for each in actions)


@frozen
class Expected:
    """An action as the definition has it."""

    action: str
    start: float
    end: float
    peak: float
    mean: float
    clips: tuple[tuple[float, float], ...]
    sights: int
    ended_by: str

    @classmethod
    def of(cls, event: ActionEnded) -> Expected:
        action, told = event.action, event.action.metadata
        shown: Sequence[Mapping[str, Any]] = told["verdicts"]
        assert action.confidence == told["peak_confidence"]
        assert action.duration is not None
        assert told["verdict_count"] == len(shown)
        return cls(
            action.action,
            action.timestamp,
            round(action.timestamp + action.duration, 9),
            action.confidence,
            round(told["mean_confidence"], 9),
            tuple((each["start"], each["end"]) for each in shown),
            told["seen_count"],
            told["ended_by"],
        )


def expected(given: Sequence[TimedVerdict], rule: TrackingRule) -> list[Expected]:
    """The definition of `ActionTracker`, applied to a whole stream at once."""
    latest = max((verdict.start for verdict in given), default=0.0)
    found = [
        action
        for name in NAMES
        for action in _expected_of(name, _clips(name, given), rule.of(name), latest)
    ]
    return sorted(found, key=lambda each: (each.start, each.action))


def _clips(name: str, given: Sequence[TimedVerdict]) -> list[TimedVerdict]:
    """One verdict a clip: with the confidence of the surest that saw it."""
    clips: dict[tuple[float, float], TimedVerdict] = {}
    for verdict in given:
        if verdict.action == name:
            other = clips.get(verdict.clip, verdict)
            best = max(verdict, other, key=lambda each: (each.detected, each.confidence))
            clips[verdict.clip] = best
    return in_order(clips.values())


def _expected_of(
    name: str, clips: list[TimedVerdict], rule: TrackingRule, latest: float
) -> list[Expected]:
    found: list[Expected] = []
    free_from = -math.inf
    rest = list(range(len(clips)))
    while chain := _first_chain(clips, rest, rule, free_from):
        rest = [index for index in rest if index > chain[-1]]
        action = _action_of(name, clips, chain, rule, latest)
        if action is not None:
            found.append(action)
            if rule.cooldown_seconds:
                free_from = action.end + rule.cooldown_seconds - EDGE_SECONDS
    return found


def _first_chain(
    clips: list[TimedVerdict], rest: list[int], rule: TrackingRule, free_from: float
) -> list[int]:
    """Places of the sights of the next chain."""
    exit_at = rule.enter_confidence if rule.exit_confidence is None else rule.exit_confidence
    chain: list[int] = []
    for index in rest:
        clip = clips[index]
        if not clip.detected or clip.confidence < exit_at or clip.start < free_from:
            continue
        if chain:
            gap = clip.start - max(clips[each].end for each in chain)
            if gap > rule.max_gap_seconds + EDGE_SECONDS:
                break
        chain.append(index)
    return chain


def _action_of(
    name: str, clips: list[TimedVerdict], chain: list[int], rule: TrackingRule, latest: float
) -> Expected | None:
    of = rule.votes if rule.votes_of is None else rule.votes_of
    votes = [index for index in chain if clips[index].confidence >= rule.enter_confidence]
    rows = ([each for each in votes if last - of < each <= last] for last in range(len(clips)))
    begin = next((row[0] for row in rows if len(row) >= rule.votes), None)
    if begin is None:
        return None
    sights = [clips[index] for index in chain if index >= begin]
    end = max(clip.end for clip in sights)
    if end - clips[begin].start < rule.min_duration_seconds - EDGE_SECONDS:
        return None
    covered = max(clips[index].end for index in chain)
    over = latest - covered > rule.max_gap_seconds + EDGE_SECONDS
    return Expected(
        name,
        clips[begin].start,
        round(end, 9),
        max(clip.confidence for clip in sights),
        round(sum(clip.confidence for clip in sights) / len(sights), 9),
        tuple(clip.clip for clip in clips[begin : chain[-1] + 1]),
        len(sights),
        "gap" if over else "stream_end",
    )
