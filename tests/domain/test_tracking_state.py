"""A tracker's state: what it is, and what is refused as none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from overshoot import ConfigurationError
from overshoot.domain.json_value import json_fault
from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_rule import TrackingOverrides, TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict
from support.tracking import NAMES

RULE = TrackingRule(
    votes=2,
    exit_confidence=0.3,
    lateness_seconds=1.0,
    overrides={"pointing": TrackingOverrides(votes=1)},
)


def a_state() -> dict[str, Any]:
    """With everything in it: votes, an action that goes on, verdicts held back."""
    tracker = ActionTracker(NAMES, RULE, origin={"session_id": "s", "tags": ["a"]})
    for at in range(4):
        for name in NAMES[1:]:
            confidence = 0.7 if name == "pointing" or at == 2 else 0.4
            tracker.receive(TimedVerdict(name, True, confidence, at, at + 1, model="m"))
    state: dict[str, Any] = json.loads(json.dumps(tracker.state()))
    return state


def test_a_state_is_json_and_comes_back_the_same() -> None:
    state = a_state()
    tracker = ActionTracker.resume(NAMES, RULE, state)

    assert json_fault(tracker.state()) is None
    assert tracker.state() == state
    assert state["waiting"]
    assert state["tracks"]["pointing"]["before"]["record"]


def test_a_state_is_nobody_elses() -> None:
    tracker = ActionTracker.resume(NAMES, RULE, a_state())

    tracker.state()["origin"]["tags"].append("b")
    tracker.state()["tracks"].clear()

    assert tracker.state() == a_state()


def test_the_order_of_the_actions_does_not_matter() -> None:
    assert ActionTracker.resume(NAMES[::-1], RULE, a_state()).finish()


def test_a_rule_is_the_same_in_whole_numbers_and_in_floats() -> None:
    state = ActionTracker(NAMES, TrackingRule(max_gap_seconds=2)).state()

    assert ActionTracker.resume(NAMES, TrackingRule(max_gap_seconds=2.0), state).finish() == []


@pytest.mark.parametrize("state", [None, [], "", {}, {"format": "png"}, {"version": 1}])
def test_what_is_no_state(state: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"state\(\)") as raised:
        ActionTracker.resume(NAMES, RULE, state)

    assert raised.value.details["field"] == "state"


def test_a_state_of_a_newer_version() -> None:
    state = {**a_state(), "version": 2, "unheard_of": True}

    with pytest.raises(ConfigurationError, match=r"of version 2.*up to 1"):
        ActionTracker.resume(NAMES, RULE, state)


def test_a_state_of_another_rule() -> None:
    with pytest.raises(ConfigurationError, match=r"other rule.*begin anew"):
        ActionTracker.resume(NAMES, TrackingRule(), a_state())


def test_a_state_of_other_actions() -> None:
    with pytest.raises(ConfigurationError, match=r"other actions.*begin anew"):
        ActionTracker.resume([*NAMES, "jumping"], RULE, a_state())


def _put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(state: Any) -> None:
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_put("time", value="now"), "time must be"),
        (_put("time", value=float("nan")), "time must be"),
        (_put("late", value=1.5), "late must be"),
        (_put("late", value=-1), "late must be"),
        (_put("finished", value=0), "finished must be"),
        (_put("rule", value={1: 2}), "other rule"),
        (_put("origin", value=[]), "origin must be"),
        (_put("origin", "x", value=float("inf")), "origin"),
        (_put("more", value=1), "'more', which is not known"),
        (_put("waiting", value={}), "waiting must be a list"),
        (_put("waiting", 0, "confidence", value=2), "confidence"),
        (_put("tracks", "pointing", "before", value=None), r"tracks\['pointing'\].before must be"),
        (_put("tracks", "pointing", "before", "record", "shown", 0, value=[1.0]), "shown"),
        (_put("tracks", "pointing", "last", "action", value=7), "action must be"),
        (_put("tracks", "pointing", value={}), "lacks 'before'"),
    ],
)
def test_a_state_with_something_wrong_in_it(change: Callable[[Any], None], told: str) -> None:
    state = a_state()
    change(state)

    with pytest.raises(ConfigurationError, match=told):
        ActionTracker.resume(NAMES, RULE, state)
