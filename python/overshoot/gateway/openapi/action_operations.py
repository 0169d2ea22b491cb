"""The calls on kept actions, with all they may answer."""

from __future__ import annotations

from typing import Final

from overshoot.gateway.openapi.operations import Operation
from overshoot.gateway.openapi.schema_parts import (
    FLAG,
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

EXPORT_FORMATS: Final = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
}
"""What actions go out as, and the media type of each."""

_WORD: Schema = {**TEXT, "maxLength": 128}
_SHARE: Schema = {**NUMBER, "minimum": 0, "maximum": 1}
_LENGTH: Schema = {**NUMBER, "minimum": 0}
_FILTERS: dict[str, Schema] = {
    "stream_id": _WORD,
    "action": _WORD,
    "text": _WORD,
    "start_time": NUMBER,
    "end_time": NUMBER,
    "min_confidence": _SHARE,
    "max_confidence": _SHARE,
    "min_duration": _LENGTH,
    "max_duration": _LENGTH,
}
_ORDERS: Schema = one_of(
    "desc", "asc", "timestamp", "-timestamp", "added", "-added", "confidence", "-confidence"
)

ACTION_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/actions",
        "actions",
        "What was seen to happen, the newest first; with the first page, what still goes on",
        {200: "ActionListResponse"},
        (422, 503),
        query={
            **_FILTERS,
            "order": _ORDERS,
            "cursor": _WORD,
            "limit": {**WHOLE, "minimum": 1, "maximum": 500},
        },
    ),
    Operation(
        "get",
        "/actions/summary",
        "action_summary",
        "How many actions there are of each name",
        {200: "ActionSummaryResponse"},
        (422, 503),
        query=_FILTERS,
    ),
    Operation(
        "get",
        "/actions/export",
        "export_actions",
        "The newest 50 000 actions as a file; as JSON by default",
        {200: None},
        (422, 503),
        media_type=tuple(EXPORT_FORMATS.values()),
        query={**_FILTERS, "order": _ORDERS, "format": one_of(*EXPORT_FORMATS)},
    ),
    Operation(
        "get",
        "/actions/{action_id}/evidence",
        "action_evidence",
        "The clip of an action, or a range of its bytes",
        {200: None, 206: None},
        (404, 416, 503),
        media_type="video/mp4",
    ),
    Operation(
        "get",
        "/actions/{action_id}/thumbnail",
        "action_thumbnail",
        "A picture of an action",
        {200: None},
        (404, 503),
        media_type="image/jpeg",
    ),
)

_ACTION = record(
    {
        "id": TEXT,
        "stream_id": TEXT,
        "action": TEXT,
        "start_time": NUMBER,
        "end_time": nullable(NUMBER),
        "timestamp": NUMBER,
        "confidence": NUMBER,
        "duration": nullable(NUMBER),
        "open": FLAG,
        "seen_until": NUMBER,
        "prompt": nullable(TEXT),
        "prompt_version": nullable(WHOLE),
        "model": nullable(TEXT),
        "wall_time": nullable(TEXT),
        "has_evidence": FLAG,
        "metadata": OBJECT,
    }
)

ACTION_SCHEMAS: dict[str, Schema] = {
    "ActionListResponse": record({"actions": array(_ACTION), "next_cursor": nullable(TEXT)}),
    "ActionSummaryResponse": record(
        {
            "total": WHOLE,
            "actions": array(
                record(
                    {
                        "action": TEXT,
                        "count": WHOLE,
                        "total_duration": NUMBER,
                        "first": NUMBER,
                        "last": NUMBER,
                    }
                )
            ),
        }
    ),
}
