from __future__ import annotations

from typing import Any

import pytest

from overshoot.domain.answer import AnswerReader, Parsed, UnfitAnswerError, with_parsed
from overshoot.domain.inference import InferenceResult


def count_of(value: Any) -> int:
    if not isinstance(value, dict) or "count" not in value:
        message = f"no count in {value}"
        raise UnfitAnswerError(message)
    return int(value["count"])


READER = AnswerReader({"type": "object"}, count_of)


def test_the_first_value_that_fits_is_taken() -> None:
    assert READER.read('Like {"example": 1}, so {"count": 3} or {"count": 4}') == Parsed(3)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the answer is empty"),
        (" \n\t", "the answer is empty"),
        ("two cats", "no JSON object in the answer: 'two cats'"),
        ("[1]", "no count in [1]"),
        ('{"a": 1} {"b": 1}', "no count in {'a': 1}"),
        ('{"a": 1} {"b": ', "no count in {'a': 1}"),
        ('{"count": ', "the JSON that begins at character 1 is cut off"),
    ],
)
def test_a_problem_says_why(text: str, problem: str) -> None:
    assert READER.read(text) == Parsed(None, problem)


def test_a_long_answer_is_not_repeated_in_full() -> None:
    assert len(READER.read("word " * 10_000).problem or "") < 150


def test_parsed_or_the_reason_on_a_result() -> None:
    read = with_parsed(InferenceResult(result='{"count": 3}', seq=7), READER)
    assert (read.parsed, read.parse_error, read.seq) == (3, None, 7)
    unread = with_parsed(InferenceResult(result="three"), READER)
    assert unread.parsed is None
    assert unread.parse_error == "no JSON object in the answer: 'three'"
    assert unread.result == "three"
    assert unread["parse_error"] == unread.parse_error


def test_an_answer_cut_at_its_limit_says_so() -> None:
    cut = with_parsed(InferenceResult(result='{"count": ', finish_reason="length"), READER)
    assert "limit of output tokens" in (cut.parse_error or "")


def test_a_result_that_is_no_answer_is_not_read() -> None:
    failed = InferenceResult[Any](result="", ok=False, error="overloaded", type="error")
    read = with_parsed(failed, READER)
    assert (read.parsed, read.parse_error, read.error) == (None, None, "overloaded")
