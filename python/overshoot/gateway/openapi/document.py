"""The OpenAPI 3.1 document of a gateway."""

from __future__ import annotations

from http import HTTPStatus
from itertools import chain
from typing import Any

from overshoot.gateway.openapi.action_operations import ACTION_OPERATIONS, ACTION_SCHEMAS
from overshoot.gateway.openapi.answers import ANSWER_SCHEMAS
from overshoot.gateway.openapi.console_operations import CONSOLE_OPERATIONS, CONSOLE_SCHEMAS
from overshoot.gateway.openapi.operations import OPERATIONS, Operation
from overshoot.gateway.openapi.picture_operations import PICTURE_OPERATIONS, PICTURE_SCHEMAS
from overshoot.gateway.openapi.requests import request_schemas
from overshoot.gateway.openapi.schema_parts import TEXT, ref
from overshoot.gateway.openapi.whip_operations import WHIP_OPERATIONS, WHIP_SCHEMAS

_ABOUT = """\
Video is sent over WebRTC; answers come over a WebSocket.

1. `POST /streams` with an SDP offer, which frames to look at and what to ask. The answer holds the
   whole SDP answer, the lease, and the TURN servers to use, if there are any.
2. Connect a WebSocket to `/ws/streams/{stream_id}` and send `{"api_key": "…"}` first. Each message
   that comes is a `StreamInferenceResult`. Sockets may come and go, and there may be several.
3. `POST /streams/{stream_id}/keepalive` at half the lease's `ttl_seconds`.
4. `DELETE /streams/{stream_id}`.

Publishers that speak WHIP (RFC 9725) do with `POST /whip` what 1 does. What is asked about their
video stands in the query, or in a profile of the gateway's settings. The stream is in the headers
`X-Stream-Id` and `Location`; it lives as long as its video comes, and needs no keepalive.

The socket closes with 1008 for a wrong key or an unknown stream, with 1013 when it is one too many
or reads too slowly, and with 1001 and the reason `stream ended: …` when the stream has ended:
`client_requested`, `webrtc_disconnected`, `lease_expired`, `insufficient_credits` or
`gateway_stopped`.

Where answers carry verdicts (`{"detected_actions": [{"action", "detected", "confidence"}]}`), the
gateway keeps the actions that follow from them, with clips. A key sees the actions of its own
streams; the times of an action are seconds of its stream.

People watch a stream over a WebSocket to `/streams/{stream_id}/watch`. Its first message brings
`api_key` or `ticket`, and may bring `fps` and `side`. Binary messages are pictures: the frame's
index (8 bytes, big-endian), its stream time in seconds (8 bytes, a big-endian double), and a JPEG.
Texts have a `type`: `state`, `stats` (once a second, as `/info`), `result`, `gap` (so many results
were not read in time) and `action` (`event` is `started`, `updated` or `ended`). It closes as the
result socket does.

A ticket from `POST /tickets` stands for the key once, within a minute, where a browser can send no
header: as `?ticket=` of any GET, or in the first message of a watch socket.
"""
_PROSE = {
    403: "The page's origin may not call, or no WebSocket is served there",
    402: "No credits are left",
    404: "No such stream, result, action or clip for this API key, or not any more",
    416: "The clip has no such bytes",
    408: "The body did not arrive in time",
    412: "If-Match names another ICE session",
    413: "The body is too long",
    415: "The body is of another media type",
    421: "The gateway does not go by that host name",
    428: "The header If-Match is missing",
    429: "Too many streams, or asked for too often",
    502: "The model cannot answer this",
    503: "Not ready, or stopping",
    504: "There was no turn, or no answer, in time",
}


def document(*, strict: bool, server: str) -> dict[str, Any]:
    """The document of a gateway that is reached at the path or URL ``server``."""
    paths: dict[str, Any] = {}
    tables = (
        OPERATIONS,
        PICTURE_OPERATIONS,
        CONSOLE_OPERATIONS,
        ACTION_OPERATIONS,
        WHIP_OPERATIONS,
    )
    for operation in chain.from_iterable(tables):
        described = _operation(operation, strict=strict)
        paths.setdefault(operation.path, {})[operation.method] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Media Gateway API", "version": "0.2", "description": _ABOUT},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": {
                **request_schemas(strict=strict),
                **ANSWER_SCHEMAS,
                **PICTURE_SCHEMAS,
                **CONSOLE_SCHEMAS,
                **ACTION_SCHEMAS,
                **WHIP_SCHEMAS,
            },
            "securitySchemes": {"API key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, *, strict: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.handler,
        "summary": operation.summary,
        "security": [{"API key": []}] if operation.key else [],
        "responses": {
            str(status): _answer(operation, status) for status in operation.statuses(strict=strict)
        },
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()
    ]
    parameters += [
        {"name": name, "in": "path", "required": True, "schema": TEXT}
        for name in operation.path_parameters
    ]
    if parameters:
        found["parameters"] = parameters
    if operation.body is not None:
        content = {operation.body_type: {"schema": ref(operation.body)}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": _PROSE.get(status, HTTPStatus(status).phrase)}
    body = operation.answers.get(status, "ErrorResponse")
    if operation.media_type and status in operation.answers:
        answer["content"] = {each: {} for each in operation.media_type}
    elif body is not None:
        answer["content"] = _json(body)
    headers = operation.headers if status in operation.answers else ()
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers = ("Retry-After",)
    if headers:
        answer["headers"] = {name: {"required": True, "schema": TEXT} for name in headers}
    return answer


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(schema)}}
