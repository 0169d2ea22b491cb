from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot.domain.sampling import ClipSampling, FrameSampling, sampling_of
from overshoot.domain.stream import (
    FrameProcessingConfig,
    StreamInferenceConfig,
    StreamProcessingConfig,
)
from overshoot.errors import ValidationError
from overshoot.ports.transport import StreamRequest
from overshoot.wire import Limits, decode_create, encode_create, to_json

CLIP = {"target_fps": 6, "clip_length_seconds": 1.0, "delay_seconds": 1.0}
INFERENCE = {"prompt": "p", "model": "m"}


def body(**changes: Any) -> Any:
    base = {"webrtc": {"type": "offer", "sdp": "v=0"}, "processing": CLIP, "inference": INFERENCE}
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def refused(message: Any, **options: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        decode_create(message, **options)
    assert caught.value.status_code == 422
    return caught.value


@pytest.mark.parametrize("form", ["webrtc", "source"])
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("processing", "sampling"),
    [
        (StreamProcessingConfig(), ClipSampling(30, 3.0, 3.0)),
        (StreamProcessingConfig(0.8, 15, 0.5, 0.5), ClipSampling(12, 0.5, 0.5)),
        (StreamProcessingConfig(target_fps=6), ClipSampling(6, 3.0, 3.0)),
        (FrameProcessingConfig(2.0), FrameSampling(2.0)),
    ],
)
def test_what_our_client_sends_our_gateway_takes(
    form: Any, strict: bool, processing: Any, sampling: Any
) -> None:
    inference = StreamInferenceConfig(
        prompt="what is it?", output_schema_json={"type": "boolean"}, max_output_tokens=50
    )
    request = StreamRequest(processing, inference, request_id="r-1")
    message = json.loads(to_json(encode_create("v=0\r\n", request, form=form)))
    got = decode_create(message, strict=strict)
    assert (got.offer_sdp, got.sampling, got.request_id) == ("v=0\r\n", sampling, "r-1")
    assert got.mode == ("frame" if isinstance(sampling, FrameSampling) else "clip")
    assert got.inference == inference


@given(
    st.builds(
        StreamProcessingConfig,
        sampling_ratio=st.floats(0, 1),
        fps=st.floats(1, 120),
        clip_length_seconds=st.just(0.5),
        delay_seconds=st.just(2.0),
        target_fps=st.none() | st.integers(1, 30),
    )
    | st.builds(FrameProcessingConfig, st.floats(0.1, 60))
)
def test_our_client_knows_how_our_gateway_samples(processing: Any) -> None:
    request = StreamRequest(processing, StreamInferenceConfig(prompt="p"))
    got = decode_create(encode_create("v=0", request, form="source"))
    assert got.sampling == sampling_of(processing)


def test_the_rate_of_a_camera_goes_out_as_a_whole_number() -> None:
    request = StreamRequest(StreamProcessingConfig(fps=29.97), StreamInferenceConfig(prompt="p"))
    assert encode_create("v=0", request)["processing"]["fps"] == 30


@pytest.mark.parametrize(
    ("changes", "sampling"),
    [
        ({"fps": 29.97, "sampling_ratio": 0.1}, ClipSampling(3, 1.0, 1.0)),
        ({"fps": 20, "sampling_ratio": 0.05}, ClipSampling(1, 1.0, 1.0)),
        ({"fps": 30}, ClipSampling(30, 1.0, 1.0)),
        ({"clip_length_seconds": 2}, ClipSampling(6, 2, 1.0)),
        ({"target_fps": 4, "delay_seconds": 0}, ClipSampling(4, 1.0, 0)),
        ({}, ClipSampling(6, 1.0, 1.0)),
    ],
)
def test_clients_are_forgiven_what_the_document_refuses(changes: Any, sampling: Any) -> None:
    assert decode_create(body(processing=changes)).sampling == sampling
    refused(body(processing=changes), strict=True)


