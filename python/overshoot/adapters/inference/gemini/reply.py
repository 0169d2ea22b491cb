"""What the Gemini API answers, and what its errors say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from overshoot.adapters.inference.remote.question import Reply
from overshoot.adapters.inference.remote.retrying import (
    TRANSIENT_STATUSES,
    TransientError,
    seconds_wanted,
    status_of,
)
from overshoot.errors import InferenceError
from overshoot.wire.json_text import is_array, is_object
from overshoot.wire.schema import shortened

if TYPE_CHECKING:
    from google.genai import errors, types

    from overshoot.domain.inference import FinishReason

NAME: Final = "the Gemini API"
_LONGEST_WORDS = 240
_WITHHELD: Final = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "LANGUAGE",
        "MODEL_ARMOR",
        "ESCALATION",
    }
)
_RETRY_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s")


class SchemaRefusedError(InferenceError):
    """The API does not take a schema: it knows a part of JSON Schema alone."""


def reply_of(response: types.GenerateContentResponse) -> Reply:
    """What the model said, or that it was withheld."""
    blocked = response.prompt_feedback and response.prompt_feedback.block_reason
    if blocked:
        return Reply("", "content_filter", f"the prompt was blocked ({_value(blocked)})")
    candidate = response.candidates[0] if response.candidates else None
    if candidate is None:
        raise InferenceError(f"{NAME} sent no candidates")
    ended = _value(candidate.finish_reason)
    parts = (candidate.content and candidate.content.parts) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    if ended in _WITHHELD:
        return Reply(text, "content_filter", candidate.finish_message or f"stopped for {ended}")
    if not text and ended not in {"STOP", "MAX_TOKENS", ""}:
        raise InferenceError(f"{NAME} stopped without an answer ({ended})")
    finish: FinishReason = "length" if ended == "MAX_TOKENS" else "stop"
    return Reply(text, finish)


def error_of(error: errors.APIError, key: str, now: float) -> InferenceError:
    """The error for a refusal; ``key`` is masked, ``now`` is the wall clock."""
    said = str(error.message or error.status or "").replace(key, "***")
    words = shortened(said, _LONGEST_WORDS)
    if error.code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or "API key" in words:
        return InferenceError(f"{NAME} refuses the key ({error.code})")
    message = f"{NAME} answered {error.code}: {words}" if words else f"{NAME}: {error.code}"
    if error.code in TRANSIENT_STATUSES:
        return TransientError(message, wait=_wait(error, now), status=status_of(error.code))
    if error.code == HTTPStatus.BAD_REQUEST and "schema" in words.lower():
        return SchemaRefusedError(message)
    return InferenceError(message)


def _wait(error: errors.APIError, now: float) -> float | None:
    """Seconds of a ``RetryInfo`` in the details, or of the header."""
    # The library types neither of the two.
    details: object = getattr(error, "details", None)
    for detail in _details(details):
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and (found := _RETRY_DELAY.fullmatch(delay)):
            return float(found[1])
    response: object = getattr(error, "response", None)
    headers = getattr(response, "headers", None)
    return seconds_wanted(headers.get("Retry-After") if headers else None, now)


def _details(body: object) -> Iterator[Mapping[str, Any]]:
    error = body.get("error", body) if is_object(body) else None
    listed = error.get("details") if is_object(error) else None
    return (detail for detail in (listed if is_array(listed) else []) if is_object(detail))


def unreadable(cause: Exception) -> InferenceError:
    """The error for a body that the library could not read."""
    if isinstance(cause, json.JSONDecodeError) or isinstance(cause.__cause__, json.JSONDecodeError):
        return InferenceError(f"{NAME} sent JSON that is broken or cut off")
    return InferenceError(f"{NAME} sent what is no answer of it ({type(cause).__name__})")


def _value(word: object) -> str:
    return str(getattr(word, "value", word) or "")
