"""`DetectedAction`: something that was seen to happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from numbers import Integral, Real
from typing import Any, Final, cast

from overshoot.domain.unread_metadata import UnreadMetadata
from overshoot.domain.validation import fail

MOST_SECONDS: Final = 1e15
"""Thirty million years; what lies beyond is no time in seconds."""


@dataclass(frozen=True, slots=True)
class DetectedAction(UnreadMetadata):
    """An action that was detected in a video; compared by value.

    A dataclass of the standard library, as the specification shows it, so that
    ``dataclasses.asdict`` and ``dataclasses.replace`` work on it. It is frozen, because stores keep
    actions ordered by ``timestamp``; ``metadata`` is the action's own dict and may be added to.

    Attributes:
        action: its name, such as ``"waving hand"``; not empty, without NUL.
        timestamp: seconds from the stream's start, 0 to 1e15.
        frame_number: index of the frame, from 0, below 2**63.
        confidence: 0.0 to 1.0.
        duration: seconds it lasted, 0 to 1e15; None where that is not known.
        metadata: latencies, the caller's own data; string keys. JSON values, if it is exported.

    Numbers of numpy are taken and kept as Python's. Anything else that does not fit raises
    `ConfigurationError` (a `ValueError`), whose ``details["field"]`` names it.
    """

    action: str
    timestamp: float
    frame_number: int
    confidence: float
    duration: float | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any], hash=False)

    def __post_init__(self) -> None:
        checked: dict[str, object] = {
            "action": _name(self, self.action),
            "timestamp": _number(self, "timestamp", self.timestamp),
            "frame_number": _index(self, self.frame_number),
            "confidence": _number(self, "confidence", self.confidence, highest=1.0),
            "metadata": _own_dict(self, self.metadata),
        }
        if self.duration is not None:
            checked["duration"] = _number(self, "duration", self.duration)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict of its own."""
        return asdict(self)


def _name(owner: DetectedAction, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise fail(owner, "action", "a non-empty string without NUL", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise fail(owner, "action", "text that UTF-8 can carry", value) from None
    return value


def _number(
    owner: DetectedAction, name: str, value: object, *, highest: float = MOST_SECONDS
) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        # Compared before it is converted: an int may be larger than any float.
        number = cast("float", value)
        if 0 <= number <= highest:
            return float(number)
    raise fail(owner, name, f"a number from 0 to {highest:g}", value)


def _index(owner: DetectedAction, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 <= int(value) < 2**63:
        raise fail(owner, "frame_number", "a whole number from 0, below 2**63", value)
    return int(value)


def _own_dict(owner: DetectedAction, value: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    raise fail(owner, "metadata", "a dict with string keys", value)
