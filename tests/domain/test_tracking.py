"""`ActionTracker`: what each setting does, on streams small enough to read."""

from __future__ import annotations

from typing import Any

import pytest

from overshoot import ConfigurationError
from overshoot.domain.json_value import json_fault
from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_event import ActionEnded, ActionStarted
from overshoot.domain.tracking_rule import TrackingOverrides, TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict
from support.tracking import ended, run, spans, started

WAVE, NOD = "waving hand", "nodding"


def said(confidence: float, start: float, end: float, **more: Any) -> TimedVerdict:
    detected = more.pop("detected", True)
    return TimedVerdict(more.pop("action", WAVE), detected, confidence, start, end, **more)


def a_tracker(**rule: Any) -> ActionTracker:
    return ActionTracker([WAVE, NOD], TrackingRule(**rule))


def by_clips(*confidences: float, **rule: Any) -> list[tuple[float, float]]:
    """The spans of the actions, of clips of a second each, one after the other."""
    clips = [said(each, float(at), at + 1.0) for at, each in enumerate(confidences)]
    return spans(run(a_tracker(**rule), clips), WAVE)


def test_an_action_tells_all_that_it_rests_on() -> None:
    tracker = ActionTracker([WAVE], TrackingRule(exit_confidence=0.4), origin={"session_id": "s1"})
    about = {"model": "m", "prompt_version": 1, "schema_version": 2}

    first = tracker.receive(said(0.7, 1.0, 1.5, frame_start=30, frame_end=45, **about))
    middle = tracker.receive(said(0.9, 1.6, 2.0, detected=False, frame_end=60, **about))
    last = tracker.receive(said(0.4, 2.0, 2.5, frame_start=60, frame_end=75, model="m"))
    [end] = tracker.finish()

    [start] = first
    assert isinstance(start, ActionStarted)
    assert isinstance(end, ActionEnded)
    assert (middle, last) == ([], [])
    action, told = end.action, end.action.metadata
    assert (action.action, action.timestamp, action.duration) == (WAVE, 1.0, 1.5)
    assert (action.frame_number, action.confidence) == (30, 0.7)
    assert told.pop("action_id") == start.action.metadata["action_id"]
    assert told == {
        "session_id": "s1",
        "model": "m",
        "prompt_version": 1,
        "schema_version": 2,
        "provenances": [about, {"model": "m", "prompt_version": None, "schema_version": None}],
        "frame_number_end": 75,
        "peak_confidence": 0.7,
        "peak_timestamp": 1.0,
        "mean_confidence": 0.55,
        "verdict_count": 3,
        "seen_count": 2,
        "verdicts": [
            {"start": 1.0, "end": 1.5, "confidence": 0.7, "detected": True},
            {"start": 1.6, "end": 2.0, "confidence": 0.9, "detected": False},
            {"start": 2.0, "end": 2.5, "confidence": 0.4, "detected": True},
        ],
        "ended_by": "stream_end",
    }
    assert json_fault(told) is None


def test_the_start_tells_what_is_known_by_then() -> None:
    [start] = a_tracker().receive(said(0.8, 1.0, 1.5))

    assert start.action.timestamp == 1.0
    assert start.action.duration is None
    assert start.action.frame_number == 0
    assert start.action.metadata["verdict_count"] == 1
    assert "ended_by" not in start.action.metadata


def test_what_follows_the_last_sight_is_no_part_of_the_action() -> None:
    clips = [said(0.8, 0.0, 1.0), said(0.1, 1.0, 2.0), said(0.8, 1.5, 2.5, detected=False)]

    [end] = ended(run(a_tracker(), clips))

    assert end.action.duration == 1.0
    assert end.action.metadata["verdict_count"] == 1


def test_an_action_ends_once_no_clip_can_continue_it() -> None:
    tracker = a_tracker(max_gap_seconds=1.0)
    tracker.receive(said(0.8, 0.0, 1.0))

    assert tracker.advance(2.0) == []
    [end] = tracker.advance(2.1)

    assert isinstance(end, ActionEnded)
    assert end.action.metadata["ended_by"] == "gap"
    assert tracker.finish() == []


