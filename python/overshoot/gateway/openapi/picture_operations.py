"""The calls on pictures, with all they may answer, and their bodies."""

from __future__ import annotations

from overshoot.gateway.openapi.operations import Operation
from overshoot.gateway.openapi.schema_parts import (
    FILLED,
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
)

_STREAM = "/streams/{stream_id}"
_TOKENS: Schema = {**WHOLE, "minimum": 1, "maximum": 1_000_000}
_SIDE: Schema = {**NUMBER, "minimum": 16, "maximum": 1280}

PICTURE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        _STREAM + "/thumbnail.jpg",
        "thumbnail",
        "The newest picture of a stream",
        {200: None},
        (404, 422),
        media_type="image/jpeg",
        query={"side": _SIDE},
    ),
    Operation(
        "get",
        _STREAM + "/preview.mjpeg",
        "preview",
        "Pictures of a stream until it ends, as motion JPEG",
        {200: None},
        (404, 422, 429),
        media_type="multipart/x-mixed-replace",
        query={"fps": {**NUMBER, "minimum": 0.1, "maximum": 15}, "side": _SIDE},
    ),
    Operation(
        "patch",
        _STREAM + "/config/schema",
        "update_schema",
        "Ask for answers of another shape from the next clip on",
        {200: "StreamConfigResponse"},
        (404,),
        "SchemaUpdateRequest",
    ),
    Operation(
        "post",
        "/chat/completions/clip",
        "ask_about_clip",
        "Ask something else about the clip of a result, while its frames are at hand",
        {200: "CompletionResponse"},
        (402, 404, 429, 502, 503, 504),
        "ClipCompletionRequest",
    ),
    Operation(
        "post",
        "/inference/image",
        "ask_about_image",
        "Ask about one JPEG that comes with the question",
        {200: "CompletionResponse"},
        (402, 429, 502, 503, 504),
        "ImageInferenceRequest",
    ),
)

_QUESTION: dict[str, Schema] = {
    "prompt": FILLED,
    "model": FILLED,
    "output_schema": nullable(OBJECT),
    "max_tokens": nullable(_TOKENS),
}

PICTURE_SCHEMAS: dict[str, Schema] = {
    "SchemaUpdateRequest": closed({"output_schema_json": nullable(OBJECT)}),
    "ClipCompletionRequest": record(
        {
            "result_id": FILLED,
            **_QUESTION,
            "temperature": nullable({**NUMBER, "minimum": 0, "maximum": 2}),
        },
        optional=("output_schema", "max_tokens", "temperature"),
    ),
    "ImageInferenceRequest": record(
        {
            "image": {**FILLED, "description": "JPEG in base64, or a data URL of one"},
            **_QUESTION,
        },
        optional=("output_schema", "max_tokens"),
    ),
    "CompletionResponse": record(
        {
            "id": TEXT,
            "model": TEXT,
            "content": TEXT,
            "finish_reason": one_of("stop", "length", "content_filter"),
            "usage": {"type": "null"},
            "unsupported": array(OBJECT),
            "detected": OBJECT,
        }
    ),
}
