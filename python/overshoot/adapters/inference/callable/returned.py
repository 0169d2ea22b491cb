"""What a function of the user's returned, as an answer, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from overshoot.adapters.inference.answer_schema import compact
from overshoot.domain.inference import InferenceAnswer
from overshoot.errors import InferenceError
from overshoot.wire.json_text import is_array, is_object

if TYPE_CHECKING:
    from overshoot.adapters.inference.answer_schema import SchemaReader

_WANTED = "text, a dict or list, or an InferenceAnswer"


def answer_from(returned: object, schema: SchemaReader | None, label: str) -> InferenceAnswer:
    """The answer, its text checked against the schema.

    Raises `InferenceError`, naming the function, for anything else than it may return.
    """
    answer = _answer(returned, label)
    if schema is None:
        return answer
    read = schema.read(answer.text)
    if read.problem is not None:
        raise InferenceError(
            f"{label} returned what the output schema does not allow: {read.problem}"
        )
    return evolve(answer, text=compact(read.value))


def _answer(returned: object, label: str) -> InferenceAnswer:
    if isinstance(returned, InferenceAnswer):
        return _checked(returned, label)
    if isinstance(returned, str):
        return InferenceAnswer(returned)
    # Bytes are a sequence, too, of numbers; nobody means that.
    if is_object(returned) or is_array(returned):
        return InferenceAnswer(_json(returned, label))
    raise InferenceError(f"{label} returned {_kind(returned)}; it must return {_WANTED}")


def _json(returned: Mapping[str, Any] | Sequence[Any], label: str) -> str:
    try:
        return compact(dict(returned) if is_object(returned) else returned)
    except (TypeError, ValueError, RecursionError) as error:
        raise InferenceError(
            f"{label} returned {_kind(returned)} that JSON cannot hold: {error};"
            " make numbers of NumPy plain with .item() or .tolist()"
        ) from error


def _checked(answer: InferenceAnswer, label: str) -> InferenceAnswer:
    text: object = answer.text
    if not isinstance(text, str):
        raise InferenceError(
            f"{label} returned an InferenceAnswer whose text is {_kind(text)}; it must be a string"
        )
    for name, sure in answer.detected.items():
        fits = isinstance(sure, int | float) and 0.0 <= sure <= 1.0
        if not fits:
            raise InferenceError(
                f"{label} returned detected[{name!r:.60}] = {sure!r:.60};"
                " it must be from 0.0 to 1.0"
            )
    return answer


def _kind(value: object) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"