def test_a_verdict_on_one_action_shows_that_time_has_passed_for_the_others() -> None:
    tracker = a_tracker()
    tracker.receive(said(0.8, 0.0, 1.0))

    events = tracker.receive(said(0.8, 5.0, 6.0, action=NOD))

    assert [(type(event), event.action.action) for event in events] == [
        (ActionEnded, WAVE),
        (ActionStarted, NOD),
    ]


def test_time_that_has_passed_ends_an_action_whatever_was_held_back() -> None:
    tracker = a_tracker(lateness_seconds=9.0, max_gap_seconds=1.0)
    tracker.receive(said(0.8, 0.0, 1.0))
    tracker.receive(said(0.8, 4.5, 5.0, action=NOD))

    assert tracker.advance(6.0) == []
    events = tracker.finish()

    assert [event.action.metadata["ended_by"] for event in ended(events)] == ["gap", "stream_end"]


def test_time_alone_that_has_passed_ends_an_action_at_the_end_of_the_stream() -> None:
    tracker = a_tracker(lateness_seconds=9.0, max_gap_seconds=1.0)
    tracker.receive(said(0.8, 0.0, 1.0))
    tracker.advance(6.0)

    [end] = ended(tracker.finish())

    assert end.action.metadata["ended_by"] == "gap"


def test_what_ends_first_is_told_first() -> None:
    tracker = a_tracker()
    tracker.receive(said(0.8, 0.0, 2.0))
    tracker.receive(said(0.8, 0.5, 1.5, action=NOD))

    assert [event.action.action for event in tracker.advance(9.0)] == [NOD, WAVE]


@pytest.mark.parametrize(
    ("confidences", "rule", "found"),
    [
        pytest.param((0.5,), {}, [], id="not sure enough"),
        pytest.param((0.6,), {}, [(0, 1)], id="as sure as it must be"),
        pytest.param((0.9, 0, 0.9), {}, [(0, 3)], id="flicker is bridged"),
        pytest.param((0.9, 0, 0, 0.9), {}, [(0, 1), (3, 4)], id="a longer pause is not"),
        pytest.param(
            (0.9, 0, 0, 0.9), {"max_gap_seconds": 2}, [(0, 4)], id="unless it may be that long"
        ),
        pytest.param(
            (0.4, 0.9, 0.4, 0.3), {"exit_confidence": 0.4}, [(1, 3)], id="weak sights keep it going"
        ),
        pytest.param(
            (0.4, 0.5, 0.4), {"exit_confidence": 0.4}, [], id="weak sights do not begin it"
        ),
        pytest.param((0.9, 0.9, 0), {"votes": 3}, [], id="two of three in a row"),
        pytest.param((0, 0.9, 0.9, 0.9), {"votes": 3}, [(1, 4)], id="three in a row"),
        pytest.param((0.9, 0, 0.9), {"votes": 2}, [], id="votes are in a row"),
        pytest.param(
            (0.9, 0, 0.9), {"votes": 2, "votes_of": 3}, [(0, 3)], id="two votes of three clips"
        ),
        pytest.param(
            (0.9, 0, 0, 0.9, 0, 0.9),
            {"votes": 2, "votes_of": 3, "max_gap_seconds": 9},
            [(3, 6)],
            id="it begins with the first vote of the row",
        ),
        pytest.param(
            (0.9, 0, 0, 0.9, 0.9),
            {"votes": 3, "votes_of": 5},
            [],
            id="a vote before the pause is none for what comes after",
        ),
        pytest.param((0.9, 0, 0, 0.9, 0.9), {"min_duration_seconds": 2}, [(3, 5)], id="too short"),
        pytest.param(
            (0.9, 0, 0, 0.9, 0, 0, 0.9),
            {"cooldown_seconds": 4.5},
            [(0, 1), (6, 7)],
            id="nothing begins while it cools down",
        ),
        pytest.param(
            (0.9, 0, 0, 0.9, 0.9, 0.9, 0.9),
            {"cooldown_seconds": 3},
            [(0, 1), (4, 7)],
            id="what goes on then begins when it has cooled down",
        ),
    ],
)
def test_settings(
    confidences: tuple[float, ...], rule: dict[str, Any], found: list[tuple[float, float]]
) -> None:
    assert by_clips(*confidences, **rule) == found


def test_a_cooldown_is_why_a_surer_verdict_may_take_time_away() -> None:
    # So the law of the docstring is without one.
    rule = {"cooldown_seconds": 4, "max_gap_seconds": 0.5}

    assert by_clips(0.5, 0, 0.9, 0.9, **rule) == [(2, 4)]
    assert by_clips(0.9, 0, 0.9, 0.9, **rule) == [(0, 1)]


