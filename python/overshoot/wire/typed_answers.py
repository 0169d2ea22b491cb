"""Answers as values of the caller's: from ``output_schema`` to what reads the text of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import isclass
from typing import TYPE_CHECKING, Any, TypeAlias, get_origin, overload

from overshoot.domain.answer import AnswerReader, UnfitAnswerError
from overshoot.errors import ConfigurationError, ProtocolError
from overshoot.wire.class_schema import schema_of
from overshoot.wire.class_structuring import structurer, structuring_faults
from overshoot.wire.json_text import from_json, is_object, to_json
from overshoot.wire.schema import CompiledSchema, UnusableSchemaError, in_words

if TYPE_CHECKING:
    from overshoot.domain.inference import AnswerT

_Build: TypeAlias = Callable[[Any], Any]
_WANTED = (
    "a JSON schema (a mapping, or its text) or a class"
    " (attrs, dataclass, TypedDict or Pydantic model)"
)


@overload
def answer_reader(output_schema: None) -> None: ...
@overload
def answer_reader(output_schema: type[AnswerT]) -> AnswerReader[AnswerT]: ...
@overload
def answer_reader(output_schema: Mapping[str, Any] | str) -> AnswerReader[Any]: ...
@overload
def answer_reader(
    output_schema: type[AnswerT] | Mapping[str, Any] | str | None,
) -> AnswerReader[AnswerT] | None: ...
def answer_reader(output_schema: object) -> AnswerReader[Any] | None:
    """What reads answers to ``output_schema``, and the schema for the gateway; None for None.

    Args:
        output_schema: a JSON schema as a mapping or as JSON text: answers are the decoded JSON. Or
            a class, for which the schema is derived: an attrs class, a dataclass, a TypedDict (or
            any type made of these, such as ``list[Person]``) is built by cattrs; a Pydantic model
            has its own schema and builds itself.

    Raises:
        ConfigurationError: the schema is none, or refers to something outside itself; or the class
            has a field whose type JSON has not: the message names it, and what is supported.
    """
    if output_schema is None:
        return None
    if isinstance(output_schema, str):
        output_schema = _decoded(output_schema)
    if is_object(output_schema):
        return _reader(output_schema, lambda value: value)
    if _is_pydantic(output_schema):
        model: Any = output_schema
        return _reader(
            model.model_json_schema(), lambda value: model.model_validate_json(to_json(value))
        )
    if not isclass(output_schema) and get_origin(output_schema) is None:
        raise _unusable(f"must be {_WANTED}, got {output_schema!r:.80}")
    return _reader(schema_of(output_schema), structurer(output_schema))


def _reader(schema: Mapping[str, Any], build: _Build) -> AnswerReader[Any]:
    try:
        compiled = CompiledSchema(schema)
    except UnusableSchemaError as error:
        raise _unusable(f"cannot be used: {error}") from error

    def structure(value: Any) -> Any:
        faults = compiled.faults(value)
        if faults:
            raise UnfitAnswerError(in_words(faults))
        try:
            return build(value)
        # The caller's class runs here: what its validators raise is theirs to choose.
        except Exception as error:
            raise UnfitAnswerError(in_words(list(structuring_faults(error)))) from error

    return AnswerReader(compiled.root, structure)


def _decoded(text: str) -> object:
    try:
        found: object = from_json(text)
    except ProtocolError as error:
        raise _unusable(f"must be {_WANTED}: {error.message}") from error
    if not is_object(found):
        raise _unusable(f"must be {_WANTED}: the text is JSON, but no object")
    return found


def _is_pydantic(kind: object) -> bool:
    """Told by what it can do: the package need not be installed."""
    methods = ("model_json_schema", "model_validate_json")
    return isclass(kind) and all(callable(getattr(kind, name, None)) for name in methods)


def _unusable(why: str) -> ConfigurationError:
    details = {"field": "output_schema", "expected": _WANTED}
    return ConfigurationError(f"output_schema {why}", details=details)
