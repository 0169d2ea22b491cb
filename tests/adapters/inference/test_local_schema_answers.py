"""Answers in the caller's schema: from what was seen, or refused, never guessed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import jsonschema_rs
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from overshoot.adapters.inference.local.asking import asked_in
from overshoot.adapters.inference.local.filling import Filling
from overshoot.adapters.inference.local.observation import Hands, Motion, Observation
from overshoot.adapters.inference.local.schema import AnswerSchema
from overshoot.adapters.inference.local.scope import Answering
from overshoot.adapters.inference.local.vocabulary import Word, tokens
from overshoot.adapters.inference.local.wording import in_words
from overshoot.errors import InferenceError

SEEN = Observation(
    motion=Motion("some", 0.06, 0.9, Word.UPPER_LEFT, (Word.MOVING_RIGHT,), 0.8),
    camera=(Word.CAMERA_STILL, 1.0),
    light=Word.BRIGHT,
    brightness=0.75,
    light_change=None,
    colours=((Word.RED, 1.0), (Word.GRAY, 0.4)),
    qr=("frame 42",),
    hands=Hands(1, 0.99, {Word.WAVING_HAND: 0.83, Word.OPEN_HAND: 0.95}),
)
NOTHING = Observation(
    motion=Motion("no", 0.0, 1.0),
    camera=(Word.CAMERA_STILL, 1.0),
    light=Word.DARK,
    brightness=0.05,
    light_change=None,
    colours=((Word.BLACK, 1.0),),
    qr=(),
    hands=Hands(),
)
BLIND = Observation(None, None, Word.DIM, 0.3, None, (), (), None)
PULL = "overshoot models pull"
MODEL = "a gateway with a vision-language backend"


def answer(
    schema: dict[str, Any], seen: Observation = SEEN, prompt: str = "Describe what you see"
) -> tuple[Any, dict[str, str]]:
    """The answer as a value, and what is unsupported with its remedy."""
    missing = "the hand networks are not installed" if seen.hands is None else ""
    answering = Answering(seen, asked_in(prompt), missing)
    value = Filling(AnswerSchema(schema), answering).answer()
    jsonschema_rs.validate(schema, json.loads(json.dumps(value)))
    return value, {each.asked: each.remedy for each in answering.unsupported.values()}


def relay(*actions: str, **more: Any) -> dict[str, Any]:
    item = {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": list(actions)},
            "confidence": {"type": "number"},
            "detected": {"type": "boolean"},
        },
        "required": ["action", "confidence", "detected"],
    }
    listed = {"type": "array", "items": item, **more}
    return {"type": "object", "properties": {"detected_actions": listed}}


def prop(name: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name] if required else [],
    }


def test_the_specifications_action_schema_has_one_entry_per_word_in_order() -> None:
    value, unsupported = answer(relay("thumbs up", "juggling", "waving"))
    assert value["detected_actions"] == [
        {"action": "thumbs up", "confidence": 0.0, "detected": False},
        {"action": "juggling", "confidence": 0.0, "detected": False},
        {"action": "waving", "confidence": 0.83, "detected": True},
    ]
    assert unsupported == {"juggling": MODEL}


def test_without_networks_gestures_are_unsupported_with_the_command() -> None:
    value, unsupported = answer(relay("waving", "fist"), BLIND)
    assert [entry["detected"] for entry in value["detected_actions"]] == [False, False]
    assert [entry["confidence"] for entry in value["detected_actions"]] == [0, 0]
    assert unsupported == {"waving": PULL, "fist": PULL}


def test_where_nothing_denies_only_what_was_seen_is_listed() -> None:
    item = prop("name", {"enum": ["fist", "open hand", "wave"]})
    item["properties"]["confidence"] = {"type": "number"}
    value, _ = answer(prop("gestures", {"type": "array", "items": item}))
    assert value == {
        "gestures": [
            {"name": "open hand", "confidence": 0.95},
            {"name": "wave", "confidence": 0.83},
        ]
    }


def test_the_specifications_objects_and_count() -> None:
    schema = {
        "type": "object",
        "properties": {
            "objects": {"type": "array", "items": {"type": "string"}},
            "count": {"type": "integer"},
        },
    }
    value, unsupported = answer(schema)
    assert value == {"objects": ["hand", "QR code"], "count": 2}
    assert unsupported == {"$.objects": MODEL}


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("motion", {"type": "boolean"}, True),
        ("motion", {"type": "string"}, "motion in the upper left, moving right"),
        ("is_moving", {"type": "boolean"}, True),
        ("motion_amount", {"type": "number"}, 0.06),
        ("direction", {"enum": ["left", "right", "none"]}, "right"),
        ("direction", {"type": "string"}, "right"),
        ("region", {"enum": ["top-left", "top-right"]}, "top-left"),
        ("camera", {"enum": ["still", "moving"]}, "still"),
        ("camera_moving", {"type": "boolean"}, False),
        ("brightness", {"type": "number"}, 0.75),
        ("brightness", {"type": "integer", "maximum": 255}, 191),
        ("brightness_percent", {"type": "integer"}, 75),
        ("light", {"enum": ["low", "normal", "high"]}, "high"),
        ("is_dark", {"type": "boolean"}, False),
        ("colors", {"type": "array", "items": {"type": "string"}}, ["red", "gray"]),
        ("color", {"enum": ["blue", "red"]}, "red"),
        ("qr_text", {"type": "string"}, "frame 42"),
        ("has_qr", {"type": "boolean"}, True),
        ("qr_codes", {"type": "array", "items": {"type": "string"}}, ["frame 42"]),
        ("hands", {"type": "integer"}, 1),
        ("hand_count", {"type": "integer", "minimum": 0, "maximum": 2}, 1),
        ("hand_visible", {"type": "boolean"}, True),
        ("waving", {"type": "boolean"}, True),
        ("waving", {"type": "number"}, 0.83),
        ("thumbs_up", {"type": "boolean"}, False),
        ("gesture", {"enum": ["fist", "wave", None]}, "wave"),
        ("gestures", {"type": "array", "items": {"enum": ["fist", "wave"]}}, ["wave"]),
        ("gesture", prop("name", {"type": "string"}), {"name": "open hand and waving hand"}),
        ("camera", prop("direction", {"enum": ["left", "still"]}), {"direction": "still"}),
        ("waving", prop("confidence", {"type": "number"}), {"confidence": 0.83}),
        ("state", {"const": "on"}, "on"),
    ],
)
def test_places_are_filled_by_their_names(name: str, schema: dict[str, Any], expected: Any) -> None:
    value, unsupported = answer(prop(name, schema))
    assert value == {name: expected}
    assert unsupported == {}


@pytest.mark.parametrize(
    ("prompt", "schema", "expected"),
    [
        ("Is someone waving?", {"type": "boolean"}, True),
        ("Is there a fist?", {"type": "boolean"}, False),
        ("Is someone waving?", {"enum": ["yes", "no"]}, "yes"),
        ("Is there a fist?", prop("answer", {"enum": ["yes", "no"]}), {"answer": "no"}),
        ("How many hands?", {"type": "integer"}, 1),
        ("How many hands?", prop("count", {"type": "integer"}), {"count": 1}),
        ("Which way does it move?", {"enum": ["left", "right"]}, "right"),
        ("Is someone waving?", prop("confidence", {"type": "number"}), {"confidence": 0.83}),
        ("Read the QR code", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        ("x", {"type": "null"}, None),
    ],
)
def test_a_place_without_a_name_is_about_the_prompt(
    prompt: str, schema: dict[str, Any], expected: Any
) -> None:
    assert answer(schema, prompt=prompt)[0] == expected


def test_free_text_is_the_sentences() -> None:
    text = in_words(SEEN, asked_in("Describe what you see"))
    assert answer({"type": "string"})[0] == text
    assert answer(prop("description", {"type": "string"}))[0] == {"description": text}
    assert answer({"type": "string", "maxLength": 10})[0] == text[:10]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, ""),
        ({"type": "integer"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": ["string", "null"]}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None),
        ({"enum": ["cat", "dog", None]}, None),
        (prop("age", {"type": "integer"}), {"age": 0}),
        ({"anyOf": [prop("age", {"type": "integer"}), {"type": "null"}]}, None),
    ],
)
def test_what_it_cannot_know_is_null_or_empty_and_reported(
    schema: dict[str, Any], expected: Any
) -> None:
    value, unsupported = answer(prop("person", schema))
    assert value == {"person": expected}
    assert unsupported["$.person"] == MODEL


def test_an_optional_place_that_it_cannot_know_is_left_out_and_reported() -> None:
    value, unsupported = answer(prop("person", {"type": "string"}, required=False))
    assert value == {}
    assert unsupported == {"$.person": MODEL}


@pytest.mark.parametrize(
    ("words", "seen", "expected"),
    [
        (["fist", "none"], SEEN, "none"),
        (["fist", "unknown"], SEEN, "unknown"),
        (["fist", "other", "no_gesture"], NOTHING, "no_gesture"),
        (["fist", "none", "unknown"], BLIND, "unknown"),
        (["fist", None], BLIND, None),
    ],
)
def test_a_list_of_words_may_say_none(words: list[Any], seen: Observation, expected: Any) -> None:
    assert answer(prop("gesture", {"enum": words}), seen)[0] == {"gesture": expected}


@pytest.mark.parametrize(
    ("words", "seen"),
    [(["fist", "victory"], SEEN), (["fist", "none"], BLIND), (["cat", "dog"], SEEN)],
)
def test_a_list_of_words_is_never_guessed_from(words: list[str], seen: Observation) -> None:
    with pytest.raises(InferenceError, match=r"\$\.gesture without guessing.*unknown"):
        answer(prop("gesture", {"enum": words}), seen)


def test_local_references_and_all_of_are_followed() -> None:
    schema = {
        "$defs": {"flag": {"type": "boolean"}, "base": prop("motion", {"$ref": "#/$defs/flag"})},
        "allOf": [{"$ref": "#/$defs/base"}, prop("waving", {"$ref": "#/$defs/flag"})],
    }
    assert answer(schema)[0] == {"motion": True, "waving": True}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "no such"}, "cannot be used"),
        ({"$ref": "http://localhost/x.json"}, "not fetched"),
        ({"$ref": "#/$defs/missing"}, "cannot be used"),
        ({"$ref": "#"}, "circle|cannot be used"),
        ({"type": "string", "pattern": "("}, "cannot be used"),
        ({"minimum": float("nan")}, "cannot be used"),
        ({"x": object()}, "cannot be used"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_the_reason(
    schema: dict[str, Any], message: str
) -> None:
    with pytest.raises(InferenceError, match=message):
        answer(schema)


def test_a_schema_without_an_end_is_refused() -> None:
    tree = {
        "$defs": {"t": prop("child", {"$ref": "#/$defs/t"})},
        "$ref": "#/$defs/t",
    }
    with pytest.raises(InferenceError, match="too deep"):
        answer(tree)


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        (prop("hands", {"type": "integer", "minimum": 2}), "hands"),
        (prop("qr_text", {"type": "string", "pattern": "^[0-9]+$"}), "qr_text"),
        (prop("colors", {"type": "array", "items": {"type": "string"}, "minItems": 5}), "colors"),
        ({"not": {}}, r"\$"),
    ],
)
def test_what_cannot_be_said_in_the_schema_is_an_error_that_says_where(
    schema: dict[str, Any], where: str
) -> None:
    with pytest.raises(InferenceError, match=where):
        answer(schema)


# --- the law -------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    tokens(
        "motion direction region camera light colors color hands gesture waving people name "
        "confidence detected count description objects actions x brightness"
    )
)
WORDS = st.lists(
    st.sampled_from(
        [
            "waving",
            "thumbs up",
            "fist",
            "left",
            "right",
            "none",
            "unknown",
            "dark",
            "bright",
            "red",
            "cat",
            "yes",
            "no",
            "juggling",
        ]
    ),
    min_size=1,
    max_size=4,
    unique=True,
)
LEAVES = st.one_of(
    st.sampled_from(
        [
            {"type": "boolean"},
            {"type": "string"},
            {"type": "integer"},
            {"type": "number"},
            {"type": ["string", "null"]},
            {"type": "integer", "minimum": 0, "maximum": 100},
            {"type": "string", "maxLength": 12},
            {"type": "null"},
            {},
        ]
    ),
    st.builds(lambda words: {"enum": words}, WORDS),
    st.builds(lambda words: {"type": ["string", "null"], "enum": [*words, None]}, WORDS),
    st.builds(lambda word: {"const": word}, st.sampled_from(["waving", "cat", 3])),
)


def containers(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(NAMES, inner, max_size=4)
    objects = properties.flatmap(
        lambda found: st.builds(
            lambda required: {"type": "object", "properties": found, "required": required},
            st.lists(st.sampled_from(sorted(found)), unique=True) if found else st.just([]),
        )
    )
    bounds = st.sampled_from([{}, {"minItems": 1}, {"maxItems": 1}])
    arrays = st.builds(lambda items, b: {"type": "array", "items": items, **b}, inner, bounds)
    either = st.builds(lambda one: {"anyOf": [one, {"type": "null"}]}, inner)
    return st.one_of(objects, arrays, either)


@given(
    st.recursive(LEAVES, containers, max_leaves=8),
    st.sampled_from([SEEN, NOTHING, BLIND]),
    st.sampled_from(["Describe what you see", "Is someone waving?", "How many cats?", ""]),
)
def test_an_answer_always_satisfies_its_schema_or_is_refused(
    schema: dict[str, Any], seen: Observation, prompt: str
) -> None:
    with contextlib.suppress(InferenceError):
        answer(schema, seen, prompt)  # validates what was not refused


@given(WORDS, st.sampled_from([SEEN, NOTHING, BLIND]))
def test_a_word_is_only_detected_when_it_was_seen(words: list[str], seen: Observation) -> None:
    value, _ = answer(relay(*words), seen)
    entries = value["detected_actions"]
    assert [entry["action"] for entry in entries] == words
    for entry in entries:
        assert entry["detected"] == (entry["confidence"] > 0)
        if entry["action"] in {"cat", "juggling", "none", "unknown"}:
            assert not entry["detected"]


# --- what is experimental ------------------------------------------------------------------------


def test_clapping_that_is_not_seen_is_not_denied() -> None:
    value, unsupported = answer(relay("clapping", "pointing"), NOTHING)
    assert [each["detected"] for each in value["detected_actions"]] == [False, False]
    assert unsupported == {"clapping": MODEL}
    assert "Clapping: not seen (experimental)." in in_words(NOTHING, asked_in("clapping"))


def test_clapping_that_is_seen_is_told_as_experimental() -> None:
    seen = evolve(SEEN, hands=Hands(2, 0.9, {Word.CLAPPING: 0.7}))
    value, unsupported = answer(relay("clapping"), seen)
    assert value["detected_actions"] == [
        {"action": "clapping", "confidence": 0.7, "detected": True}
    ]
    assert not unsupported
    assert "Clapping: yes (70%; experimental)." in in_words(seen, asked_in("clapping"))
