"""JSON text, both ways, without the parts of it that JSON does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeGuard

from overshoot.errors import ProtocolError


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list | tuple)


def to_json(message: Any) -> str:
    """JSON text; NaN and infinity are refused (``ValueError``) rather than written as such."""
    return json.dumps(message, allow_nan=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Any:
    """The value of a JSON text in UTF-8; `ProtocolError` for anything else, with the reason.

    Repeated keys are refused: two readers of one text must not see two messages.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        msg = "the JSON is nested too deeply"
    except UnicodeDecodeError as error:
        msg = f"the text is not UTF-8 (byte {error.start})"
    except ValueError as error:
        msg = f"the text is not JSON: {error}"
    raise ProtocolError(msg)


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})[0]
        msg = f"the key {twice[:64]!r} is given twice"
        raise ValueError(msg)
    return found
