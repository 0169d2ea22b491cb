"""The schema of a request, and whether an answer satisfies it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from overshoot.domain.answer import AnswerReader
from overshoot.errors import ConfigurationError, InferenceError
from overshoot.wire.typed_answers import answer_reader

if TYPE_CHECKING:
    from overshoot.domain.inference import JsonSchema

SchemaReader: TypeAlias = AnswerReader[Any]
"""Reads JSON out of what was said, and checks it; ``schema`` is a plain dict."""


def schema_reader(schema: JsonSchema | None) -> SchemaReader | None:
    """What reads answers to ``schema``; None for None.

    Raises `InferenceError` where it is no JSON schema, or refers to something outside itself.
    """
    try:
        return None if schema is None else answer_reader(dict(schema))
    except ConfigurationError as error:
        raise InferenceError(error.message) from error


class SchemaReaders:
    """The reader of the schema in force, made once: a stream keeps its schema for long."""

    def __init__(self) -> None:
        self._last: tuple[JsonSchema, SchemaReader] | None = None

    def reader(self, schema: JsonSchema | None) -> SchemaReader | None:
        """As `schema_reader`."""
        if self._last is not None and self._last[0] is schema:
            return self._last[1]
        made = schema_reader(schema)
        self._last = None if schema is None or made is None else (schema, made)
        return made


def compact(value: Any) -> str:
    """JSON text of a value that was read from JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
