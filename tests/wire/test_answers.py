from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.inference import ModelInfo, Unsupported
from overshoot.domain.serving import Feedback, FeedbackRecord, StreamInfo
from overshoot.domain.stream import IceServer, StreamInferenceConfig
from overshoot.errors import (
    ApiError,
    InsufficientCreditsError,
    NotFoundError,
    ProtocolError,
    RateLimitError,
    ServerError,
    UnauthorizedError,
    ValidationError,
)
from overshoot.wire import (
    CreatedStream,
    decode_created,
    decode_error,
    decode_feedback,
    decode_keepalive,
    decode_prompt,
    encode_created,
    encode_error,
    encode_feedback,
    encode_feedback_record,
    encode_info,
    encode_keepalive,
    encode_models,
    encode_prompt,
    encode_stream_config,
    from_json,
    to_json,
)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "detail", "stream_id", "lease", "ttl_seconds", "webrtc"]
            ),
            inner,
        )
    ),
    max_leaves=8,
)


def test_created_both_ways() -> None:
    message = encode_created("s", "v=0", 90.0, turn_servers=[IceServer("turn:x", "u", "c")])
    assert message["lease"] == {"ttl_seconds": 90}
    assert message["turn_servers"] == [{"urls": "turn:x", "username": "u", "credential": "c"}]
    assert decode_created(json.loads(to_json(message))) == CreatedStream("s", "v=0", 90.0)


def test_created_by_other_gateways() -> None:
    assert decode_created({"stream_id": "s"}) == CreatedStream("s", None, None)
    assert decode_created({"stream_id": "s", "lease": None, "x": 1}) == CreatedStream(
        "s", None, None
    )


@pytest.mark.parametrize(
    "message", [None, [], {}, {"stream_id": 7}, {"stream_id": "s", "lease": {"ttl_seconds": -1}}]
)
def test_created_without_a_stream_is_not_the_protocol(message: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_created(message)


def test_keepalive_both_ways() -> None:
    message = encode_keepalive("s", 45, state="idle")
    assert decode_keepalive(message) == 45
    assert {"credits_remaining_cents", "cost_cents", "seconds_charged"} < set(message)
    assert decode_keepalive({"status": "ok"}) is None
    for bad in ("soon", True, 0, float("nan"), 10**400):
        with pytest.raises(ProtocolError):
            decode_keepalive({"ttl_seconds": bad})


def test_stream_config_has_all_fields() -> None:
    inference = StreamInferenceConfig(prompt="p", model="m", backend="overshoot")
    config = encode_stream_config("s", inference, created_at=0.0, updated_at=1.5, prompt_version=2)
    assert config["created_at"] == "1970-01-01T00:00:00+00:00"
    assert config["backend"] == "overshoot"
    assert config["output_schema_json"] is None
    assert config["prompt_version"] == 2


def test_info_and_models() -> None:
    info = StreamInfo("s", "active", 1.0, 30.0, 1920, 1080, 1280, 720, 3, 1, 0.2)
    message = encode_info(info)
    assert (message["source_type"], message["effective_width"]) == ("webrtc", 1280)
    to_json(message)
    missing = Unsupported("waving", "no network", "overshoot models pull")
    models = encode_models([ModelInfo("m", True, "ready", ("motion",), (missing,))])
    assert models[0]["missing"][0]["remedy"] == "overshoot models pull"
    assert (models[0]["model"], models[0]["ready"], models[0]["status"]) == ("m", True, "ready")


def test_prompt_both_ways() -> None:
    assert decode_prompt(encode_prompt("count")) == "count"
    bad: list[Any] = [{}, {"prompt": ""}, {"prompt": "a", "x": 1}, {"prompt": "a" * 8193}, [], None]
    for body in bad:
        with pytest.raises(ValidationError):
            decode_prompt(body)


def test_feedback_both_ways() -> None:
    assert decode_feedback(encode_feedback(7, "accuracy")) == Feedback(7, "accuracy", "")
    assert decode_feedback({"rating": 0, "category": "x", "feedback": None}).feedback == ""
    bad: list[dict[str, Any]] = [
        {"rating": 11, "category": "x"},
        {"rating": "7", "category": "x"},
        {"rating": 7, "category": ""},
        {"rating": 7},
        {"rating": 7, "category": "x", "feedback": "a" * 9000},
    ]
    for message in bad:
        with pytest.raises(ValidationError):
            decode_feedback(message)
    with pytest.raises(ValidationError):
        decode_feedback({"rating": 0, "category": "x", "feedback": None}, strict=True)
    record = encode_feedback_record(FeedbackRecord("f", "s", Feedback(7, "x", "y"), 0.0))
    assert set(record) == {
        "id", "stream_id", "rating", "category", "feedback", "created_at", "updated_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, ValidationError, "validation_error"),
        (401, UnauthorizedError, "unauthorized"),
        (402, InsufficientCreditsError, "insufficient_credits"),
        (403, ApiError, "forbidden"),
        (404, NotFoundError, "not_found"),
        (413, ApiError, "payload_too_large"),
        (422, ValidationError, "validation_error"),
        (429, RateLimitError, "rate_limited"),
        (500, ServerError, "internal"),
        (503, ServerError, "internal"),
    ],
)
def test_errors_both_ways(status: int, kind: Any, code: Any) -> None:
    sent = decode_error(status, {"message": "because", "details": {"field": "x"}})
    message = json.loads(to_json(encode_error(sent, "r-1")))
    assert message["error"] == code
    got = decode_error(status, message)
    assert type(got) is kind
    assert (got.message, got.request_id, got.status_code) == ("because", "r-1", status)
    assert got.details == {"field": "x"}
    assert got.code == code


def test_errors_of_other_gateways() -> None:
    assert decode_error(404, {"error": "stream_not_found"}).message == "stream_not_found"
    assert decode_error(404, {"detail": "gone"}).message == "gone"
    assert decode_error(502, "<html>").message
    assert decode_error(418, None).status_code == 418


@given(st.integers(100, 599), ANY_JSON)
def test_any_error_body_is_an_error(status: int, body: Any) -> None:
    assert isinstance(decode_error(status, body), ApiError)


@given(ANY_JSON)
def test_any_answer_is_read_or_is_not_the_protocol(body: Any) -> None:
    for decode in (decode_created, decode_keepalive):
        with suppress(ProtocolError):
            decode(body)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"\xff", "UTF-8"),
        ("[" * 100_000, "deep"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "twice"),
        ("{", "not JSON"),
        ("1" * 5000, "not JSON"),
    ],
)
def test_what_is_no_json(text: Any, why: Any) -> None:
    with pytest.raises(ProtocolError, match=re.escape(why)):
        from_json(text)


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json({"a": float("nan")})
