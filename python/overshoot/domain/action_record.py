"""Actions as rows of other programs' tables: named columns out, checked values back in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Final, cast

from overshoot.domain.action import DetectedAction
from overshoot.domain.json_value import json_fault
from overshoot.domain.strict_json import STRICT_JSON
from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from dataclasses import Field

COLUMNS: Final = tuple(each.name for each in fields(DetectedAction))
"""The fields of an action, in their order."""


def _has_default(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


_REQUIRED: Final = tuple(each.name for each in fields(DetectedAction) if not _has_default(each))
_OPTIONAL: Final = tuple(each.name for each in fields(DetectedAction) if _has_default(each))


def record_of(action: DetectedAction) -> dict[str, Any]:
    """The fields by name, as they are; `ConfigurationError` for metadata that is not JSON."""
    fault = json_fault(action.metadata)
    if fault is not None:
        raise _not_json(action, fault)
    return {name: getattr(action, name) for name in COLUMNS}


def json_of(action: DetectedAction, value: object) -> str:
    """Compact JSON of the record or the metadata of ``action``, whose name an error needs."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except ValueError as cause:  # An int of more digits than Python writes.
        raise _not_json(action, str(cause)) from cause


def action_of(record: object, place: str) -> DetectedAction:
    """The action of a record that was read; ``duration`` and ``metadata`` may be left out.

    Raises:
        StoreError: a wrong field; the message begins with ``place``, such as ``"line 3"``.
    """
    if not isinstance(record, Mapping):
        message = f"{place} must be an object with the fields of an action, got {record!r:.80}"
        raise StoreError(message)
    values = cast("Mapping[str, Any]", record)
    check_columns(values, place)
    try:
        action = DetectedAction(**values)
    except ConfigurationError as cause:
        message = f"{place}: {cause.message}"
        raise StoreError(message) from cause
    if fault := json_fault(action.metadata):
        message = f"{place}: {fault}"
        raise StoreError(message)
    return action


def check_columns(names: Collection[str], place: str) -> None:
    """`StoreError` where fields of an action are missing or twice there, or others are."""
    faults = {
        "missing": [name for name in _REQUIRED if name not in names],
        "unknown": [name for name in names if name not in COLUMNS],
        "given twice": [name for name, count in Counter(iter(names)).items() if count > 1],
    }
    if any(faults.values()):
        found = "; ".join(
            f"{fault}: {', '.join(found):.200}" for fault, found in faults.items() if found
        )
        message = (
            f"{place} must have {', '.join(_REQUIRED)}, may have {', '.join(_OPTIONAL)}, and"
            f" nothing else; {found}"
        )
        raise StoreError(message)


def metadata_of(text: str, place: str) -> Any:
    """The metadata in a cell that holds JSON; an empty cell is none."""
    return read_json(text, place) if text else {}


def read_json(text: str, place: str) -> Any:
    """A JSON value; `StoreError` that begins with ``place`` for what is none."""
    try:
        return STRICT_JSON.decode(text)
    except (ValueError, RecursionError) as cause:
        raise no_json(cause, place) from cause


def no_json(cause: Exception, place: str) -> StoreError:
    """The error for a text that a decoder refused."""
    why = "it is nested too deeply" if isinstance(cause, RecursionError) else str(cause)
    return StoreError(f"{place} is not JSON: {why}")


def _not_json(action: DetectedAction, fault: str) -> ConfigurationError:
    message = f"{action.action!r} at {action.timestamp!r} s cannot be exported: {fault}"
    return ConfigurationError(message, details={"field": "metadata"})
