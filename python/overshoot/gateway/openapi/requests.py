"""The bodies that the gateway takes."""

from __future__ import annotations

from overshoot.gateway.openapi.schema_parts import (
    FILLED,
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    WHOLE,
    Schema,
    closed,
    nullable,
    one_of,
    record,
    ref,
)

_POSITIVE: Schema = {**WHOLE, "exclusiveMinimum": 0}


def _const(word: str) -> Schema:
    return {**TEXT, "const": word}


def request_schemas(*, strict: bool) -> dict[str, Schema]:
    """Schemas by name; without ``strict``, what published clients are forgiven is in them."""
    return {
        "StreamCreateRequest": {
            **record(
                {
                    "source": nullable(
                        {"oneOf": [ref(n) for n in ("WebRTCSourceConfig", *_OTHER_SOURCES)]}
                    ),
                    "webrtc": nullable(ref("WebRtcOffer")),
                    "mode": nullable(one_of("clip", "frame")),
                    "processing": {
                        "anyOf": [ref("ClipProcessingConfig"), ref("FrameProcessingConfig")]
                    },
                    "inference": ref("StreamInferenceConfig"),
                    "client": nullable(ref("StreamClientMeta")),
                    **({} if strict else {"motion_gate": nullable(FLAG)}),
                },
                optional=("source", "webrtc", "mode", "client", "motion_gate"),
            ),
            "description": "Exactly one of `source` and `webrtc` brings the SDP offer; this gateway"
            " takes video over WebRTC alone.",
        },
        "WebRtcOffer": closed({"type": _const("offer"), "sdp": FILLED}),
        "WebRTCSourceConfig": closed({"type": _const("webrtc"), "sdp": FILLED}),
        **_OTHER_SOURCES,
        "ClipProcessingConfig": _clip(strict=strict),
        "FrameProcessingConfig": closed(
            {"interval_seconds": {**NUMBER, "exclusiveMinimum": 0, "maximum": 60}}
        ),
        "StreamInferenceConfig": _inference(strict=strict),
        "StreamClientMeta": record({"request_id": nullable(TEXT)}, optional=("request_id",)),
        "PromptUpdateRequest": closed({"prompt": FILLED}),
        "FeedbackCreateRequest": closed(
            {
                "rating": {**WHOLE, "minimum": 0, "maximum": 10},
                "category": FILLED,
                "feedback": {**TEXT, "default": ""} if strict else nullable(TEXT),
            },
            optional=("feedback",),
        ),
    }


_OTHER_SOURCES: dict[str, Schema] = {
    "LiveKitSourceConfig": closed({"type": _const("livekit"), "url": FILLED, "token": FILLED}),
    "NativeSourceConfig": closed({"type": _const("native")}),
}


def _clip(*, strict: bool) -> Schema:
    length: Schema = {**NUMBER, "minimum": 0.1, "maximum": 60}
    delay: Schema = {**NUMBER, "exclusiveMinimum": 0} if strict else {**NUMBER, "minimum": 0}
    fps = _POSITIVE if strict else {**NUMBER, "exclusiveMinimum": 0}
    optional = ("target_fps", "sampling_ratio", "fps")
    fields = {
        "target_fps": nullable({**WHOLE, "exclusiveMinimum": 0, "maximum": 30}),
        "sampling_ratio": nullable({**NUMBER, "minimum": 0.1 if strict else 0, "maximum": 1}),
        "fps": nullable(fps),
        "clip_length_seconds": length if strict else nullable(length),
        "delay_seconds": delay if strict else nullable(delay),
    }
    told = {"description": "`target_fps`, or `fps` with `sampling_ratio`, not both."}
    return {**closed(fields, optional=optional if strict else tuple(fields)), **told}


def _inference(*, strict: bool) -> Schema:
    backend = one_of("gemini", "overshoot")
    return closed(
        {
            "prompt": FILLED,
            "model": FILLED,
            "backend": {**backend, "default": "overshoot"} if strict else nullable(backend),
            "output_schema_json": nullable(OBJECT)
            if strict
            else {"anyOf": [OBJECT, TEXT, {"type": "null"}]},
            "max_output_tokens": nullable(_POSITIVE),
        },
        optional=("backend", "output_schema_json", "max_output_tokens"),
    )
