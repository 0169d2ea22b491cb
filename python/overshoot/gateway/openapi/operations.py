"""Every call of the gateway, with all it may answer."""

from __future__ import annotations

import re
from typing import Literal

from attrs import field, frozen

from overshoot.gateway.openapi.schema_parts import Schema

# What the guards before every handler say, and the last door behind it.
_ALWAYS = (403, 421, 500)
_BODY = (400, 408, 413, 422)


def _several(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given


@frozen
class Operation:
    """One call.

    Attributes:
        method: of HTTP.
        path: under the gateway's prefix, its parameters in braces.
        handler: name of the method of `Routes` that answers it, and of the operation.
        summary: what it does.
        answers: success statuses, each with the name of its body's schema, or None for no body.
        refusals: what it may refuse with, beside what every call may.
        body: name of the schema of the body it reads.
        key: whether it asks for an API key.
        media_type: of its success, where that is no JSON; one or several.
        query: schemas of what may stand in the query, all of it optional.
        body_type: media type of the body it reads; of any other than JSON it asks to be told.
        headers: those that its successes always have.
    """

    method: Literal["get", "post", "patch", "delete", "options"]
    path: str
    handler: str
    summary: str
    answers: dict[int, str | None]
    refusals: tuple[int, ...] = ()
    body: str | None = None
    key: bool = field(default=True, kw_only=True)
    media_type: tuple[str, ...] = field(default=(), kw_only=True, converter=_several)
    query: dict[str, Schema] = field(factory=dict[str, Schema], kw_only=True)
    body_type: str = field(default="application/json", kw_only=True)
    headers: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Names of what stands in the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def at_root(self) -> bool:
        """Whether it is served at the server's root as well, for those who know no prefix."""
        return not self.key and not self.path_parameters

    def statuses(self, *, strict: bool) -> tuple[int, ...]:
        """All statuses it answers with, ascending."""
        found = {*self.answers, *self.refusals, *_ALWAYS}
        if self.key:
            found.add(401)
        if self.body is not None:
            found.update(_BODY)
        if strict and "{stream_id}" in self.path and self.key:
            found.add(400)
            if self.handler == "feedback":
                # The API's own document knows no 404 for this call.
                found.discard(404)
        return tuple(sorted(found))


_STREAM = "/streams/{stream_id}"
_OK: dict[int, str | None] = {200: "StatusResponse"}

OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/healthz", "health", "Whether the gateway runs", _OK, key=False),
    Operation(
        "get", "/readyz", "ready", "Whether new streams would be answered", _OK, (503,), key=False
    ),
    Operation(
        "get", "/openapi.json", "openapi", "This document", {200: "OpenApiDocument"}, key=False
    ),
    Operation("get", "/models", "models", "What can be asked", {200: "ModelsResponse"}),
    Operation(
        "post",
        "/streams",
        "create",
        "Begin a stream",
        {201: "StreamCreateResponse"},
        (402, 429, 503),
        "StreamCreateRequest",
    ),
    # Before /streams/{stream_id}: the first that fits is taken.
    Operation(
        "get",
        "/streams/feedback",
        "all_feedback",
        "The feedback of this key",
        {200: "FeedbackListResponse"},
    ),
    Operation(
        "get",
        _STREAM + "/info",
        "info",
        "What is counted of a stream",
        {200: "StreamInfoResponse"},
        (404,),
    ),
    Operation(
        "post",
        _STREAM + "/keepalive",
        "keepalive",
        "Renew the lease",
        {200: "KeepaliveResponse"},
        (402, 404),
    ),
    Operation(
        "patch",
        _STREAM + "/config/prompt",
        "update_prompt",
        "Ask something else from the next clip on",
        {200: "StreamConfigResponse"},
        (404,),
        "PromptUpdateRequest",
    ),
    Operation(
        "post",
        _STREAM + "/feedback",
        "feedback",
        "Say how good the answers are",
        _OK,
        (404,),
        "FeedbackCreateRequest",
    ),
    Operation(
        "post", _STREAM + "/spectate", "spectate", "Not served: always refused", {}, (400, 404)
    ),
    Operation("delete", _STREAM, "delete", "End a stream", {**_OK, 204: None}, (404,)),
    Operation(
        "get",
        "/ws/streams/{stream_id}",
        "results",
        "The result socket: a WebSocket",
        {101: None},
        (400,),
        key=False,
    ),
)
