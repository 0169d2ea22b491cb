"""From what a model says to a value of the caller's: what was read, or why nothing could be."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Generic

from attrs import evolve, field, frozen

from overshoot.domain.answer_text import find_json
from overshoot.domain.inference import AnswerT, InferenceResult, JsonSchema

_SHOWN_CHARACTERS = 80
_CONTAINERS = frozenset({"object", "array"})


class UnfitAnswerError(ValueError):
    """JSON that is not what the schema asks for; the message says where and why."""


@frozen
class Parsed(Generic[AnswerT]):
    """What was read in an answer.

    Attributes:
        value: the answer as a value; None when there is a problem.
        problem: where and why it could not be read, such as
            ``"$.count: expected integer, got 'x'"``; None when it could.
    """

    value: AnswerT | None = None
    problem: str | None = None


@frozen
class AnswerReader(Generic[AnswerT]):
    """Reads answers to one ``output_schema``; made once per stream.

    Attributes:
        schema: the JSON schema that goes to the gateway.
    """

    schema: JsonSchema = field(repr=False)
    _structure: Callable[[Any], AnswerT] = field(repr=False)

    def read(self, text: str) -> Parsed[AnswerT]:
        """The first JSON value in ``text`` that is what the schema asks for; never raises.

        The text may be the JSON alone, or have it in a fence (three backticks) or between words.
        """
        problem = fault = None
        kinds = _kinds(self.schema)
        for found in find_json(text, kinds):
            if found.fault is not None:
                fault = fault or found.fault
                continue
            try:
                return Parsed(self._structure(found.value))
            except UnfitAnswerError as error:
                problem = problem or str(error)
        return Parsed(problem=problem or fault or _nothing(text, kinds))


def with_parsed(
    result: InferenceResult[Any], reader: AnswerReader[AnswerT]
) -> InferenceResult[AnswerT]:
    """``result`` with ``parsed``, or with ``parse_error``; a result that is not ok has neither."""
    if not result.ok:
        return evolve(result, parsed=None, parse_error=None)
    found = reader.read(result.result)
    problem = found.problem
    if problem is not None and result.finish_reason == "length":
        problem += " (the model stopped at its limit of output tokens)"
    return evolve(result, parsed=found.value, parse_error=problem)


def _kinds(schema: JsonSchema) -> Collection[str]:
    """The JSON types that the schema names; without one, objects and arrays."""
    named: str | list[str] | None = schema.get("type")
    if named is None:
        return _CONTAINERS
    return {named} if isinstance(named, str) else named


def _nothing(text: str, kinds: Collection[str]) -> str:
    flat = " ".join(text[: 4 * _SHOWN_CHARACTERS].split())
    shown = flat if len(flat) <= _SHOWN_CHARACTERS else f"{flat[:_SHOWN_CHARACTERS]}…"
    wanted = " or ".join(sorted(kinds, reverse=True))
    return f"no JSON {wanted} in the answer: {shown!r}" if shown else "the answer is empty"