def test_a_schema_may_come_as_text() -> None:
    inference = {**INFERENCE, "output_schema_json": '{"type": "boolean"}'}
    got = decode_create(body(inference=inference))
    assert got.inference.output_schema_json == {"type": "boolean"}
    assert refused(body(inference=inference), strict=True).details["field"] == (
        "inference.output_schema_json"
    )


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"processing": {**CLIP, "target_fps": "6"}}, "processing.target_fps"),
        ({"processing": {**CLIP, "target_fps": True}}, "processing.target_fps"),
        ({"processing": {**CLIP, "target_fps": 6.5}}, "processing.target_fps"),
        ({"processing": {**CLIP, "target_fps": 31}}, "processing.target_fps"),
        ({"processing": {**CLIP, "fps": 30}}, "processing.target_fps"),
        ({"processing": {"fps": 10**400}}, "processing.fps"),
        ({"processing": {"fps": 0}}, "processing.fps"),
        ({"processing": {"fps": float("nan")}}, "processing.fps"),
        ({"processing": {**CLIP, "delay_seconds": float("inf")}}, "processing.delay_seconds"),
        ({"processing": {**CLIP, "clip_length_seconds": 0}}, "processing.clip_length_seconds"),
        ({"processing": {**CLIP, "interval_seconds": 1}}, "processing.clip_length_seconds"),
        ({"processing": {"interval_seconds": 0}}, "processing.interval_seconds"),
        ({"processing": {**CLIP, "wat": 1}}, "processing.wat"),
        ({"processing": []}, "processing"),
        ({"inference": None}, "inference"),
        ({"inference": {"model": "m"}}, "inference.prompt"),
        ({"inference": {**INFERENCE, "prompt": " "}}, "inference.prompt"),
        ({"inference": {**INFERENCE, "prompt": "\ud800"}}, "inference.prompt"),
        ({"inference": {**INFERENCE, "prompt": "ä" * 4097}}, "inference.prompt"),
        ({"inference": {**INFERENCE, "model": 7}}, "inference.model"),
        ({"inference": {**INFERENCE, "backend": "gemni"}}, "inference.backend"),
        ({"inference": {**INFERENCE, "extra": 1}}, "inference.extra"),
        ({"inference": {**INFERENCE, "max_output_tokens": 129}}, "inference.max_output_tokens"),
        ({"inference": {**INFERENCE, "max_output_tokens": 0}}, "inference.max_output_tokens"),
        ({"inference": {**INFERENCE, "output_schema_json": "{"}}, "inference.output_schema_json"),
        ({"inference": {**INFERENCE, "output_schema_json": "7"}}, "inference.output_schema_json"),
        (
            {"inference": {**INFERENCE, "output_schema_json": {"a": "x" * 16_385}}},
            "inference.output_schema_json",
        ),
        (
            {"inference": {**INFERENCE, "output_schema_json": {"a": float("nan")}}},
            "inference.output_schema_json",
        ),
        ({"webrtc": {"type": "answer", "sdp": "v=0"}}, "webrtc.type"),
        ({"webrtc": {"type": "offer", "sdp": ""}}, "webrtc.sdp"),
        ({"webrtc": {"type": "offer"}}, "webrtc.sdp"),
        ({"source": {"type": "webrtc"}}, "source.sdp"),
        ({"source": {"type": "webrtc", "sdp": "v=0", "url": "x"}}, "source.url"),
        ({"source": {"type": "carrier-pigeon"}}, "source.type"),
        ({"mode": "frame"}, "mode"),
        ({"mode": "film"}, "mode"),
        ({"client": {"request_id": 7}}, "client.request_id"),
    ],
)
def test_a_refusal_names_the_field(changes: Any, path: str) -> None:
    assert path in [fault["field"] for fault in refused(body(**changes)).details["errors"]]


def test_a_deep_schema_is_refused_without_recursion() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"a": schema}
    fault = refused(body(inference={**INFERENCE, "output_schema_json": schema}))
    assert "16 levels" in fault.message