def test_an_action_starts_once_it_is_long_enough() -> None:
    tracker = a_tracker(min_duration_seconds=2.0)

    assert tracker.receive(said(0.9, 0.0, 1.0)) == []
    [start] = tracker.receive(said(0.9, 1.0, 2.0))

    assert start.action.timestamp == 0.0


def test_clips_that_overlap_are_time_once() -> None:
    clips = [said(0.9, 0.0, 3.0), said(0.9, 0.5, 3.5), said(0.9, 1.0, 2.0)]

    [end] = ended(run(a_tracker(), clips))

    assert end.action.duration == 3.5
    assert end.action.metadata["verdict_count"] == 3


@pytest.mark.parametrize(
    ("rule", "clips", "found"),
    [
        pytest.param(
            {"max_gap_seconds": 0.1}, [(0.0, 0.7), (0.8, 1.5)], [(0.0, 1.5)], id="0.7 + 0.1"
        ),
        pytest.param(
            {"max_gap_seconds": 0.0, "cooldown_seconds": 0.2},
            [(0.0, 0.1), (0.3, 0.4)],
            [(0.0, 0.1), (0.3, 0.4)],
            id="0.1 + 0.2",
        ),
        pytest.param({"min_duration_seconds": 0.1}, [(0.2, 0.3)], [(0.2, 0.3)], id="0.3 - 0.2"),
        pytest.param(
            {"lateness_seconds": 0.3}, [(0.4, 0.7), (0.1, 0.4)], [(0.1, 0.7)], id="0.4 - 0.3"
        ),
    ],
)
def test_a_bound_is_met_however_floats_are_rounded(
    rule: dict[str, Any], clips: list[tuple[float, float]], found: list[tuple[float, float]]
) -> None:
    events = run(a_tracker(**rule), [said(0.9, *clip) for clip in clips])

    assert spans(events, WAVE) == [pytest.approx(each) for each in found]


def test_the_same_clip_is_one_vote() -> None:
    tracker = a_tracker(votes=2)
    tracker.receive(said(0.7, 0.0, 1.0))

    assert tracker.receive(said(0.9, 0.0, 1.0)) == []
    [start] = tracker.receive(said(0.7, 1.0, 2.0))

    assert start.action.confidence == 0.9
    assert start.action.metadata["verdict_count"] == 2


def test_clips_one_after_the_other_are_a_frame_apart() -> None:
    # 12 frames/s, clips of half a second: (0, 0.5], (0.5, 1] …, whose first frame is 1/12 s in.
    frames = [(1 + each) / 12 for each in range(12 * 3)]
    clips = [said(0.9, frames[at], frames[at + 5]) for at in range(0, len(frames), 6)]

    assert len(spans(run(a_tracker(max_gap_seconds=0.0), clips), WAVE)) == 6
    assert spans(run(a_tracker(max_gap_seconds=1 / 12), clips), WAVE) == [(1 / 12, 3.0)]


def test_an_action_may_have_a_rule_of_its_own() -> None:
    overrides = {NOD: TrackingOverrides(enter_confidence=0.9, votes=2)}
    clips = [
        said(confidence, float(at), at + 1.0, action=action)
        for at, confidence in enumerate([0.7, 0.95, 0.95])
        for action in (WAVE, NOD)
    ]

    events = run(a_tracker(overrides=overrides), clips)

    assert spans(events, WAVE) == [(0, 3)]
    assert spans(events, NOD) == [(1, 3)]


def test_what_comes_too_late_is_refused_and_counted() -> None:
    tracker = a_tracker(lateness_seconds=1.0)
    tracker.receive(said(0.9, 5.0, 6.0))

    tracker.receive(said(0.9, 4.0, 5.0))
    tracker.receive(said(0.9, 3.9, 4.9))

    assert tracker.late == 1
    assert spans(tracker.finish(), WAVE) == [(4, 6)]


def test_without_lateness_clips_come_in_order() -> None:
    tracker = a_tracker()
    tracker.receive(said(0.9, 5.0, 6.0))

    tracker.receive(said(0.9, 4.999, 6.0))
    tracker.receive(said(0.9, 5.0, 5.5))
    tracker.receive(said(0.9, 5.0, 5.5, action=NOD))

    assert tracker.late == 2


