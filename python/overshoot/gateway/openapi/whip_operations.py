"""The calls of publishers over WHIP (RFC 9725), with all they may answer."""

from __future__ import annotations

from overshoot.gateway.openapi.operations import Operation
from overshoot.gateway.openapi.schema_parts import FILLED, NUMBER, TEXT, WHOLE, Schema

_ENDPOINT = "/whip"
_SESSION = "/streams/{stream_id}/whip"
_QUERY: dict[str, Schema] = {
    "profile": FILLED,
    "prompt": FILLED,
    "model": FILLED,
    "output_schema_json": {**TEXT, "description": "JSON schema of the answers, as JSON text"},
    "max_output_tokens": {**WHOLE, "minimum": 1},
    "target_fps": {**WHOLE, "minimum": 1, "maximum": 30},
    "clip_length_seconds": {**NUMBER, "minimum": 0.1, "maximum": 60},
    "delay_seconds": {**NUMBER, "exclusiveMinimum": 0},
    "interval_seconds": {**NUMBER, "exclusiveMinimum": 0, "maximum": 60},
}

WHIP_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        _ENDPOINT,
        "publish",
        "Publish video over WHIP: an SDP offer for an SDP answer",
        {201: None},
        (402, 404, 415, 429, 503),
        "SdpOffer",
        media_type=("application/sdp",),
        body_type="application/sdp",
        query=_QUERY,
        headers=("Location", "ETag", "X-Stream-Id"),
    ),
    Operation(
        "get", _ENDPOINT, "look_at_endpoint", "Nothing, as RFC 9725 section 4.1 has it", {204: None}
    ),
    Operation(
        "options",
        _ENDPOINT,
        "endpoint_options",
        "What may be posted",
        {200: None},
        key=False,
        headers=("Accept-Post",),
    ),
    Operation(
        "patch",
        _SESSION,
        "trickle",
        "Bring more ICE candidates of a publisher",
        {204: None},
        (404, 412, 415, 428),
        "SdpFragment",
        body_type="application/trickle-ice-sdpfrag",
    ),
    Operation(
        "delete",
        _SESSION,
        "unpublish",
        "End a publisher's session and its stream",
        {200: "StatusResponse", 204: None},
        (404,),
    ),
    Operation(
        "get",
        _SESSION,
        "look_at_session",
        "Nothing, while the session runs",
        {204: None},
        (404,),
    ),
    Operation(
        "options",
        _SESSION,
        "session_options",
        "What a session takes",
        {200: None},
        key=False,
        headers=("Accept-Patch",),
    ),
)

WHIP_SCHEMAS: dict[str, Schema] = {
    "SdpOffer": {**FILLED, "description": "A session description that sends video"},
    "SdpFragment": {**TEXT, "description": "ICE candidates as in RFC 8840 section 9"},
}
