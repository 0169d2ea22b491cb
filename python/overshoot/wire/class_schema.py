"""A JSON schema from a class: its fields, their types, their limits and what is said about them.

Nested classes are written where they stand rather than referred to: not every model behind a
gateway follows ``$ref``. A class that contains itself therefore has no schema here, and is refused.
Nothing is said about further keys, which are tolerated.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from inspect import isclass
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from attrs import evolve, frozen
from typing_extensions import TypeAliasType

from overshoot.errors import ConfigurationError
from overshoot.wire.class_fields import description_of, fields_of, is_record
from overshoot.wire.value_rules import keywords_of

SUPPORTED = (
    "str, int, float, bool, None, Any, Literal, Enum, Optional and Union, list, tuple, set,"
    " Sequence, dict and Mapping with str keys, Annotated, attrs classes, dataclasses and"
    " TypedDicts"
)
Schema = dict[str, Any]
_SCALARS: dict[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    types.NoneType: "null",
    None: "null",
}


@frozen
class Place:
    """Where in the caller's class an annotation stands.

    Attributes:
        path: for the message, such as ``Answer.people[]``.
        inside: the classes around it.
    """

    path: str
    inside: tuple[type[Any], ...] = ()

    def at(self, step: str) -> Place:
        """A place in it."""
        return evolve(self, path=self.path + step)

    def refusal(self, why: str) -> ConfigurationError:
        """The error about this place."""
        return ConfigurationError(
            f"no JSON schema can be made for output_schema: {self.path} {why};"
            f" supported are {SUPPORTED}",
            details={"field": "output_schema", "expected": SUPPORTED, "path": self.path},
        )


def schema_of(annotation: Any, place: Place | None = None) -> Schema:
    """The JSON schema of what ``annotation`` allows; `ConfigurationError` names what has none."""
    place = place or Place(name_of(annotation))
    while isinstance(annotation, NewType):
        annotation = annotation.__supertype__
    if isinstance(annotation, _ALIASES):
        return schema_of(annotation.__value__, place)
    origin = get_origin(annotation) or annotation
    if _is_key(origin) and origin in _SCALARS:
        return {"type": _SCALARS[origin]}
    if annotation is Any:
        return {}
    if _is_key(origin) and origin in _WRITERS:
        return _WRITERS[origin](get_args(annotation), place)
    if isclass(annotation) and issubclass(annotation, Enum):
        return _described(_words([member.value for member in annotation], place), annotation)
    if is_record(annotation):
        return _record(annotation, place)
    raise place.refusal(f"is {name_of(annotation)}")


def name_of(annotation: Any) -> str:
    """What an annotation is called."""
    return annotation.__qualname__.rpartition(".")[2] if isclass(annotation) else repr(annotation)


def _record(kind: type[Any], place: Place) -> Schema:
    if kind in place.inside:
        raise place.refusal(
            f"contains {kind.__name__} again: a class that contains itself has no end"
        )
    inside = Place(place.path, (*place.inside, kind))
    try:
        fields = fields_of(kind)
    except NameError as error:
        why = f"has an annotation that cannot be looked up ({error}); define it in a module"
        raise place.refusal(why) from error
    except TypeError as error:
        raise place.refusal(f"cannot be read ({error})") from error
    properties: dict[str, Schema] = {}
    for field in fields:
        written = schema_of(field.annotation, inside.at(f".{field.name}"))
        properties[field.name] = _ruled(written, field.rules)
    schema: Schema = {"type": "object", "properties": properties}
    required = [field.name for field in fields if field.required]
    if required:
        schema["required"] = required
    return _described(schema, kind)


def _described(schema: Schema, kind: type[Any]) -> Schema:
    text = description_of(kind)
    return schema if text is None else {"description": text, **schema}


def _ruled(schema: Schema, rules: Iterable[Any]) -> Schema:
    for rule in rules:
        schema = {**schema, **keywords_of(rule, schema)}
    return schema


def _annotated(arguments: tuple[Any, ...], place: Place) -> Schema:
    return _ruled(schema_of(arguments[0], place), arguments[1:])


def _union(arguments: tuple[Any, ...], place: Place) -> Schema:
    return {"anyOf": [schema_of(arm, place) for arm in arguments]}


def _literal(arguments: tuple[Any, ...], place: Place) -> Schema:
    return _words([arg.value if isinstance(arg, Enum) else arg for arg in arguments], place)


def _words(values: list[Any], place: Place) -> Schema:
    if not values or any(type(value) not in _SCALARS for value in values):
        raise place.refusal(f"has values {values!r:.80} that JSON has not")
    named = list(dict.fromkeys(_SCALARS[type(value)] for value in values))
    kind = {"type": named[0]} if len(named) == 1 else {}
    return {**kind, "enum": values}


def _array(arguments: tuple[Any, ...], place: Place) -> Schema:
    if not arguments:
        return {"type": "array"}
    return {"type": "array", "items": schema_of(arguments[0], place.at("[]"))}


def _set(arguments: tuple[Any, ...], place: Place) -> Schema:
    # Not uniqueItems: some models' servers refuse the keyword, and a set forgets what comes twice.
    for item in arguments:
        if not _is_hashable(get_origin(item) or item):
            raise place.refusal(
                f"is a set of {name_of(item)}, which cannot be hashed (freeze the class)"
            )
    return _array(arguments, place)


def _tuple(arguments: tuple[Any, ...], place: Place) -> Schema:
    if not arguments or arguments[1:] == (...,):
        return _array(arguments, place)
    items = [schema_of(item, place.at(f"[{number}]")) for number, item in enumerate(arguments)]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _mapping(arguments: tuple[Any, ...], place: Place) -> Schema:
    if not arguments:
        return {"type": "object"}
    key, value = arguments
    if key is not str:
        raise place.refusal(f"has keys of {name_of(key)}; keys in JSON are str")
    return {"type": "object", "additionalProperties": schema_of(value, place.at("[...]"))}


def _is_key(value: Any) -> bool:
    """Whether a table can be asked for it: an annotation may be anything at run time."""
    return _is_hashable(type(value))


def _is_hashable(kind: Any) -> bool:
    """Whether values of the class can be hashed."""
    return getattr(kind, "__hash__", None) is not None


_WRITERS: dict[Any, Callable[[tuple[Any, ...], Place], Schema]] = {
    Annotated: _annotated,
    Literal: _literal,
    Union: _union,
    types.UnionType: _union,
    tuple: _tuple,
    **dict.fromkeys((list, Sequence, MutableSequence), _array),
    **dict.fromkeys((set, frozenset, AbstractSet), _set),
    **dict.fromkeys((dict, Mapping, MutableMapping), _mapping),
}
# ``type Name = …`` of Python 3.12, and its backport: the same class where both are.
_ALIASES = tuple({TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType)})
