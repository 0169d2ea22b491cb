"""Chat completions: the body of a request, and what is in the body of an answer."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from overshoot.adapters.inference.answer_schema import compact
from overshoot.adapters.inference.remote.pictures import MEDIA_TYPE, Picture
from overshoot.adapters.inference.remote.question import Question, Reply
from overshoot.errors import InferenceError
from overshoot.wire.json_text import is_array, is_object

if TYPE_CHECKING:
    from overshoot.domain.inference import FinishReason

_FINISH: Final[dict[Any, FinishReason]] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
}
_SCHEMA_NAME = "overshoot"


@frozen
class Manner:
    """How a server wants to be asked, as far as it has been learnt from its refusals.

    Attributes:
        most_images: how many pictures it takes in one request; None where it has taken all.
        tokens_field: its name for the limit of output tokens.
        plain: texts of schemas that it does not take as ``response_format``.
    """

    most_images: int | None = None
    tokens_field: str = "max_tokens"
    plain: frozenset[str] = frozenset()


async def request_body(question: Question, manner: Manner) -> dict[str, Any]:
    """What is posted to ``/chat/completions``."""
    parts = await question.parts(manner.most_images)
    messages: list[dict[str, Any]] = [{"role": "user", "content": [_part(part) for part in parts]}]
    if question.correction is not None:
        messages.append({"role": "assistant", "content": question.correction.said})
        messages.append({"role": "user", "content": question.correction.text})
    body: dict[str, Any] = {"model": question.model, "messages": messages, "stream": False}
    if question.max_output_tokens is not None:
        body[manner.tokens_field] = question.max_output_tokens
    if is_formatted(question, manner):
        body["response_format"] = _response_format(question)
    return body


def schema_text(question: Question) -> str:
    """The schema as text, which tells one from another; "" without one."""
    return "" if question.schema is None else compact(question.schema.schema)


def is_formatted(question: Question, manner: Manner) -> bool:
    """Whether the server is to enforce the schema."""
    return question.schema is not None and schema_text(question) not in manner.plain


def reply_of(body: object, name: str) -> Reply:
    """What a model said; `InferenceError` where that is no chat completion."""
    choice = _first(body, "choices")
    message = choice.get("message") if choice is not None else None
    if choice is None or not is_object(message):
        what = "sent an error in place of an answer" if _has_error(body) else "sent no choices"
        raise InferenceError(f"{name} {what}: it speaks no chat completions, or not for this model")
    refusal = message.get("refusal")
    return Reply(
        _text(message.get("content")),
        finish_reason=_FINISH.get(choice.get("finish_reason"), "stop"),
        refusal=refusal if isinstance(refusal, str) else "",
    )


def model_names(body: object) -> tuple[str, ...]:
    """The names in an answer of ``/models``; empty where there is no list."""
    listed = body.get("data") if is_object(body) else None
    entries = listed if is_array(listed) else []
    names = [entry.get("id") for entry in entries if is_object(entry)]
    return tuple(name for name in names if isinstance(name, str) and name)


def _part(part: str | Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = base64.b64encode(part.data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{MEDIA_TYPE};base64,{data}"}}


def _response_format(question: Question) -> dict[str, Any]:
    assert question.schema is not None  # noqa: S101 - asked for no other
    schema = question.schema.schema
    return {
        "type": "json_schema",
        "json_schema": {"name": _SCHEMA_NAME, "strict": is_strict(schema), "schema": schema},
    }


def is_strict(schema: object) -> bool:
    """Whether hosted OpenAI takes a schema as strict: all objects in it are closed, and all their
    properties required. It refuses others so marked; servers on one's own machine do not care."""
    if is_array(schema):
        return all(is_strict(entry) for entry in schema)
    if not is_object(schema):
        return True
    properties = schema.get("properties")
    if is_object(properties):
        required = schema.get("required")
        named = set(required) if is_array(required) else set[Any]()
        if schema.get("additionalProperties") is not False or named != set(properties):
            return False
    elif schema.get("type") == "object":
        return False
    return all(is_strict(value) for value in schema.values())


def _text(content: object) -> str:
    """Text, or the texts of a list of parts."""
    if is_array(content):
        return "".join(_text(part.get("text")) for part in content if is_object(part))
    return content if isinstance(content, str) else ""


def _first(body: object, name: str) -> Mapping[str, Any] | None:
    listed = body.get(name) if is_object(body) else None
    found: object = listed[0] if is_array(listed) and listed else None
    return found if is_object(found) else None


def _has_error(body: object) -> bool:
    return is_object(body) and "error" in body
