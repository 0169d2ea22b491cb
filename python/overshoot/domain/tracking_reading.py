"""Reads the values of a tracker's state from JSON values, by the types of their fields."""

from __future__ import annotations

from math import inf
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin

from attrs import fields, has, resolve_types

from overshoot.errors import ConfigurationError


def wrong_state(problem: str) -> ConfigurationError:
    """The error for what is no state that can be resumed."""
    message = f"this state of a tracker cannot be resumed: {problem}"
    return ConfigurationError(message, details={"field": "state"})


def read(kind: Any, value: object, path: str) -> Any:
    """A value of that type, made of JSON values.

    Args:
        kind: float or int (both from 0, finite), bool, str, ``dict[str, Any]`` (as it is),
            ``dict[str, kind]``, ``kind | None``, ``tuple[kind, ...]``, ``tuple[kind, kind]``, or a
            class of attrs with such fields.
        value: what was saved.
        path: where it was, for the error.

    Raises:
        ConfigurationError: the value is of another type.
    """
    origin = get_origin(kind)
    if origin is UnionType:
        (inner,) = (each for each in get_args(kind) if each is not NoneType)
        return None if value is None else read(inner, value, path)
    if origin is tuple:
        return _tuple(get_args(kind), value, path)
    if origin is dict:
        inner = get_args(kind)[1]
        items = _dict(value, path).items()
        return {name: read(inner, item, f"{path}[{name!r}]") for name, item in items}
    if has(kind):
        return _fields(kind, _dict(value, path), path)
    return value if kind is Any else _plain(kind, value, path)


def _plain(kind: type[Any], value: object, path: str) -> object:
    if kind in {int, float} and isinstance(value, (int, float)) and not isinstance(value, bool):
        if 0 <= value < inf and (kind is float or isinstance(value, int)):
            return kind(value)
    elif kind in {bool, str} and isinstance(value, kind):
        return value
    raise wrong_state(f"{path} must be of type {kind.__name__}, got {value!r}")


def _tuple(kinds: tuple[Any, ...], value: object, path: str) -> tuple[Any, ...]:
    items = cast("list[object]", value) if isinstance(value, list) else None
    if items is not None and kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(items)
    if items is None or len(items) != len(kinds):
        raise wrong_state(f"{path} must be a list, got {value!r}")
    pairs = zip(kinds, items, strict=True)
    return tuple(read(kind, item, f"{path}[{at}]") for at, (kind, item) in enumerate(pairs))


def _dict(value: object, path: str) -> dict[str, object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    raise wrong_state(f"{path or 'it'} must be a dict, got {value!r}")


def _fields(kind: Any, value: dict[str, object], path: str) -> Any:
    known = {each.name: each.type for each in fields(resolve_types(kind))}
    if missing := known.keys() - value.keys():
        raise wrong_state(f"{path or 'it'} lacks {sorted(missing)[0]!r}")
    if more := value.keys() - known.keys():
        raise wrong_state(f"{path or 'it'} has {sorted(more, key=str)[0]!r}, which is not known")
    return kind(
        **{
            name: read(inner, value[name], f"{path}.{name}" if path else name)
            for name, inner in known.items()
        }
    )
