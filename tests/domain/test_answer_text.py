from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overshoot.domain.answer_text import find_json

BOTH = {"object", "array"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Words with brackets, quotes and fences in them: what is inside a string ends nothing.
    | st.text('ab{}[]"\\` \n', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab{"`', max_size=4), inner)
    ),
    max_leaves=10,
)
CONTAINER = st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=4), JSON, max_size=4)
WORDS = st.text("Here is the answer, I think! ()'.:\n", max_size=30)


def values(text: str, kinds: set[str] = BOTH) -> list[Any]:
    return [found.value for found in find_json(text, kinds) if found.fault is None]


def faults(text: str) -> list[str]:
    return [found.fault for found in find_json(text, BOTH) if found.fault is not None]


@given(JSON)
def test_json_alone_is_the_only_value(value: Any) -> None:
    assert values(f"\ufeff\n {json.dumps(value)}\n") == [value]


@given(WORDS, CONTAINER, WORDS)
def test_json_between_words_is_found_whole(before: str, value: Any, after: str) -> None:
    text = f"{before}{json.dumps(value)}{after}"
    assert values(text) == [value]


@given(WORDS, CONTAINER, st.sampled_from(["json", "", "JSON", "json5"]))
def test_a_fence_is_read_before_the_words(before: str, value: Any, language: str) -> None:
    text = f"{before}\n```{language}\n{json.dumps(value)}\n``` done"
    assert values(text)[0] == value


@given(st.dictionaries(st.text("ab`", max_size=4), JSON, min_size=1, max_size=4), st.data())
def test_a_part_of_an_answer_that_is_cut_off_is_not_the_answer(
    value: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(2, len(text) - 1))]
    assert values(f"Answer: {cut}") == []
    assert "cut off" in faults(f"Answer: {cut}")[0]


@given(st.text(st.characters(codec=None), max_size=80) | st.text('{}[]",:\\`1etn\n ', max_size=60))
@example("[" * 100_000)
@example('{"a":' * 50_000)
@example("9" * 5000)
@example("1e400")
@example('"\\ud800"')
@example("{" + '"\\"' * 20_000)
@example("[1," * 30_000)
def test_no_text_raises(text: str) -> None:
    for found in find_json(text, BOTH):
        assert found.fault is None or found.value is None


def test_kinds_choose_what_is_taken_between_words() -> None:
    text = 'as in [1] and [2, 3]: {"count": 3}, that is {}'
    assert values(text, {"object"}) == [{"count": 3}, {}]
    assert values(text, {"array"}) == [[1], [2, 3]]
    assert values(text, {"integer"}) == []


def test_numbers_and_words_in_a_sentence_are_left_alone() -> None:
    assert values("in 2 frames I see 3 people, true?") == []
    assert values("```\n3\n```") == [3]


def test_brackets_of_ordinary_writing_are_no_broken_answer() -> None:
    text = 'I see {something} [sic] and a smile :-{ so: {"count": 3}'
    assert values(text) == [{"count": 3}]
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('so: {"a" 1}', "the JSON that begins at character 5 is broken at character 10: "),
        ('{"a": {"b": 1', "the JSON that begins at character 1 is cut off"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": 1e999}', "1e999 is larger than any float"),
        ('{"a": 1, "a": 2}', "the key 'a' is given twice"),
        ("[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)
def test_what_begins_like_json_and_is_none_says_why(text: str, why: str) -> None:
    assert values(text) == []
    assert why in faults(text)[0]


def test_a_fence_inside_a_string_is_none() -> None:
    assert values('{"code": "```3```", "cut') == []
    assert values('so {"code": "```3```"}') == [{"code": "```3```"}]


def test_after_broken_json_the_rest_is_read() -> None:
    assert values('{"a": oops {"b": 1}} or rather {"b": 2}') == [{"b": 2}]
