from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.wire.schema import CompiledSchema, UnusableSchemaError, in_words, path_text

COUNT = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
LEAF = {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}
KEYWORDS = ["type", "$ref", "anyOf", "items", "properties", "enum", "pattern", "$schema", "minimum"]
SCHEMAS = st.dictionaries(
    st.sampled_from(KEYWORDS),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.sampled_from(["object", "integer", "#", "#/$defs/x", "http://nowhere.invalid/s", "("]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner)
        ),
        max_leaves=6,
    ),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("schema", "value", "faults"),
    [
        (COUNT, {"count": 3, "more": 1}, []),
        (COUNT, {"count": "x"}, ["$.count: expected integer, got 'x'"]),
        (COUNT, {}, ["$.count: is missing"]),
        (COUNT, [1], ["$: expected object, got [1]"]),
        (
            {"items": {"enum": ["a", "b"]}},
            ["a", "c"],
            ["$[1]: expected one of 'a', 'b', got 'c'"],
        ),
        ({"type": ["null", "integer"]}, "x", ["$: expected integer or null, got 'x'"]),
        (
            {"anyOf": [{"type": "null"}, {"type": "integer"}]},
            "x",
            ["$: expected integer or null, got 'x'"],
        ),
        (
            {"properties": {"leaf of": {"oneOf": [{"type": "null"}, LEAF]}}},
            {"leaf of": {"a": []}},
            ["$['leaf of'].a: expected integer or null, got []"],
        ),
        ({"minimum": 3}, 1, ["$: 1 is less than the minimum of 3"]),
        ({"type": "integer"}, True, ["$: expected integer, got True"]),
        ({}, float("inf"), ["$: must be made of finite numbers"]),
        ({}, ["\ud800"], ["$: must be text that UTF-8 has"]),
    ],
)
def test_faults_say_where_and_why(schema: dict[str, Any], value: Any, faults: list[str]) -> None:
    compiled = CompiledSchema(schema)
    assert compiled.faults(value) == faults


def test_one_value_of_two_alternatives() -> None:
    both = CompiledSchema({"oneOf": [{"type": "integer"}, {"minimum": 2}]})
    assert "more than one" in both.faults(3)[0]


def test_a_few_faults_are_told_and_the_rest_counted() -> None:
    faults = CompiledSchema({"items": {"type": "integer"}}).faults(["x"] * 10)
    assert in_words(faults).endswith("$[2]: expected integer, got 'x'; and 7 more")
    assert in_words(faults[:1]) == "$[0]: expected integer, got 'x'"


def test_long_values_are_not_repeated() -> None:
    assert len(CompiledSchema(COUNT).faults({"count": "x" * 100_000})[0]) < 120
    assert len(CompiledSchema({"minLength": 10**6}).faults("x" * 100_000)[0]) < 200
    assert len(path_text(["x " * 1000])) < 80


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "foo"}, '$.type: "foo" is not'),
        ({"$ref": "http://nowhere.invalid/s"}, "is not fetched"),
        ({"$ref": "file:///etc/hostname"}, "is not fetched"),
        ({"$ref": "#/$defs/none"}, "does not exist"),
        ({"pattern": "("}, "regex"),
        ({"default": float("nan")}, "not JSON compliant"),
        ({"default": object()}, "not JSON serializable"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableSchemaError, match=r".") as caught:
        CompiledSchema(schema)
    assert why in str(caught.value)


def test_a_schema_is_copied() -> None:
    inner: dict[str, Any] = {"type": "integer"}
    compiled = CompiledSchema({"properties": {"a": inner}})
    inner["type"] = "string"
    assert compiled.root == {"properties": {"a": {"type": "integer"}}}


@given(SCHEMAS, VALUES)
def test_any_schema_is_refused_or_any_value_judged(schema: dict[str, Any], value: Any) -> None:
    try:
        compiled = CompiledSchema(schema)
    except UnusableSchemaError:
        return
    assert all(fault.startswith("$") for fault in compiled.faults(value))
