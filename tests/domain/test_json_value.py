"""What JSON can carry."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.json_value import MOST_NESTED, canonical_json, json_fault
from overshoot.testing.strategies import values


@given(value=values)
def test_what_has_no_fault_comes_back_as_it_was(value: Any) -> None:
    assert json_fault(value) is None
    text = canonical_json(value)
    text.encode("ascii")
    back = json.loads(text)
    assert back == value
    assert canonical_json(back) == text


@given(one=values, other=values)
def test_one_text_for_one_value(one: Any, other: Any) -> None:
    if canonical_json(one) == canonical_json(other):
        assert one == other


def test_types_are_told_apart_and_keys_put_in_order() -> None:
    texts = {canonical_json(value) for value in (1, 1.0, True, "1", [1])}
    assert len(texts) == 5
    assert (
        canonical_json({"b": 1, "a": {"d": "ü", "c": []}}) == r'{"a":{"c":[],"d":"\u00fc"},"b":1}'
    )


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (float("nan"), "metadata is nan"),
        ({"a": [1, {"b": float("-inf")}]}, r"metadata\['a'\]\[1\]\['b'\] is -inf"),
        ({"a": (1, 2)}, r"metadata\['a'\] is of type tuple; .* use list"),
        ({"a": b"x"}, r"\['a'\] is of type bytes, which is not JSON"),
        ({"a": {1}}, r"\['a'\] is of type set"),
        ({1: 2}, "has the key 1; keys in JSON are strings"),
        ({"a": {None: 2}}, r"\['a'\] has the key None"),
        ("\udc80", "half a surrogate pair"),
        (["\ud83d"], r"metadata\[0\] has half a surrogate pair"),
        ({"\ud83d": 1}, "a key with half a surrogate pair"),
        (object(), "is of type object"),
    ],
)
def test_a_fault_is_said_with_its_place(value: Any, fault: str) -> None:
    said = json_fault(value)
    assert said is not None
    assert said.startswith("metadata")
    assert re.search(fault, said)


@given(depth=st.integers(1, MOST_NESTED + 5), lists=st.booleans())
def test_it_is_nested_so_deep_at_most(depth: int, lists: bool) -> None:
    value: Any = None
    for _ in range(depth):
        value = [value] if lists else {"k": value}
    fault = json_fault(value)
    assert (fault is None) is (depth <= MOST_NESTED + 1)


def test_a_list_in_itself_is_too_deep() -> None:
    endless: list[Any] = []
    endless.append(endless)
    fault = json_fault(endless)
    assert fault is not None
    assert "nested deeper" in fault
    assert len(fault) < 200


def test_an_integer_that_no_text_would_take_is_none() -> None:
    assert json_fault({"n": 2**2047}) is None
    fault = json_fault({"n": 10**5000})
    assert fault is not None
    assert fault.startswith("metadata['n'] is an integer of 16610 bits")
