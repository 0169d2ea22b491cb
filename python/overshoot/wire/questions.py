"""Questions that are asked once: about a clip that a stream still has, or about a picture."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from overshoot.domain.validation import a_number, a_text, a_whole_number
from overshoot.wire.limits import Limits
from overshoot.wire.prompt import check_schema, check_text
from overshoot.wire.structuring import (
    JsonObject,
    refusal,
    register_open,
    request_converter,
    structure,
)

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceAnswer

_DATA_URL = "data:"
_BASE64 = ";base64,"


@frozen
class ClipQuestion:
    """The body of ``POST /chat/completions/clip``.

    Attributes:
        result_id: the result whose clip is asked about again.
        prompt: what is asked.
        model: who is asked.
        output_schema: shape of the answer, or None for text.
        max_tokens: limit of its length.
        temperature: taken because clients send it; backends have a setting of their own for it.
    """

    result_id: str = field(validator=a_text())
    prompt: str = field(validator=a_text())
    model: str = field(validator=a_text())
    output_schema: JsonObject | None = None
    max_tokens: int | None = field(
        default=None, validator=a_whole_number(1, 1_000_000, "tokens", optional=True)
    )
    temperature: float | None = field(default=None, validator=a_number(0, 2, optional=True))


@frozen
class ImageQuestion:
    """The body of ``POST /inference/image``.

    Attributes:
        image: a JPEG in base64, with or without ``data:image/jpeg;base64,`` before it.
        prompt: what is asked.
        model: who is asked.
        output_schema: shape of the answer, or None for text.
        max_tokens: limit of its length.
    """

    image: str = field(validator=a_text(), repr=False)
    prompt: str = field(validator=a_text())
    model: str = field(validator=a_text())
    output_schema: JsonObject | None = None
    max_tokens: int | None = field(
        default=None, validator=a_whole_number(1, 1_000_000, "tokens", optional=True)
    )

    def picture(self) -> bytes:
        """The bytes of ``image``; `ValidationError` where it is no base64."""
        encoded = self.image
        if encoded.startswith(_DATA_URL):
            _, _, encoded = encoded.partition(_BASE64)
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if not data:
            text = "must be a JPEG in base64, or a data URL of one"
            raise refusal([{"field": "image", "message": text}])
        return data


@frozen
class _Schema:
    output_schema_json: JsonObject | None


_converter = request_converter()
register_open(_converter, ClipQuestion, ImageQuestion)


def decode_clip_question(body: object, *, limits: Limits | None = None) -> ClipQuestion:
    """A question about a clip; unknown keys are ignored, `ValidationError` for anything wrong."""
    question = structure(body, ClipQuestion, _converter)
    check_text("result_id", question.result_id, (limits or Limits()).text_bytes)
    _check(question, limits or Limits())
    return question


def decode_image_question(body: object, *, limits: Limits | None = None) -> ImageQuestion:
    """A question about a picture, which is not looked into yet; otherwise as for a clip."""
    question = structure(body, ImageQuestion, _converter)
    _check(question, limits or Limits())
    return question


def decode_schema_update(body: object, *, limits: Limits | None = None) -> Mapping[str, Any] | None:
    """The schema of ``PATCH /streams/{id}/config/schema``; None asks for free text."""
    schema = structure(body, _Schema, _converter).output_schema_json
    if schema is not None:
        check_schema("output_schema_json", schema, limits or Limits())
    return schema


def encode_completion(completion_id: str, model: str, answer: InferenceAnswer) -> dict[str, Any]:
    """The answer to such a question; tokens are not counted here, which ``usage`` says."""
    return {
        "id": completion_id,
        "model": model,
        "content": answer.text,
        "finish_reason": answer.finish_reason,
        "usage": None,
        "unsupported": [
            {"asked": each.asked, "reason": each.reason, "remedy": each.remedy}
            for each in answer.unsupported
        ],
        "detected": dict(answer.detected),
    }


def _check(question: ClipQuestion | ImageQuestion, limits: Limits) -> None:
    check_text("prompt", question.prompt, limits.prompt_bytes)
    check_text("model", question.model, limits.text_bytes)
    if question.output_schema is not None:
        check_schema("output_schema", question.output_schema, limits)
