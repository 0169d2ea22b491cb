"""Objects from JSON that has been found to satisfy a class's schema.

The schema has seen to the types, so nothing is coerced here: cattrs builds.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

import attrs
from cattrs import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    Converter,
    IterableValidationError,
)
from cattrs.gen import make_dict_structure_fn
from typing_extensions import is_typeddict

from overshoot.wire.class_fields import fields_of, is_record
from overshoot.wire.class_schema import schema_of
from overshoot.wire.schema import CompiledSchema, path_text, shortened

_Hook: TypeAlias = Callable[[Any, Any], Any]
_Path: TypeAlias = tuple[str | int, ...]
_LONGEST_REASON = 160


class _EntryError(Exception):
    """An entry of a TypedDict was not taken; the cause says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def structurer(annotation: Any) -> Callable[[Any], Any]:
    """What makes an ``annotation`` of JSON that satisfies `schema_of` it.

    It raises what the class raises, in cattrs' groups: see `structuring_faults`.
    """
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(types.NoneType, lambda value, _: value)
    converter.register_structure_hook_func(_is_literal, _literal)
    converter.register_structure_hook_factory(attrs.has, _of_attrs(converter))
    converter.register_structure_hook_factory(is_typeddict, _of_typed_dict(converter))
    converter.register_structure_hook_factory(_is_union, _of_union(converter))
    hook: _Hook = converter.get_structure_hook(annotation)
    return lambda value: hook(value, annotation)


def structuring_faults(error: BaseException, path: _Path = ()) -> Iterator[str]:
    """Where and why a class did not take its values."""
    if isinstance(error, ClassValidationError | IterableValidationError):
        noted, others = error.group_exceptions()
        for inner, note in noted:
            at = note.name if isinstance(note, AttributeValidationNote) else note.index
            yield from structuring_faults(inner, (*path, at))
        for inner in others:
            yield from structuring_faults(inner, path)
    elif isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            yield from structuring_faults(inner, path)
    elif isinstance(error, _EntryError) and error.__cause__ is not None:
        yield from structuring_faults(error.__cause__, (*path, error.key))
    else:
        reason = shortened(str(error), _LONGEST_REASON) or type(error).__name__
        yield f"{path_text(path)}: {reason}"


def _of_attrs(converter: Converter) -> Callable[[Any], _Hook]:
    def make(kind: Any) -> _Hook:
        return make_dict_structure_fn(kind, converter, _cattrs_use_alias=True)

    return make


def _of_typed_dict(converter: Converter) -> Callable[[Any], _Hook]:
    # cattrs asks __required_keys__, which is wrong where annotations are strings.
    def make(kind: Any) -> _Hook:
        hooks = {
            field.name: (converter.get_structure_hook(field.annotation), field.annotation)
            for field in fields_of(kind)
        }

        def read(value: Any, _: Any) -> dict[str, Any]:
            return {key: _entry(key, entry) for key, entry in value.items()}

        def _entry(key: str, entry: Any) -> Any:
            if key not in hooks:
                return entry
            hook, annotation = hooks[key]
            try:
                return hook(entry, annotation)
            except Exception as error:
                raise _EntryError(key) from error

        return read

    return make


def _of_union(converter: Converter) -> Callable[[Any], _Hook]:
    """Of the alternatives whose schema fits, the one that knows most of the keys."""

    def make(union: Any) -> _Hook:
        arms = [
            (CompiledSchema(schema_of(arm)), converter.get_structure_hook(arm), arm)
            for arm in get_args(union)
        ]

        def read(value: Any, _: Any) -> Any:
            fitting = [(hook, arm) for schema, hook, arm in arms if schema.is_valid(value)]
            hook, arm = max(fitting, key=lambda fits: _keys_known(fits[1], value))
            return hook(value, arm)

        return read

    return make


def _keys_known(kind: Any, value: Any) -> int:
    if not is_record(kind) or not isinstance(value, dict):
        return 0
    return sum(field.name in value for field in fields_of(kind))


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _is_literal(annotation: Any) -> bool:
    origin: object = get_origin(annotation)
    return origin is Literal


def _literal(value: Any, annotation: Any) -> Any:
    """The caller's own object: 1.0 in JSON is the ``1`` of ``Literal[1]``, and ``True`` is not."""
    for choice in get_args(annotation):
        plain = choice.value if isinstance(choice, Enum) else choice
        if plain == value and isinstance(plain, bool) == isinstance(value, bool):
            return choice
    msg = f"must be one of {get_args(annotation)!r}"
    raise ValueError(msg)
