"""Reading verdicts: whatever a model says gives verdicts or faults, and never an exception."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot import ConfigurationError, InferenceResult
from overshoot.domain.action_question import (
    DEFAULT_PROMPT,
    action_names,
    action_prompt,
    action_schema,
    actions_in,
)
from overshoot.domain.verdict import ActionVerdict, AnswerFault, Verdicts, verdicts_from

WANTED = ("waving hand", "thumbs up", "pointing")


def read(answer: object, wanted: tuple[str, ...] = WANTED) -> Verdicts:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return verdicts_from(InferenceResult(text), wanted)


def entry(action: object = "pointing", confidence: object = 0.8, detected: object = True) -> Any:
    return {"action": action, "confidence": confidence, "detected": detected}


def listed(*entries: object) -> dict[str, Any]:
    return {"detected_actions": list(entries)}


def kinds(verdicts: Verdicts) -> list[str]:
    return [fault.kind for fault in verdicts.faults]


POINTING = Verdicts((ActionVerdict("pointing", detected=True, confidence=0.8),))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(listed(entry())),
        f"```json\n{json.dumps(listed(entry()), indent=2)}\n```",
        f"I see this: {json.dumps(listed(entry()))}. Anything else?",
        f"As you know {{it}} moves. {json.dumps({'note': 1})} {json.dumps(listed(entry()))}",
        json.dumps({**listed(entry()), "more": None}),
    ],
)
def test_the_answer_is_found(text: str) -> None:
    assert read(text) == POINTING


@pytest.mark.parametrize("name", ["Pointing", " pointing ", "POINTING"])
def test_case_and_spaces_of_a_name_do_not_matter(name: str) -> None:
    assert read(listed(entry(name))) == POINTING
    assert read(listed(entry("Waving  Hand"))).verdicts[0].action == "waving hand"


def test_nothing_seen_is_no_fault() -> None:
    assert read(listed()) == Verdicts()
    assert read(listed(entry(detected=False, confidence=0))).faults == ()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", "not_json"),
        ("I cannot see any video.", "not_json"),
        ('{"detected_actions": [', "not_json"),
        ('{"detected_actions": [{"action": "pointing", "confidence": NaN}]}', "not_json"),
        ("[]", "no_list"),
        ("null", "no_list"),
        ("{}", "no_list"),
        ({"detected_actions": None}, "no_list"),
        ({"detected_actions": entry()}, "no_list"),
        (listed("pointing"), "bad_entry"),
        (listed(None), "bad_entry"),
        (listed({"action": "pointing", "confidence": 0.9}), "bad_entry"),
        (listed(entry(detected="true")), "bad_entry"),
        (listed(entry(detected=1)), "bad_entry"),
        (listed(entry(action=["pointing"])), "bad_entry"),
        (listed(entry("clapping")), "unknown_action"),
        (listed(entry("")), "unknown_action"),
        (listed(entry(confidence=1.0001)), "bad_confidence"),
        (listed(entry(confidence=92)), "bad_confidence"),
        (listed(entry(confidence=-0.1)), "bad_confidence"),
        (listed(entry(confidence=None)), "bad_confidence"),
        (listed(entry(confidence="0.9")), "bad_confidence"),
        (listed(entry(confidence=True)), "bad_confidence"),
    ],
)
def test_what_cannot_be_used_is_a_fault(answer: object, kind: str) -> None:
    found = read(answer)
    assert found.verdicts == ()
    assert kinds(found) == [kind]


def test_a_fault_of_one_entry_leaves_the_others() -> None:
    found = read(listed(entry("clapping"), entry(), entry("thumbs up", 7)))
    assert found.verdicts == POINTING.verdicts
    assert kinds(found) == ["unknown_action", "bad_confidence"]


def test_an_answer_that_failed_says_why() -> None:
    failed = InferenceResult("", ok=False, error="the model was busy")
    assert verdicts_from(failed, WANTED).faults == (AnswerFault("no_answer", "the model was busy"),)


@pytest.mark.parametrize(
    ("entries", "best"),
    [
        ([entry(confidence=0.5), entry(confidence=0.7)], (True, 0.7)),
        ([entry(confidence=0.7), entry("Pointing", confidence=0.5)], (True, 0.7)),
        ([entry(confidence=0.9, detected=False), entry(confidence=0.2)], (True, 0.2)),
    ],
)
def test_of_several_entries_the_surest_that_saw_it_counts(
    entries: list[Any], best: tuple[bool, float]
) -> None:
    (verdict,) = read(listed(*entries)).verdicts
    assert (verdict.detected, verdict.confidence) == best


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
near_entries = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from([*WANTED, "clapping"]) | json_values,
        "confidence": st.floats(-1, 2) | json_values,
        "detected": st.booleans() | json_values,
    },
)


@given(answer=json_values | st.lists(near_entries, max_size=6).map(lambda all_: listed(*all_)))
def test_any_json_gives_sound_verdicts(answer: Any) -> None:
    found = read(answer)
    names = [verdict.action for verdict in found.verdicts]
    assert len(set(names)) == len(names)
    assert set(names) <= set(WANTED)
    assert all(0 <= verdict.confidence <= 1 for verdict in found.verdicts)
    if isinstance(answer, dict) and isinstance(answer.get("detected_actions"), list):
        assert len(found.verdicts) + len(found.faults) <= len(answer["detected_actions"])


@given(text=st.text() | st.text(alphabet='{}[]",:`1e truefalsn\\'))
def test_any_text_is_read_without_raising(text: str) -> None:
    found = read(text)
    assert found.verdicts == ()
    assert len(found.faults) == 1


@given(
    said=st.dictionaries(
        st.sampled_from(WANTED), st.tuples(st.booleans(), st.floats(0, 1)), max_size=3
    )
)
def test_what_satisfies_the_schema_is_read_without_faults(
    said: dict[str, tuple[bool, float]],
) -> None:
    answer = listed(*(entry(name, share, seen) for name, (seen, share) in said.items()))
    jsonschema_rs.validate(dict(action_schema(WANTED)), answer)
    found = read(answer)
    assert found.faults == ()
    assert {v.action: (v.detected, v.confidence) for v in found.verdicts} == said


@pytest.mark.parametrize("answer", [{}, listed(entry("clapping")), listed({"action": "pointing"})])
def test_the_schema_refuses_other_answers(answer: Any) -> None:
    assert not jsonschema_rs.is_valid(dict(action_schema(WANTED)), answer)


def test_the_prompt_names_the_actions() -> None:
    assert "waving hand, thumbs up, pointing" in action_prompt(WANTED)
    assert "{" not in action_prompt(WANTED)
    own = 'Say {"seen": {actions}} and {nothing} else'
    assert action_prompt(("a",), own) == 'Say {"seen": a} and {nothing} else'
    assert "{actions}" in DEFAULT_PROMPT


@pytest.mark.parametrize(
    "given", ["waving", [], None, 3, ["a", ""], ["a", None], ["a", " "], ["Wave", "wave "]]
)
def test_names_that_cannot_be_asked_for(given: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        action_names(given)
    assert caught.value.details["field"] == "actions"


def test_names_may_come_from_anything_that_can_be_gone_through() -> None:
    assert action_names(name for name in ["b", "a"]) == ("b", "a")


@pytest.mark.parametrize("name", ["", " ", "a\0b", "\ud800", "x" * 121])
def test_where_any_name_will_do_some_are_none(name: str) -> None:
    result = InferenceResult(json.dumps(listed(entry("  Waving  hand "), entry(name))))
    found = verdicts_from(result, None)
    assert [verdict.action for verdict in found.verdicts] == ["Waving hand"]
    assert [fault.kind for fault in found.faults] == ["unknown_action"]


def test_a_schema_tells_which_actions_it_asks_for() -> None:
    assert actions_in(action_schema(WANTED)) == WANTED


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"properties": []},
        {"properties": {"detected_actions": {"items": {"properties": {"action": {}}}}}},
        action_schema([]),
        action_schema(["Wave", "wave"]),
    ],
)
def test_other_schemas_ask_for_none(schema: Any) -> None:
    assert actions_in(schema) is None
