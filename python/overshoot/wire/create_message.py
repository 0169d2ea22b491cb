"""The fields of a create request, as the OpenAPI document names and bounds them."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Literal

from attrs import field, fields, frozen

from overshoot.domain.validation import a_number, a_text, a_whole_number
from overshoot.wire.json_text import is_object
from overshoot.wire.structuring import (
    JsonObject,
    WrongValueError,
    refusal,
    register_open,
    request_converter,
    structure,
)

_ANY = 10**9


@frozen
class ClipProcessing:
    """Clip mode. Ranges are those that are taken leniently."""

    clip_length_seconds: float = field(validator=a_number(0.1, 60.0, "s"))
    delay_seconds: float = field(validator=a_number(0.0, _ANY, "s"))
    target_fps: int | None = field(
        default=None, validator=a_whole_number(1, 30, "frames/s", optional=True)
    )
    sampling_ratio: float | None = field(default=None, validator=a_number(0.0, 1.0, optional=True))
    fps: int | None = field(
        default=None, validator=a_whole_number(1, _ANY, "frames/s", optional=True)
    )


@frozen
class FrameProcessing:
    """Frame mode."""

    interval_seconds: float = field(validator=a_number(0.0, 60.0, "s", above=True))


@frozen
class InferenceMessage:
    """What is asked."""

    prompt: str = field(validator=a_text())
    model: str = field(validator=a_text())
    backend: Literal["gemini", "overshoot"] = "overshoot"
    output_schema_json: JsonObject | None = None
    max_output_tokens: int | None = field(
        default=None, validator=a_whole_number(1, 1_000_000, "tokens", optional=True)
    )


@frozen
class OfferMessage:
    """The older way to send an offer."""

    type: Literal["offer"]
    sdp: str = field(validator=a_text())


@frozen
class SourceMessage:
    """Where the video comes from; which fields belong to which type is checked when it is read."""

    type: Literal["webrtc", "livekit", "native"]
    sdp: str | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)


@frozen
class ClientMessage:
    """The client about itself; other keys are its own."""

    request_id: str | None = None


@frozen
class CreateMessage:
    """A whole request; other keys are ignored."""

    processing: ClipProcessing | FrameProcessing
    inference: InferenceMessage
    webrtc: OfferMessage | None = None
    source: SourceMessage | None = None
    mode: Literal["clip", "frame"] | None = None
    client: ClientMessage | None = None
    motion_gate: bool | None = None


_EXTENSIONS = {"motion_gate"}

_SOURCE_FIELDS = {
    "webrtc": {"type", "sdp"},
    "livekit": {"type", "url", "token"},
    "native": {"type"},
}

_converter = request_converter()


def _read_processing(value: Any, _: Any) -> ClipProcessing | FrameProcessing:
    if is_object(value) and "interval_seconds" in value:
        return _converter.structure(value, FrameProcessing)
    return _converter.structure(value, ClipProcessing)


_converter.register_structure_hook(ClipProcessing | FrameProcessing, _read_processing)
register_open(_converter, ClientMessage, CreateMessage)


def read_message(body: object, *, strict: bool) -> CreateMessage:
    """The fields of ``body``; `ValidationError` with the path of what is wrong."""
    message = structure(_known(body) if strict else _relaxed(body), CreateMessage, _converter)
    faults = _source_faults(message.source) + _rate_faults(message.processing)
    if strict:
        faults += _document_faults(message.processing)
    if faults:
        raise refusal([{"field": path, "message": text} for path, text in faults])
    return message


def _source_faults(source: SourceMessage | None) -> list[tuple[str, str]]:
    if source is None:
        return []
    wanted = _SOURCE_FIELDS[source.type]
    faults: list[tuple[str, str]] = []
    for name in (a.name for a in fields(SourceMessage)):
        value = getattr(source, name)
        if name in wanted and not value:
            faults.append((f"source.{name}", "must be a non-empty string"))
        if name not in wanted and value is not None:
            faults.append((f"source.{name}", f"does not belong to a {source.type} source"))
    return faults


def _rate_faults(processing: ClipProcessing | FrameProcessing) -> list[tuple[str, str]]:
    if isinstance(processing, FrameProcessing) or processing.target_fps is None:
        return []
    if processing.fps is None and processing.sampling_ratio is None:
        return []
    return [("processing.target_fps", "replaces fps and sampling_ratio: give one or the other")]


def _document_faults(processing: ClipProcessing | FrameProcessing) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if isinstance(processing, ClipProcessing):
        if processing.delay_seconds == 0:
            faults.append(("processing.delay_seconds", "must be above 0"))
        ratio = processing.sampling_ratio
        if ratio is not None and ratio < 0.1:  # noqa: PLR2004
            faults.append(("processing.sampling_ratio", "must be from 0.1 to 1.0"))
    return faults


def _known(body: object) -> object:
    """Without our extensions: to the document they are keys like any other, of no meaning."""
    return {k: v for k, v in body.items() if k not in _EXTENSIONS} if is_object(body) else body


def _relaxed(body: object) -> object:
    """What published clients send and the document refuses, put into the document's form."""
    if not is_object(body):
        return body
    relaxed = dict(body)
    processing, inference = body.get("processing"), body.get("inference")
    if is_object(processing):
        relaxed["processing"] = _relaxed_processing(dict(processing))
    if is_object(inference):
        relaxed["inference"] = _relaxed_inference(dict(inference))
    return relaxed


def _relaxed_processing(processing: dict[str, Any]) -> dict[str, Any]:
    if "interval_seconds" in processing:
        return processing
    for name in ("clip_length_seconds", "delay_seconds"):
        if processing.get(name) is None:
            processing[name] = 1.0
    fps = processing.get("fps")
    if isinstance(fps, float) and isfinite(fps) and fps > 0:
        processing["fps"] = max(1, round(fps))
    return processing


def _relaxed_inference(inference: dict[str, Any]) -> dict[str, Any]:
    if inference.get("backend", "") is None:
        del inference["backend"]
    schema = inference.get("output_schema_json")
    if isinstance(schema, str):
        try:
            inference["output_schema_json"] = json.loads(schema)
        except (ValueError, RecursionError):
            msg = "a JSON object, or the text of one"
            fault = {"field": "inference.output_schema_json", "message": str(WrongValueError(msg))}
            raise refusal([fault]) from None
    return inference
