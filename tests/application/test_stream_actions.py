"""The actions of one stream: what answers say, joined by name, until the stream ends."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from overshoot.application.stream_actions import MOST_NAMES, StreamActions
from overshoot.domain.inference import InferenceResult
from overshoot.domain.tracking_rule import TrackingOverrides, TrackingRule

RULE = TrackingRule(max_gap_seconds=1.5)


def answer(second: float, said: Any, **fields: Any) -> InferenceResult:
    """About the clip of one second that ends at ``second``."""
    told = {"detected_actions": said} if isinstance(said, list) else said
    text = told if isinstance(told, str) else json.dumps(told)
    values = {
        "result": text,
        "ok": True,
        "stream_id": "s",
        "timestamp": second,
        "timestamp_start": second - 1,
        "total_latency_ms": 250.0,
        "prompt": "look",
        "prompt_version": 0,
    }
    return InferenceResult(**{**values, **fields})


def seen(action: str, confidence: float = 0.9, *, detected: bool = True) -> dict[str, Any]:
    return {"action": action, "detected": detected, "confidence": confidence}


def tracked(rule: TrackingRule = RULE) -> StreamActions:
    return StreamActions({"session_id": "s", "source": "key-0/webrtc"}, rule, lambda: 1000.0)


def told(news: Any) -> list[tuple[str, str]]:
    return [(each.event, each.kept.action.action) for each in news]


def test_names_come_with_the_answers_and_are_one_whatever_their_case() -> None:
    actions = tracked()
    assert told(actions.answered(answer(1, [seen("Wave")]), None)) == [("started", "Wave")]
    again = actions.answered(answer(2, [seen(" wave "), seen("nod")]), None)
    assert told(again) == [("updated", "Wave"), ("started", "nod")]
    assert actions.names == ("Wave", "nod")


def test_names_that_were_not_asked_for_are_passed_over() -> None:
    actions = tracked()
    assert told(actions.answered(answer(1, [seen("wave"), seen("nod")]), ["nod"])) == [
        ("started", "nod")
    ]


def test_an_action_ends_with_the_prompt_and_the_time_it_began_with() -> None:
    actions = tracked()
    (begun,) = actions.answered(answer(1, [seen("wave", 0.7)]), None)
    (more,) = actions.answered(answer(2, [seen("wave", 0.9)], prompt="other"), None)
    assert (more.kept.id, more.kept.seen_until) == (begun.kept.id, 2)
    assert (more.kept.action.confidence, more.kept.open) == (0.9, True)
    assert list(actions.open) == [begun.kept.id]
    silent = [
        each for second in (3, 4, 5, 6) for each in actions.answered(answer(second, []), None)
    ]
    (ended,) = silent
    assert ended.event == "ended"
    assert not actions.open
    action = ended.kept.action
    assert (ended.kept.id, action.timestamp, action.duration) == (begun.kept.id, 0, 2)
    assert action.metadata["prompt"] == "look"
    # Answered a quarter of a second after the clip's last frame, which was a second after 0.
    assert action.metadata["wall_time"] == 1000 - 0.25 - 1


def test_a_surer_verdict_on_the_same_clip_is_no_news_of_its_own() -> None:
    actions = tracked()
    actions.answered(answer(1, [seen("wave", 0.7)]), None)
    assert told(actions.answered(answer(1, [seen("wave", 0.9)]), None)) == []


def test_what_is_no_verdict_is_passed_over_and_time_goes_on() -> None:
    actions = tracked()
    actions.answered(answer(1, [seen("wave")]), None)
    told_of: list[Any] = []
    for second, said in enumerate(["a street", {"x": 1}, [seen("", 0.9)], [seen("a\0b")]], 2):
        told_of += actions.answered(answer(second, said), None)
    failed = answer(6, "", ok=False, error="no")
    told_of += actions.answered(failed, None)
    assert told(told_of) == [("ended", "wave")]
    assert actions.names == ("wave",)


def test_so_many_names_and_no_more() -> None:
    actions = tracked()
    for number in range(MOST_NAMES + 5):
        actions.answered(answer(1, [seen(f"action {number}")]), None)
    assert len(actions.names) == MOST_NAMES


def test_a_rule_may_differ_by_name() -> None:
    actions = tracked(TrackingRule(overrides={"nod": TrackingOverrides(enter_confidence=0.95)}))
    assert told(actions.answered(answer(1, [seen("wave"), seen("nod")]), None)) == [
        ("started", "wave")
    ]


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 1)), max_size=4),
        max_size=12,
    )
)
def test_each_action_starts_once_and_ends_once_after_that(said: list[Any]) -> None:
    actions = tracked()
    news: list[Any] = []
    for second, verdicts in enumerate(said, 1):
        given = [seen(name, sure, detected=yes) for name, yes, sure in verdicts]
        news += actions.answered(answer(second, given), None)
    news += actions.finish()
    assert not actions.open
    events: dict[str, list[str]] = {}
    for each in news:
        events.setdefault(each.kept.id, []).append(each.event)
    for life in events.values():
        assert (life[0], life[-1]) == ("started", "ended")
        assert set(life[1:-1]) <= {"updated"}
