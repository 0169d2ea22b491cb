"""The bodies that the gateway answers with, and the messages of its result socket."""

from __future__ import annotations

from overshoot.gateway.openapi.schema_parts import (
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    WHOLE,
    Schema,
    array,
    closed,
    nullable,
    one_of,
    record,
    ref,
)

_STATE = one_of("pending", "active", "idle")
_OK: Schema = {**TEXT, "const": "ok"}
_MODE = one_of("clip", "frame")

ANSWER_SCHEMAS: dict[str, Schema] = {
    "StatusResponse": record({"status": _OK}),
    "ErrorResponse": record(
        {"error": TEXT, "message": TEXT, "request_id": TEXT, "details": {}},
    ),
    "ModelsResponse": array(
        record(
            {
                "model": TEXT,
                "ready": FLAG,
                "status": TEXT,
                "can_tell": array(TEXT),
                "missing": array(OBJECT),
            }
        )
    ),
    "WebRtcAnswer": closed({"type": {**TEXT, "const": "answer"}, "sdp": TEXT}),
    "StreamCreateResponse": record(
        {
            "stream_id": TEXT,
            "webrtc": ref("WebRtcAnswer"),
            "lease": record({"ttl_seconds": NUMBER}),
            "turn_servers": nullable(
                array(record({"urls": TEXT, "username": TEXT, "credential": TEXT}))
            ),
            "livekit": {"type": "null"},
        }
    ),
    "KeepaliveResponse": record(
        {
            "status": _OK,
            "stream_id": TEXT,
            "ttl_seconds": NUMBER,
            "credits_remaining_cents": WHOLE,
            "cost_cents": NUMBER,
            "seconds_charged": NUMBER,
            "livekit_token": {"type": "null"},
            "state": _STATE,
        }
    ),
    "StreamConfigResponse": record(
        {
            "id": TEXT,
            "stream_id": TEXT,
            "prompt": TEXT,
            "backend": one_of("gemini", "overshoot"),
            "model": TEXT,
            "output_schema_json": nullable(OBJECT),
            "created_at": TEXT,
            "updated_at": TEXT,
            "prompt_version": WHOLE,
            "schema_version": WHOLE,
        }
    ),
    "StreamInfoResponse": record(
        {
            "stream_id": TEXT,
            "source_type": TEXT,
            "state": _STATE,
            "uptime_seconds": NUMBER,
            "fps": NUMBER,
            "frame_width": WHOLE,
            "frame_height": WHOLE,
            "effective_width": WHOLE,
            "effective_height": WHOLE,
            "inferences_completed": WHOLE,
            "inferences_failed": WHOLE,
            "last_inference_latency_seconds": NUMBER,
            "frames_received": WHOLE,
            "frames_kept": WHOLE,
            "clips_skipped": WHOLE,
            "results_dropped": WHOLE,
            "subscribers": WHOLE,
            "prompt_version": WHOLE,
            "schema_version": WHOLE,
            "clips_waiting": WHOLE,
            "calls_saved": WHOLE,
            "frames_buffered": WHOLE,
            "bytes_buffered": WHOLE,
            "frames_unsampled": WHOLE,
            "frames_dropped": OBJECT,
            "frames_waiting": WHOLE,
            "clips_made": WHOLE,
            "clips_pending": WHOLE,
            "clips_abandoned": WHOLE,
        }
    ),
    "FeedbackListResponse": array(
        record(
            {
                "id": TEXT,
                "stream_id": TEXT,
                "rating": WHOLE,
                "category": TEXT,
                "feedback": TEXT,
                "created_at": TEXT,
                "updated_at": TEXT,
            }
        )
    ),
    "StreamInferenceResult": record(
        {
            "id": TEXT,
            "stream_id": TEXT,
            "mode": _MODE,
            "model_backend": TEXT,
            "model_name": TEXT,
            "prompt": TEXT,
            "result": TEXT,
            "inference_latency_ms": NUMBER,
            "total_latency_ms": NUMBER,
            "ok": FLAG,
            "error": nullable(TEXT),
            "finish_reason": nullable(one_of("stop", "length", "content_filter")),
            "timestamp": nullable(NUMBER),
            "timestamp_start": nullable(NUMBER),
            "seq": nullable(WHOLE),
            "frame_start": nullable(WHOLE),
            "frame_end": nullable(WHOLE),
            "prompt_version": nullable(WHOLE),
            "schema_version": nullable(WHOLE),
            "repeated": FLAG,
            "unsupported": array(OBJECT),
            "detected": OBJECT,
        }
    ),
    "OpenApiDocument": OBJECT,
}
