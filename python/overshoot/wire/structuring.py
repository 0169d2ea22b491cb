"""Requests from strangers into values: nothing is coerced, and each fault has a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, Literal, NewType, TypeAlias, TypeVar, get_args, get_origin

from attrs import has as is_attrs_class
from cattrs import (
    BaseValidationError,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.gen import make_dict_structure_fn

from overshoot.errors import ConfigurationError, ValidationError
from overshoot.wire.json_text import is_object
from overshoot.wire.limits import is_encodable

_Hook: TypeAlias = Callable[[Any, Any], Any]
MessageT = TypeVar("MessageT")
JsonObject = NewType("JsonObject", dict[str, Any])
"""A JSON object whose content is taken as it is."""

_MAX_INTEGER = 10**15


class WrongValueError(ValueError):
    """A value that should have been ``wanted``; the path is added on the way up."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"must be {wanted}")


def structure(
    body: object, kind: type[MessageT], converter: Converter, *, path: str = ""
) -> MessageT:
    """``body`` as a ``kind``; `ValidationError` names every field that is wrong."""
    try:
        return converter.structure(body, kind)
    except (BaseValidationError, WrongValueError) as error:
        faults = [{"field": at, "message": text} for at, text in _faults(error, path)]
        raise refusal(faults) from None


def refusal(faults: list[dict[str, str]], *, code: str | None = None) -> ValidationError:
    """The error for faults, the first of which is told in the message."""
    first = faults[0]
    message = f"{first['field'] or 'the body'} {first['message']}"
    details = {"field": first["field"], "errors": faults}
    return ValidationError(message, details=details, code=code)


def request_converter() -> Converter:
    """A cattrs converter that takes JSON values for what they are."""
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _flag)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(JsonObject, _object)
    converter.register_structure_hook_func(_is_literal, _one_of)

    def of_class(kind: Any) -> _Hook:
        return _of_object(make_dict_structure_fn(kind, converter))

    converter.register_structure_hook_factory(is_attrs_class, of_class)
    return converter


def register_open(converter: Converter, *kinds: type[Any]) -> None:
    """Messages whose unknown keys are ignored instead of refused."""
    for kind in kinds:
        read = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=False)
        converter.register_structure_hook(kind, _of_object(read))


def _of_object(read: _Hook) -> _Hook:
    return lambda value, kind: read(_object(value, kind), kind)


def _object(value: Any, _: Any) -> Mapping[str, Any]:
    if not is_object(value):
        raise WrongValueError("a JSON object")
    return value


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError("a string")
    if not is_encodable(value):
        raise WrongValueError("text that UTF-8 has")
    return value


def _flag(value: Any, _: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("true or false")
    return value


def _integer(value: Any, _: Any) -> int:
    # To JSON Schema 6.0 is an integer, and JavaScript knows no difference.
    number = _number(value, _)
    if number != int(number):
        raise WrongValueError("a whole number")
    return int(number)


def _is_literal(kind: Any) -> bool:
    origin: object = get_origin(kind)
    return origin is Literal


def _one_of(value: Any, kind: Any) -> str:
    choices = get_args(kind)
    if not isinstance(value, str) or value not in choices:
        raise WrongValueError("one of " + ", ".join(map(repr, choices)))
    return value


def _number(value: Any, _: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValueError("a number")
    if isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            raise WrongValueError(f"a number of at most {_MAX_INTEGER}")
        return value
    if not isfinite(value):
        raise WrongValueError("a finite number")
    return value


def _faults(error: BaseException, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(error, ClassValidationError):
        with_names, others = error.group_exceptions()
        for nested, note in with_names:
            yield from _faults(nested, _join(path, note.name))
        for nested in others:
            yield from _faults(nested, path)
    elif isinstance(error, IterableValidationError):
        for nested, entry in error.group_exceptions()[0]:
            yield from _faults(nested, f"{path}[{entry.index}]")
    elif isinstance(error, ForbiddenExtraKeysError):
        for name in sorted(error.extra_fields):
            yield _join(path, name[:64]), "is not a field of this message"
    elif isinstance(error, KeyError):
        yield path, "is missing"
    elif isinstance(error, ConfigurationError) and is_object(error.details):
        yield _join(path, error.details["field"]), f"must be {error.details['expected']}"
    else:
        yield path, str(error)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
