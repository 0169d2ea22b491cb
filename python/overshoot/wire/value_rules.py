"""What is said about a value beside its type, as keywords of JSON Schema.

Read by what they carry, so that attrs' validators (on a field or in ``Annotated``), the constraints
of ``annotated_types`` and ``typing_extensions.Doc`` need not be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

_BY_OPERATOR = {
    ">=": "minimum",
    ">": "exclusiveMinimum",
    "<=": "maximum",
    "<": "exclusiveMaximum",
}
_BY_NAME = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_LENGTHS = {
    "string": {"min_length": "minLength", "max_length": "maxLength"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
    "object": {"min_length": "minProperties", "max_length": "maxProperties"},
}


def keywords_of(rule: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords a rule adds to ``schema``; none for a rule that JSON Schema has no word for.

    Such a rule is still applied where the class does so itself, when the answer becomes an object.
    """
    text = rule if isinstance(rule, str) else getattr(rule, "documentation", None)
    if isinstance(text, str):
        return {"description": text}
    parts: Sequence[Any] | None = getattr(rule, "_validators", None)  # attrs.validators.and_
    if parts is not None:
        return {word: value for part in parts for word, value in keywords_of(part, schema).items()}
    optional = getattr(rule, "validator", None)  # attrs.validators.optional
    if optional is not None:
        return keywords_of(optional, schema)
    return {**_bounds(rule), **_lengths(rule, schema)}


def _bounds(rule: Any) -> dict[str, Any]:
    limits = [(getattr(rule, "compare_op", None), getattr(rule, "bound", None))]
    limits += [(sign, getattr(rule, name, None)) for name, sign in _BY_NAME.items()]
    return {
        _BY_OPERATOR[sign]: limit
        for sign, limit in limits
        if sign in _BY_OPERATOR and _is_number(limit)
    }


def _lengths(rule: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    named = _LENGTHS.get(str(schema.get("type")), {})
    limits = {word: getattr(rule, name, None) for name, word in named.items()}
    return {word: limit for word, limit in limits.items() if type(limit) is int and limit >= 0}


def _is_number(limit: object) -> bool:
    if isinstance(limit, float):
        return isfinite(limit)
    return isinstance(limit, int) and not isinstance(limit, bool)
