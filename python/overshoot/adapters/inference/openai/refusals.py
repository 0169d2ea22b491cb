"""What a refusal teaches about how a server wants to be asked."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from attrs import evolve

from overshoot.adapters.inference.openai.chat import Manner, is_formatted, schema_text

if TYPE_CHECKING:
    from overshoot.adapters.inference.openai.server import RefusedError
    from overshoot.adapters.inference.remote.question import Question

_UNTAKEN: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_IMPLEMENTED}
)
_AT_MOST = re.compile(
    r"(?i)at most (\d{1,3}) image|(\d{1,3}) images? (?:are|is) (?:allowed|supported)"
)
_ONLY_ONE = re.compile(
    r"(?i)(?:only|a|at most)\s+(?:one|single|1)\s+image|multiple images|one image per"
)
_OTHER_TOKENS_FIELD = re.compile(r"(?i)max_completion_tokens")
_ABOUT_FORMAT = re.compile(
    r"(?i)response_format|response format|json_schema|json schema|schema|grammar|guided|structured"
)
_ABOUT_SOMETHING_ELSE = re.compile(
    r"(?i)context|image|too (?:large|long|many)|length|not found|no such model|api key|tokens"
)
_MOST_SCHEMAS = 256


def learnt(manner: Manner, refusal: RefusedError, question: Question, shown: int) -> Manner | None:
    """How to ask instead, after ``shown`` pictures were refused; None where nothing is left."""
    most = _images_taken(refusal.words)
    if most is not None and most < shown:
        return evolve(manner, most_images=most)
    named_otherwise = question.max_output_tokens and manner.tokens_field == "max_tokens"
    if named_otherwise and _OTHER_TOKENS_FIELD.search(refusal.words):
        return evolve(manner, tokens_field="max_completion_tokens")
    if is_formatted(question, manner) and _is_about_the_format(refusal):
        kept = manner.plain if len(manner.plain) < _MOST_SCHEMAS else frozenset[str]()
        return evolve(manner, plain=kept | {schema_text(question)})
    return None


def _images_taken(words: str) -> int | None:
    if found := _AT_MOST.search(words):
        return max(1, int(found[1] or found[2]))
    return 1 if _ONLY_ONE.search(words) else None


def _is_about_the_format(refusal: RefusedError) -> bool:
    """Said so, or a bare refusal of the body: then the format is what not every server knows."""
    if _ABOUT_FORMAT.search(refusal.words):
        return True
    return refusal.status in _UNTAKEN and not _ABOUT_SOMETHING_ELSE.search(refusal.words)
