"""A new prompt for a running stream, and what prompts and schemas must keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from overshoot.wire.json_text import to_json
from overshoot.wire.limits import Limits, fault_in_json
from overshoot.wire.structuring import refusal, request_converter, structure

_converter = request_converter()


@frozen
class _Prompt:
    prompt: str


def encode_prompt(prompt: str) -> dict[str, Any]:
    """The body of ``PATCH /streams/{id}/config/prompt``."""
    return {"prompt": prompt}


def decode_prompt(body: object, *, limits: Limits | None = None) -> str:
    """The prompt of that body; `ValidationError` when it is empty or too long."""
    prompt = structure(body, _Prompt, _converter).prompt
    check_text("prompt", prompt, (limits or Limits()).prompt_bytes)
    return prompt


def check_text(path: str, text: str, limit: int) -> None:
    """Raise `ValidationError` for a text that is blank or longer than ``limit`` bytes."""
    size = len(text.encode())
    if not text.strip():
        raise refusal([{"field": path, "message": "must be a non-empty string"}])
    if size > limit:
        wanted = f"must be at most {limit} bytes of UTF-8, is {size}"
        raise refusal([{"field": path, "message": wanted}])


def check_schema(path: str, schema: Mapping[str, Any], limits: Limits) -> None:
    """Raise `ValidationError` for a schema that is too deep, too long or no JSON."""
    fault = fault_in_json(schema, depth=limits.schema_depth)
    if fault is not None:
        raise refusal([{"field": path, "message": f"must be {fault}"}])
    size = len(to_json(schema).encode())
    if size > limits.schema_bytes:
        text = f"must be at most {limits.schema_bytes} bytes of JSON, is {size}"
        raise refusal([{"field": path, "message": text}])