@pytest.mark.parametrize(
    ("source", "webrtc"),
    [
        (None, None),
        ({"type": "native"}, None),
        ({"type": "native"}, {"type": "offer", "sdp": "v=0"}),
        ({"type": "livekit", "url": "wss://example.org", "token": "t"}, None),
    ],
)
def test_other_sources_are_refused_by_name(source: Any, webrtc: Any) -> None:
    error = refused(body(source=source, webrtc=webrtc))
    assert error.code == "unsupported_source"
    assert "WebRTC" in error.message


def test_frames_to_the_model_are_limited() -> None:
    heavy = {"target_fps": 30, "clip_length_seconds": 2.0, "delay_seconds": 1.0}
    error = refused(body(processing=heavy))
    assert "60 frames/s" in error.message
    assert decode_create(body(processing=heavy), limits=Limits(effective_fps=60))


def test_left_out_tokens_follow_from_the_interval() -> None:
    got = decode_create(body(processing={"interval_seconds": 0.5}))
    assert got.inference.max_output_tokens == 64
    got = decode_create(body(), limits=Limits(tokens_per_second=256))
    assert got.inference.max_output_tokens == 256


def test_unknown_keys_at_the_top_and_of_the_client_are_its_own() -> None:
    assert decode_create(body(extra=1, client={"x": 1, "request_id": None}), strict=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NUMBER = st.integers(-2, 130) | st.floats(-1, 70) | st.floats() | st.sampled_from(["1", True, None])
PROCESSING = st.dictionaries(
    st.sampled_from(["target_fps", "sampling_ratio", "fps", "delay_seconds", "interval_seconds"]),
    NUMBER,
    max_size=3,
).flatmap(lambda d: st.sampled_from([d, {**d, "clip_length_seconds": 1.0, "delay_seconds": 1.0}]))
REQUEST = st.fixed_dictionaries(
    {"processing": PROCESSING | JSON, "inference": st.just(INFERENCE) | JSON},
    optional={
        "webrtc": st.just({"type": "offer", "sdp": "v=0"}) | JSON,
        "source": st.sampled_from([None, {"type": "webrtc", "sdp": "v=0"}, {"type": "native"}]),
        "mode": st.sampled_from(["clip", "frame", None, 7]),
        "client": JSON,
    },
)


@given(JSON | REQUEST, st.booleans())
def test_any_json_is_good_or_refused_with_a_path(message: Any, strict: bool) -> None:
    refusal = None
    try:
        decode_create(message, strict=strict)
    except ValidationError as error:
        refusal = error
    assert refusal is None or isinstance(refusal.details["field"], str)


def _document() -> Any:
    here = os.environ.get("OVERSHOOT_PROTOCOL")
    folder = Path(here) if here else Path(__file__).parents[3] / "shared" / "protocol"
    path = folder / "openapi-v0.2.json"
    return json.loads(path.read_text()) if path.is_file() else None


@pytest.mark.skipif(_document() is None, reason="the API's OpenAPI document is not at hand")
def test_strict_is_the_document() -> None:
    document = _document()
    schema = {
        "$ref": "#/components/schemas/StreamCreateRequest",
        "components": document["components"],
    }
    validator = jsonschema_rs.validator_for(schema)
    generous = Limits(effective_fps=1e9, tokens_per_second=1e9)
    seen = set()

    @settings(max_examples=400)
    @given(REQUEST)
    def compare(message: Any) -> None:
        try:
            text = to_json(message)
        except ValueError:
            return
        message = json.loads(text)
        try:
            decode_create(message, strict=True, limits=generous)
            taken = True
        except ValidationError as error:
            taken = error.code == "unsupported_source"
            # What the document says in words, and what any server does with a number that size.
            if error.message.split()[0] in {"mode", "webrtc.sdp"} or "replaces" in error.message:
                return
            if "10000000" in error.message or "must be text" in error.message:
                return
        assert taken == validator.is_valid(message)
        seen.add(taken)

    compare()
    assert seen == {True, False}
