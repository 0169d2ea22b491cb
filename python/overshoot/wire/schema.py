"""JSON schemas put to work: compiled once, with nothing fetched; faults told by path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from overshoot.wire.limits import fault_in_json

_MOST_FAULTS = 3
_MOST_LEVELS = 200
_LONGEST_VALUE = 60
_LONGEST_REASON = 160


class UnusableSchemaError(ValueError):
    """No JSON schema, or one that refers to something outside itself; the message says why."""


class CompiledSchema:
    """A JSON schema that values can be held against.

    Attributes:
        root: the schema, a copy of the one given.

    Raises:
        UnusableSchemaError: it cannot be used; references are followed inside it alone.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            self.root: dict[str, Any] = json.loads(json.dumps(dict(schema), allow_nan=False))
            self._validator = jsonschema_rs.validator_for(self.root, retriever=_refused)
        except jsonschema_rs.ValidationError as error:
            at = path_text(error.instance_path)
            where = "" if at == "$" else f"{at}: "
            raise UnusableSchemaError(where + shortened(error.message, _LONGEST_REASON)) from error
        except (TypeError, ValueError, RecursionError, jsonschema_rs.ReferencingError) as error:
            raise UnusableSchemaError(shortened(str(error), _LONGEST_REASON)) from error

    def is_valid(self, value: Any) -> bool:
        """Whether a JSON value satisfies the schema."""
        return self._validator.is_valid(value)

    def faults(self, value: Any) -> list[str]:
        """What is wrong with a JSON value, such as ``$.count: expected integer, got 'x'``."""
        unfit = fault_in_json(value, depth=_MOST_LEVELS)
        if unfit is not None:
            return [f"$: must be {unfit}"]
        try:
            told = [_told(error) for error in self._validator.iter_errors(value)]
        except ValueError as error:
            # Numbers beyond what the validator holds, in its older versions.
            return [f"$: cannot be checked: {shortened(str(error), _LONGEST_REASON)}"]
        return [f"{path_text(path)}: {reason}" for path, reason in told]


def in_words(faults: Sequence[str]) -> str:
    """The first faults in one line."""
    more = len(faults) - _MOST_FAULTS
    told = "; ".join(faults[:_MOST_FAULTS])
    return f"{told}; and {more} more" if more > 0 else told


def path_text(path: Iterable[str | int]) -> str:
    """A place in a JSON value, such as ``$.people[0].age``."""
    return "$" + "".join(_step(step) for step in path)


def shortened(text: str, longest: int) -> str:
    """One line of at most ``longest`` characters."""
    flat = " ".join(text[: 4 * longest].split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"


def _step(step: str | int) -> str:
    plain = isinstance(step, str) and step.isidentifier()
    return f".{step}" if plain else f"[{shortened(repr(step), _LONGEST_VALUE)}]"


def _told(error: jsonschema_rs.ValidationError) -> tuple[list[str | int], str]:
    """Where a value is wrong, and how."""
    path, kind = error.instance_path, error.kind
    got = shortened(repr(error.instance), _LONGEST_VALUE)
    match kind:
        case Kind.Type():
            return path, f"expected {_either(kind.types)}, got {got}"
        case Kind.Required():
            return [*path, kind.property], "is missing"
        case Kind.Enum():
            wanted = ", ".join(shortened(repr(word), _LONGEST_VALUE) for word in kind.options)
            return path, f"expected one of {shortened(wanted, _LONGEST_REASON)}, got {got}"
        case Kind.AnyOf() | Kind.OneOfNotValid():
            return _told_of_branches(error, kind.context)
        case _:
            return path, shortened(error.message, _LONGEST_REASON)


def _told_of_branches(
    error: jsonschema_rs.ValidationError, branches: list[list[jsonschema_rs.ValidationError]]
) -> tuple[list[str | int], str]:
    """The alternative that was probably meant: the one that is wrong deepest inside."""
    firsts = [errors[0] for errors in branches if errors]
    others = [e for e in firsts if not _is_of_type(e) or e.instance_path != error.instance_path]
    if others:
        return _told(max(others, key=lambda e: len(e.instance_path)))
    names = [name for e in firsts if isinstance(e.kind, Kind.Type) for name in e.kind.types]
    got = shortened(repr(error.instance), _LONGEST_VALUE)
    return error.instance_path, f"expected {_either(names)}, got {got}"


def _is_of_type(error: jsonschema_rs.ValidationError) -> bool:
    return isinstance(error.kind, Kind.Type)


def _either(names: Iterable[str]) -> str:
    """The names of types; null, which is rarely what was meant, comes last."""
    return " or ".join(sorted(dict.fromkeys(names), key=lambda name: name == "null"))


def _refused(uri: str) -> Any:
    msg = f"{uri[:_LONGEST_VALUE]} is not fetched; use $defs and references that begin with #/"
    raise ValueError(msg)
