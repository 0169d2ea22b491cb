"""The fields of attrs classes, dataclasses and TypedDicts, as one thing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from inspect import cleandoc, isclass
from typing import Any, NotRequired, Required, TypeGuard, get_args, get_origin

import attrs
from typing_extensions import ReadOnly, get_type_hints, is_typeddict


@attrs.frozen
class ClassField:
    """One field of a class that an answer is to become.

    Attributes:
        name: the key in JSON.
        annotation: its type, with ``Annotated`` kept.
        required: whether it has no default.
        rules: what else says how the value should be: an attrs validator, a description.
    """

    name: str
    annotation: Any
    required: bool
    rules: tuple[Any, ...] = ()


def is_record(kind: Any) -> TypeGuard[type[Any]]:
    """Whether it is an attrs class, a dataclass or a TypedDict."""
    return isclass(kind) and (
        attrs.has(kind) or dataclasses.is_dataclass(kind) or is_typeddict(kind)
    )


def fields_of(kind: type[Any]) -> list[ClassField]:
    """The fields that JSON gives, in their order.

    Raises:
        NameError: an annotation names what its module does not have.
        TypeError: it needs something (an ``InitVar``) that JSON cannot give.
    """
    hints = get_type_hints(kind, include_extras=True)
    if attrs.has(kind):
        return list(_of_attrs(kind, hints))
    if is_typeddict(kind):
        return [_of_typed_dict(kind, name, hint) for name, hint in hints.items()]
    return list(_of_dataclass(kind, hints))


def description_of(kind: type[Any]) -> str | None:
    """The docstring that was written for the class itself, or None."""
    text = kind.__dict__.get("__doc__")
    # A dataclass without a docstring is given its signature as one.
    if not isinstance(text, str) or text.startswith(f"{kind.__name__}("):
        return None
    return cleandoc(text) or None


def _of_attrs(kind: type[Any], hints: Mapping[str, Any]) -> Iterator[ClassField]:
    for field in attrs.fields(kind):
        if field.init:
            named = Any if field.type is None else field.type
            yield ClassField(
                field.alias or field.name,
                hints.get(field.name, named),
                field.default is attrs.NOTHING,
                (field.validator, field.metadata.get("description")),
            )


def _of_dataclass(kind: type[Any], hints: Mapping[str, Any]) -> Iterator[ClassField]:
    for name, hint in hints.items():
        if isinstance(hint, dataclasses.InitVar):
            msg = f"{kind.__name__}.{name} is an InitVar, which an answer cannot give"
            raise TypeError(msg)
    for field in dataclasses.fields(kind):
        if field.init:
            nothing = (field.default, field.default_factory)
            required = nothing == (dataclasses.MISSING, dataclasses.MISSING)
            rules = (field.metadata.get("description"),)
            yield ClassField(field.name, hints[field.name], required, rules)


def _of_typed_dict(kind: type[Any], name: str, hint: Any) -> ClassField:
    # __required_keys__ alone is not enough: where annotations are strings, it has missed the word.
    required = name in kind.__dict__["__required_keys__"]
    marks: Mapping[Any, Callable[[bool], bool]] = {
        Required: lambda _: True,
        NotRequired: lambda _: False,
        ReadOnly: lambda before: before,
    }
    while (origin := get_origin(hint)) in marks:
        required = marks[origin](required)
        hint = get_args(hint)[0]
    return ClassField(name, hint, required)
