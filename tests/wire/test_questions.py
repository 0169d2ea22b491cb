from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.inference import InferenceAnswer, Unsupported
from overshoot.errors import ValidationError
from overshoot.wire import (
    Limits,
    decode_clip_question,
    decode_image_question,
    decode_schema_update,
    encode_completion,
    from_json,
    to_json,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "result_id", "image", "prompt", "model", "output_schema", "output_schema_json",
    "max_tokens", "temperature",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), JSON) | JSON)
def test_any_body_is_good_or_told_what_is_wrong(body: Any) -> None:
    for decode in (decode_clip_question, decode_image_question, decode_schema_update):
        try:
            decode(body)
        except ValidationError as error:
            assert error.details["errors"]  # noqa: PT017 - that it raises is not the point


@given(st.binary(min_size=1), st.sampled_from(["", "data:image/jpeg;base64,"]))
def test_the_picture_comes_as_it_went(data: bytes, before: str) -> None:
    image = before + base64.b64encode(data).decode()
    question = decode_image_question({"image": image, "prompt": "?", "model": "m", "more": 1})
    assert question.picture() == data
    assert image not in repr(question)


def test_limits_hold_for_questions() -> None:
    limits = Limits(prompt_bytes=8, schema_bytes=8, schema_depth=1)
    good = {"result_id": "r", "prompt": "short", "model": "m"}
    assert decode_clip_question(good, limits=limits).temperature is None
    for changes in (
        {"prompt": "much longer"},
        {"output_schema": {"type": "string"}},
        {"temperature": 2.1},
        {"temperature": True},
        {"max_tokens": 0},
        {"result_id": " "},
    ):
        with pytest.raises(ValidationError):
            decode_clip_question({**good, **changes}, limits=limits)
    with pytest.raises(ValidationError, match="output_schema_json"):
        decode_schema_update({"output_schema_json": {"type": "string"}}, limits=limits)
    assert decode_schema_update({"output_schema_json": None}) is None


def test_an_answer_says_all_it_knows() -> None:
    answer = InferenceAnswer("x", "length", (Unsupported("a", "b", "c"),), {"wave": 0.5})
    assert from_json(to_json(encode_completion("id", "m", answer))) == {
        "id": "id",
        "model": "m",
        "content": "x",
        "finish_reason": "length",
        "usage": None,
        "unsupported": [{"asked": "a", "reason": "b", "remedy": "c"}],
        "detected": {"wave": 0.5},
    }
