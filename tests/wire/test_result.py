from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.inference import InferenceResult, Unsupported
from overshoot.errors import ProtocolError
from overshoot.wire import decode_result, encode_result, to_json

FINITE = st.floats(allow_nan=False, allow_infinity=False)
RESULTS = st.builds(
    InferenceResult,
    result=st.text(),
    id=st.text(),
    stream_id=st.text(),
    mode=st.sampled_from(["clip", "frame"]),
    model_backend=st.text(),
    model_name=st.text(),
    prompt=st.text(),
    inference_latency_ms=FINITE,
    total_latency_ms=FINITE,
    finish_reason=st.sampled_from(["stop", "length", "content_filter", None]),
    timestamp=st.none() | FINITE,
    seq=st.none() | st.integers(0, 2**40),
    frame_start=st.none() | st.integers(0, 2**40),
    frame_end=st.none() | st.integers(0, 2**40),
    prompt_version=st.none() | st.integers(0, 100),
    schema_version=st.none() | st.integers(0, 100),
    repeated=st.booleans(),
    unsupported=st.lists(st.builds(Unsupported, st.text(), st.text(), st.text()), max_size=2).map(
        tuple
    ),
    detected=st.dictionaries(st.text(), FINITE, max_size=3),
)


@given(RESULTS)
def test_a_result_comes_back_as_it_went(result: Any) -> None:
    assert decode_result(to_json(encode_result(result))) == result


def test_a_failure_comes_back_as_one() -> None:
    failed = InferenceResult("", ok=False, error="no answer", type="error")
    assert decode_result(to_json(encode_result(failed))) == failed


def test_every_field_that_clients_read_is_there() -> None:
    message = encode_result(InferenceResult("x"))
    wanted = {
        "id", "stream_id", "mode", "model_backend", "model_name", "prompt", "result", "ok",
        "inference_latency_ms", "total_latency_ms", "error", "finish_reason",
    }  # fmt: skip
    assert wanted <= set(message)


@pytest.mark.parametrize(
    ("message", "result", "ok", "error"),
    [
        ({"result": "x"}, "x", True, None),
        ({"result": None, "ok": False, "error": "bad"}, "", False, "bad"),
        ({"result": {"a": 1}}, '{"a":1}', True, None),
        ({"inference": {"result": "old"}}, "old", True, None),
        ({"error": "gone"}, "", False, "gone"),
        ({"error": {"message": "gone"}}, "", False, "gone"),
        ({"ok": False}, "", False, "the gateway gave no reason"),
        ({"result": "x", "error": None, "new": [1]}, "x", True, None),
        ({"result": "x", "mode": 7, "seq": "a", "detected": [], "id": 1}, "x", True, None),
    ],
)
def test_other_gateways_are_read_with_tolerance(
    message: Any, result: Any, ok: Any, error: Any
) -> None:
    got = decode_result(json.dumps(message))
    assert (got.result, got.ok, got.error) == (result, ok, error)
    assert got.type == ("inference" if ok else "error")


@pytest.mark.parametrize("text", ["", "null", "[]", "7", "{}", '{"x": 1}', b"\xff\xfe", "{" * 9999])
def test_what_is_no_result(text: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_result(text)


@given(
    st.dictionaries(
        st.sampled_from(["result", "error", "ok", "inference", "seq", "timestamp", "unsupported"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    )
)
def test_any_object_is_a_result_or_is_not_the_protocol(message: Any) -> None:
    with suppress(ProtocolError):
        assert isinstance(decode_result(json.dumps(message)).result, str)
