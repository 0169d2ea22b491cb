"""JSON as RFC 8259 has it: no NaN, no number beyond the floats, no key twice in an object."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final, NoReturn


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        msg = f"{digits[:32]} is larger than any float"
        raise ValueError(msg)
    return number


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            msg = f"the key {name[:64]!r} is given twice"
            raise ValueError(msg)
        found[name] = value
    return found


STRICT_JSON: Final = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_keys_once
)
"""Raises ``ValueError``, or ``RecursionError`` for what is nested too deeply."""
