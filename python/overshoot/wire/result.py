"""One answer of the model, as it goes over the result socket."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from attrs import asdict

from overshoot.domain.inference import FinishReason, InferenceResult, Unsupported
from overshoot.errors import ProtocolError
from overshoot.wire.json_text import from_json, is_array, is_object, to_json

_FINISH_REASONS: dict[Any, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


def encode_result(result: InferenceResult) -> dict[str, Any]:
    """The message for one result: every field any client of this API reads, and our additions."""
    return {
        "id": result.id,
        "stream_id": result.stream_id,
        "mode": result.mode,
        "model_backend": result.model_backend,
        "model_name": result.model_name,
        "prompt": result.prompt,
        "result": result.result,
        "inference_latency_ms": result.inference_latency_ms,
        "total_latency_ms": result.total_latency_ms,
        "ok": result.ok,
        "error": result.error,
        "finish_reason": result.finish_reason,
        "timestamp": result.timestamp,
        "timestamp_start": result.timestamp_start,
        "seq": result.seq,
        "frame_start": result.frame_start,
        "frame_end": result.frame_end,
        "prompt_version": result.prompt_version,
        "schema_version": result.schema_version,
        "repeated": result.repeated,
        "unsupported": [asdict(item) for item in result.unsupported],
        "detected": dict(result.detected),
    }


def encode_gap(dropped: int) -> dict[str, Any]:
    """The notice that so many results are missing before the next; for clients that asked for
    notices."""
    return {"type": "gap", "dropped": dropped}


def decode_result(text: str | bytes) -> InferenceResult:
    """One message of the result socket; `ProtocolError` when it is no result.

    What is missing or of a wrong type gets its default, and what is unknown is ignored. The older
    nested ``{"inference": {"result": …}}`` and a bare ``{"error": …}`` are read as well.
    """
    fields = from_json(text)
    if not is_object(fields):
        msg = "the message is no JSON object"
        raise ProtocolError(msg)
    nested = fields.get("inference")
    if "result" not in fields and is_object(nested):
        fields = {**fields, **nested}
    if not {"result", "error", "ok"} & set(fields):
        msg = "the message has neither a result nor an error"
        raise ProtocolError(msg)
    return _result(fields)


def _result(fields: Mapping[str, Any]) -> InferenceResult:
    error = _error_text(fields.get("error"))
    stated = fields.get("ok")
    ok = stated if isinstance(stated, bool) else error is None
    return InferenceResult(
        result=_answer_text(fields.get("result")),
        ok=ok,
        error=error if ok or error else "the gateway gave no reason",
        id=_text(fields, "id"),
        stream_id=_text(fields, "stream_id"),
        mode="frame" if fields.get("mode") == "frame" else "clip",
        model_backend=_text(fields, "model_backend"),
        model_name=_text(fields, "model_name"),
        prompt=_text(fields, "prompt"),
        inference_latency_ms=_number(fields.get("inference_latency_ms")) or 0.0,
        total_latency_ms=_number(fields.get("total_latency_ms")) or 0.0,
        finish_reason=_finish_reason(fields.get("finish_reason")),
        type="inference" if ok else "error",
        timestamp=_number(fields.get("timestamp")),
        timestamp_start=_number(fields.get("timestamp_start")),
        seq=_whole(fields.get("seq")),
        frame_start=_whole(fields.get("frame_start")),
        frame_end=_whole(fields.get("frame_end")),
        prompt_version=_whole(fields.get("prompt_version")),
        schema_version=_whole(fields.get("schema_version")),
        repeated=fields.get("repeated") is True,
        unsupported=_unsupported(fields.get("unsupported")),
        detected=_detected(fields.get("detected")),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _answer_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)


def _error_text(value: object) -> str | None:
    if is_object(value):
        value = value.get("message", "the gateway gave no reason")
    if value is None or value is False:
        return None
    return value if isinstance(value, str) else to_json(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _finish_reason(value: object) -> FinishReason | None:
    return _FINISH_REASONS.get(value) if isinstance(value, str) else None


def _unsupported(value: object) -> tuple[Unsupported, ...]:
    if not is_array(value):
        return ()
    return tuple(
        Unsupported(_text(item, "asked"), _text(item, "reason"), _text(item, "remedy"))
        for item in value
        if is_object(item)
    )


def _detected(value: object) -> dict[str, float]:
    if not is_object(value):
        return {}
    found = {name: _number(entry) for name, entry in value.items()}
    return {name: number for name, number in found.items() if number is not None}
