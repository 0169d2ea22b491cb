"""Errors on their way from a gateway to a caller."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from overshoot.errors import ApiError, api_error
from overshoot.wire.json_text import is_object

_CODES = {
    HTTPStatus.BAD_REQUEST: "validation_error",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.PAYMENT_REQUIRED: "insufficient_credits",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    HTTPStatus.MISDIRECTED_REQUEST: "misdirected_request",
    HTTPStatus.UNPROCESSABLE_ENTITY: "validation_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
}


def encode_error(error: ApiError, request_id: str | None = None) -> dict[str, Any]:
    """The body that goes with an error status."""
    fallback = (
        "internal" if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else "unknown_error"
    )
    return {
        "error": error.code or _CODES.get(HTTPStatus(error.status_code), fallback),
        "message": error.message,
        "request_id": error.request_id or request_id,
        "details": error.details,
    }


def decode_error(status: int, body: object) -> ApiError:
    """The error of the tree for an answer with an error status; ``body`` may be anything.

    Known forms: ``{error, message?, request_id?, details?}`` and the later ``{detail}``.
    """
    found: Mapping[str, Any] = body if is_object(body) else {}
    code = _text(found.get("error"))
    message = _text(found.get("message")) or code or _text(found.get("detail"))
    return api_error(
        status,
        message or f"the gateway answered {status} without saying why",
        request_id=_text(found.get("request_id")),
        details=found.get("details"),
        code=code,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
