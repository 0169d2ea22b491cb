"""The calls that the gateway's own page is made of, with all they may answer."""

from __future__ import annotations

from overshoot.gateway.openapi.operations import Operation
from overshoot.gateway.openapi.schema_parts import (
    NUMBER,
    OBJECT,
    TEXT,
    WHOLE,
    Schema,
    array,
    nullable,
    one_of,
    record,
)

CONSOLE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/streams",
        "streams",
        "The running streams of this key, the newest first",
        {200: "StreamListResponse"},
    ),
    Operation(
        "get",
        "/streams/{stream_id}/watch",
        "watch",
        "Pictures, results and actions of a stream: a WebSocket",
        {101: None},
        (400,),
        key=False,
    ),
    Operation(
        "post",
        "/tickets",
        "issue_ticket",
        "Something that stands for the key, once, within a minute",
        {201: "TicketResponse"},
    ),
)

_STREAM = record(
    {
        "id": TEXT,
        "stream_id": TEXT,
        "state": one_of("pending", "active", "idle"),
        "created_at": TEXT,
        "source": one_of("webrtc", "whip"),
        "model": TEXT,
        "backend": TEXT,
        "prompt": TEXT,
        "prompt_version": WHOLE,
        "schema_version": WHOLE,
        "output_schema": nullable(OBJECT),
        "actions": nullable(array(TEXT)),
        "width": WHOLE,
        "height": WHOLE,
        "fps": NUMBER,
        "uptime_seconds": NUMBER,
        "inferences_completed": WHOLE,
        "inferences_failed": WHOLE,
        "last_inference_latency_seconds": NUMBER,
        "frames_received": WHOLE,
        "results_dropped": WHOLE,
        "clips_skipped": WHOLE,
    }
)

CONSOLE_SCHEMAS: dict[str, Schema] = {
    "StreamListResponse": record({"streams": array(_STREAM)}),
    "TicketResponse": record({"ticket": TEXT, "expires_in": WHOLE}),
}