def test_what_is_held_back_is_judged_when_its_time_has_come() -> None:
    tracker = a_tracker(lateness_seconds=2.0)

    assert tracker.receive(said(0.9, 5.0, 6.0)) == []
    assert tracker.advance(7.0) == []
    assert [type(event) for event in tracker.advance(7.1)] == [ActionStarted]


def test_time_does_not_go_back() -> None:
    tracker = a_tracker()
    tracker.advance(5.0)

    tracker.advance(1.0)
    tracker.receive(said(0.9, 2.0, 3.0))

    assert tracker.late == 1


def test_after_the_end_everything_is_late() -> None:
    tracker = a_tracker()
    tracker.receive(said(0.9, 0.0, 1.0))
    assert len(tracker.finish()) == 1

    assert tracker.receive(said(0.9, 1.0, 2.0)) == []
    assert tracker.advance(9.0) == []
    assert tracker.finish() == []
    assert tracker.late == 1


def test_of_a_long_action_some_verdicts_are_shown_evenly() -> None:
    clips = [said(0.9, float(at), at + 1.0, model=f"m{at // 10}") for at in range(1000)]

    [end] = ended(run(a_tracker(), clips))

    told = end.action.metadata
    starts = [verdict["start"] for verdict in told["verdicts"]]
    assert starts == [float(at) for at in range(0, 1000, 16)]
    assert told["verdict_count"] == told["seen_count"] == 1000
    assert told["mean_confidence"] == pytest.approx(0.9)
    assert [each["model"] for each in told["provenances"]] == [f"m{at}" for at in range(84, 100)]


def test_the_mean_is_never_above_the_peak() -> None:
    [end] = ended(
        run(a_tracker(enter_confidence=0.1), [said(0.1, float(at), at) for at in (0, 1, 2)])
    )

    assert end.action.metadata["mean_confidence"] == 0.1


def test_the_same_verdicts_give_the_same_ids_and_other_streams_others() -> None:
    def ids(session: str) -> list[str]:
        tracker = ActionTracker([WAVE], TrackingRule(), origin={"session_id": session})
        events = run(tracker, [said(0.9, 0, 1), said(0.9, 9, 10)])
        return [event.action.metadata["action_id"] for event in started(events)]

    assert ids("a") == ids("a")
    assert len({*ids("a"), *ids("b")}) == 4


def test_origin_and_metadata_are_nobody_elses() -> None:
    origin = {"tags": ["a"]}
    tracker = ActionTracker([WAVE], TrackingRule(), origin=origin)
    origin["tags"].append("b")

    [start] = tracker.receive(said(0.9, 0.0, 1.0))
    start.action.metadata["tags"].append("c")
    start.action.metadata["verdicts"].clear()
    [end] = tracker.finish()

    assert end.action.metadata["tags"] == ["a"]
    assert len(end.action.metadata["verdicts"]) == 1


def test_a_verdict_on_an_action_nobody_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"'jumping'.*waving hand, nodding") as raised:
        a_tracker().receive(said(0.9, 0.0, 1.0, action="jumping"))

    assert raised.value.details["field"] == "action"


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -0.1, 1e16, "1", None, True])
def test_what_is_no_time(time: Any) -> None:
    with pytest.raises(ConfigurationError, match="time must be"):
        a_tracker().advance(time)


@pytest.mark.parametrize("actions", [[], [""], "waving", [WAVE, WAVE]])
def test_what_are_no_actions(actions: Any) -> None:
    with pytest.raises(ConfigurationError, match="actions must"):
        ActionTracker(actions, TrackingRule())


def test_an_override_of_no_action() -> None:
    rule = TrackingRule(overrides={"wave": TrackingOverrides(votes=1)})

    with pytest.raises(ConfigurationError, match=r"'wave'.*: waving hand, nodding"):
        ActionTracker([WAVE, NOD], rule)


@pytest.mark.parametrize("origin", [{"when": object()}, {"a": (1, 2)}, {"x": float("nan")}, {1: 2}])
def test_an_origin_that_is_not_json(origin: Any) -> None:
    with pytest.raises(ConfigurationError, match="origin"):
        ActionTracker([WAVE], TrackingRule(), origin=origin)
