"""Whatever the verdicts and the rule: laws of the tracker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot.domain.json_value import json_fault
from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_event import ActionStarted
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict
from support.tracking import (
    NAMES,
    Expected,
    confidences,
    ended,
    expected,
    in_order,
    reopened,
    rules,
    run,
    spans,
    started,
    tracked,
    verdicts,
)

streams = st.lists(verdicts(), max_size=40)
# Mostly one name, so that its chains are long.
narrow = st.lists(verdicts(st.just(NAMES[0])), max_size=40)
any_stream = streams | narrow


@given(any_stream, rules())
@settings(max_examples=150)
def test_the_machine_agrees_with_the_definition(
    stream: list[TimedVerdict], rule: TrackingRule
) -> None:
    events = ended(tracked(in_order(stream), rule))

    told = sorted(map(Expected.of, events), key=lambda each: (each.start, each.action))

    assert told == expected(stream, rule)


@given(any_stream, rules())
def test_no_two_actions_of_one_name_overlap(stream: list[TimedVerdict], rule: TrackingRule) -> None:
    events = tracked(in_order(stream), rule)

    for name in NAMES:
        found = spans(events, name)
        assert all(end < start for (_, end), (start, _) in pairwise(found))


@given(any_stream, rules())
def test_each_action_starts_once_and_then_ends_once(
    stream: list[TimedVerdict], rule: TrackingRule
) -> None:
    open_now: dict[str, str] = {}

    for event in tracked(in_order(stream), rule):
        action, identity = event.action.action, event.action.metadata["action_id"]
        if isinstance(event, ActionStarted):
            assert open_now.setdefault(action, identity) == identity
            assert event.action.duration is None
        else:
            assert open_now.pop(action) == identity

    assert not open_now


@given(any_stream, rules(), st.data())
def test_a_tracker_goes_on_from_its_state(
    stream: list[TimedVerdict], rule: TrackingRule, data: st.DataObject
) -> None:
    # In whatever order: late verdicts are refused alike, too.
    stream = in_order(stream) if data.draw(st.booleans()) else stream
    whole = ActionTracker(NAMES, rule, origin={"session_id": "s"})
    events = run(whole, stream)
    cuts = data.draw(st.sets(st.integers(0, len(stream)), max_size=3))

    part = ActionTracker(NAMES, rule, origin={"session_id": "s"})
    pieces = []
    for index, verdict in enumerate(stream):
        part = reopened(part, rule) if index in cuts else part
        pieces += part.receive(verdict)
    part = reopened(part, rule)
    pieces += part.finish()

    assert pieces == events
    assert json_fault(whole.state()) is None
    assert part.late == whole.late
    assert part.state() == whole.state()
    assert reopened(part, rule).finish() == []


@given(any_stream, rules(cooldown=False), st.data())
@settings(max_examples=150)
def test_a_surer_verdict_takes_nothing_from_the_time_covered(
    stream: list[TimedVerdict], rule: TrackingRule, data: st.DataObject
) -> None:
    raised = []
    for verdict in stream:
        surer = data.draw(st.sampled_from([verdict.confidence, 1.0]) | st.floats(0, 1))
        seen = data.draw(st.booleans())
        raised.append(
            evolve(
                verdict,
                confidence=max(verdict.confidence, surer),
                detected=verdict.detected or seen,
            )
            if data.draw(st.booleans())
            else verdict
        )

    before, after = tracked(in_order(stream), rule), tracked(in_order(raised), rule)

    for name in NAMES:
        now = spans(after, name)
        for start, end in spans(before, name):
            assert any(first <= start and end <= last for first, last in now)


@given(any_stream, rules(), st.data())
@settings(max_examples=150)
def test_the_order_of_arrival_within_the_bound_does_not_matter(
    stream: list[TimedVerdict], rule: TrackingRule, data: st.DataObject
) -> None:
    bound = rule.lateness_seconds
    delays = st.sampled_from([0.0, bound / 2, bound]) | st.floats(0, bound)
    # Those of equal arrival come in the order of the list, which is any order where they are late.
    order = stream if bound else in_order(stream)
    tracker = ActionTracker(NAMES, rule, origin={"session_id": "s"})

    arriving = sorted(order, key=lambda verdict: verdict.start + data.draw(delays))
    events = run(tracker, arriving)

    assert tracker.late == 0
    canonical = tracked(in_order(stream), rule)
    # Without a bound, what is said of a clip first is told first.
    assert (events if bound else ended(events)) == (canonical if bound else ended(canonical))


@given(narrow, rules(), st.data())
def test_the_surest_verdict_on_a_clip_counts_whichever_comes_first(
    stream: list[TimedVerdict], rule: TrackingRule, data: st.DataObject
) -> None:
    others = [
        evolve(
            verdict,
            confidence=data.draw(st.just(verdict.confidence) | confidences),
            detected=data.draw(st.booleans()),
            model=data.draw(st.sampled_from("ab")),
        )
        for verdict in stream
    ]
    both = in_order([*stream, *others])

    one, other = tracked(both, rule), tracked(in_order(reversed(both)), rule)

    assert ended(one) == ended(other)
    assert [each.action.timestamp for each in started(one)] == [
        each.action.timestamp for each in started(other)
    ]


@given(any_stream, rules(), st.data())
def test_telling_the_time_only_tells_sooner(
    stream: list[TimedVerdict], rule: TrackingRule, data: st.DataObject
) -> None:
    ordered = in_order(stream)
    tracker = ActionTracker(NAMES, rule, origin={"session_id": "s"})
    plain = ActionTracker(NAMES, rule, origin={"session_id": "s"})
    events, later = [], []

    for verdict in ordered:
        before = tracker.state()["time"]
        events += tracker.advance(data.draw(st.floats(before, max(before, verdict.start))))
        events += tracker.receive(verdict)
        later += plain.receive(verdict)
        assert events[: len(later)] == later

    assert tracker.late == 0
    assert events + tracker.finish() == later + plain.finish()


@given(st.lists(verdicts(), min_size=1, max_size=6), rules(), st.sampled_from([0.5, 7.0]))
@settings(max_examples=30, deadline=None)
def test_memory_does_not_grow_with_the_stream(
    pattern: list[TimedVerdict], rule: TrackingRule, pause: float
) -> None:
    # Half a second apart they are one long action, where the rule has a gap; seven, many short.
    tracker = ActionTracker(NAMES, rule)
    for turn in range(240):
        for verdict in in_order(pattern):
            passed = pause * turn
            start, end = verdict.start + passed, verdict.end + passed
            tracker.receive(evolve(verdict, start=start, end=end, prompt_version=turn))

    state = tracker.state()

    assert max(lengths(state["tracks"])) <= 64
    oldest = state["time"] - rule.lateness_seconds - 1e-5
    assert all(held["start"] >= oldest for held in state["waiting"])
    assert len(json.dumps(state["tracks"])) < 50_000


def lengths(value: Any) -> Iterator[int]:
    """Of all lists in it, and in those."""
    if isinstance(value, (dict, list)):
        items = list(value.values()) if isinstance(value, dict) else value
        yield len(items)
        for item in items:
            yield from lengths(item)
