"""What JSON can carry, so that metadata comes out of every store as it went in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final, cast

MOST_NESTED: Final = 64
"""Lists and objects inside one another."""

_encode = json.JSONEncoder(
    allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
_SAFE: Final = frozenset({bool, type(None)})
_MOST_BITS: Final = 2048
"""Python writes integers of up to 4,300 digits as text, and readers of JSON far shorter ones."""


def json_fault(value: object, path: str = "metadata") -> str | None:
    """What in a value is not JSON, in words that begin with its path; None where all of it is.

    JSON has dicts with string keys, lists, strings, finite numbers, True, False and None. Tuples
    would come back as lists and other keys as strings, so they are refused, too.
    """
    return next(_faults(value, path, 0), None)


def canonical_json(value: object) -> str:
    """One text for each JSON value: keys in order, ASCII, no spaces. 1, 1.0 and True differ."""
    return _encode(value)


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can carry a text; half a surrogate pair it cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _faults(value: object, path: str, depth: int) -> Iterator[str]:
    if type(value) in _SAFE:
        return
    if depth > MOST_NESTED:
        yield f"{path[:80]}… is nested deeper than {MOST_NESTED}"
    elif isinstance(value, dict):
        yield from _faults_of_dict(cast("dict[object, Any]", value), path, depth)
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from _faults(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str):
        if not is_unicode(value):
            yield f"{path} has half a surrogate pair in it, which UTF-8 cannot carry"
    elif isinstance(value, float):
        if not isfinite(value):
            yield f"{path} is {value!r}, which JSON does not know"
    elif isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            bits = value.bit_length()
            yield f"{path} is an integer of {bits} bits; at most {_MOST_BITS} are kept"
    else:
        kind = type(value).__name__
        help = "; JSON knows lists: use list(…)" if kind == "tuple" else ", which is not JSON"
        yield f"{path} is of type {kind}{help}"


def _faults_of_dict(value: dict[object, Any], path: str, depth: int) -> Iterator[str]:
    for key, item in value.items():
        if not isinstance(key, str):
            yield f"{path} has the key {key!r}; keys in JSON are strings"
        elif not is_unicode(key):
            yield f"{path} has a key with half a surrogate pair in it"
        else:
            yield from _faults(item, f"{path}[{key!r}]", depth + 1)
