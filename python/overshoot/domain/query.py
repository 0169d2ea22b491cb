"""`ActionQuery`: which actions are asked for, as a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, TypedDict, cast

from attrs import field, fields, frozen

from overshoot.domain.validation import a_number
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction


class ActionFilters(TypedDict, total=False):
    """The filters of ``get_actions``; `ActionQuery` says what each means."""

    action: str | Iterable[str] | None
    start_time: float | None
    end_time: float | None
    min_confidence: float | None
    last_seconds: float | None


def _names(value: str | Iterable[str] | None) -> frozenset[str] | None:
    if value is None or isinstance(value, str):
        return None if value is None else frozenset({value})
    given = cast("object", value)
    if isinstance(given, Iterable) and not isinstance(given, (bytes, Mapping)):
        names = list(cast("Iterable[object]", given))
        if all(isinstance(name, str) for name in names):
            return frozenset(cast("list[str]", names))
        given = names
    message = f"ActionQuery.action must be the name of an action, or several, got {given!r}"
    raise ConfigurationError(message, details={"field": "action"})


def _plain(value: float | None) -> float | None:
    """A number of numpy's as Python's; what is no number is left to the validator."""
    if isinstance(value, Real) and not isinstance(value, (bool, int)):
        return float(value)
    return value


_TIME = a_number(-inf, inf, "s", optional=True)
_SPAN = a_number(0.0, inf, "s", optional=True)
_SHARE = a_number(0.0, 1.0, optional=True)


@frozen(kw_only=True)
class ActionQuery:
    """Filters that must all hold; None does not filter. `matches` is the definition.

    Attributes:
        action: the names it may have, given as one string or several; none at all match nothing.
        start_time: seconds; the action's ``timestamp`` is not before it.
        end_time: seconds; the action's ``timestamp`` is not after it.
        min_confidence: 0.0 to 1.0; the action's ``confidence`` is not below it.
        last_seconds: seconds, from 0; the ``timestamp`` is at most that long before the newest
            action in the store, whatever its name. This is the stream's clock, not the wall's: a
            recording is searched like a live stream.

    Wrong values raise `ConfigurationError`, whose ``details["field"]`` names the filter.
    """

    action: frozenset[str] | None = field(default=None, converter=_names)
    start_time: float | None = field(default=None, converter=_plain, validator=_TIME)
    end_time: float | None = field(default=None, converter=_plain, validator=_TIME)
    min_confidence: float | None = field(default=None, converter=_plain, validator=_SHARE)
    last_seconds: float | None = field(default=None, converter=_plain, validator=_SPAN)

    def __attrs_post_init__(self) -> None:
        start, end = self.start_time, self.end_time
        if start is not None and end is not None and start > end:
            message = f"start_time must not be after end_time, got {start!r} and {end!r}"
            raise ConfigurationError(message, details={"field": "start_time"})

    @classmethod
    def from_filters(cls, filters: Mapping[str, Any]) -> Self:
        """The query of keyword arguments; an unknown name is a `ConfigurationError`."""
        known = [attribute.name for attribute in fields(cls)]
        unknown = [name for name in filters if name not in known]
        if unknown:
            message = f"there is no filter {unknown[0]!r}; there are: {', '.join(known)}"
            raise ConfigurationError(message, details={"field": unknown[0], "known": known})
        return cls(**filters)

    def window(self, newest: float) -> tuple[float, float]:
        """First and last timestamp that can match, in seconds; the first may be the later one.

        ``newest`` is the timestamp of the newest action in the store.
        """
        start = -inf if self.start_time is None else self.start_time
        end = inf if self.end_time is None else self.end_time
        if self.last_seconds is not None:
            start = max(start, newest - self.last_seconds)
        return start, end

    def matches(self, action: DetectedAction, newest: float) -> bool:
        """Whether an action is asked for; ``newest`` as for `window`."""
        start, end = self.window(newest)
        return (
            (self.action is None or action.action in self.action)
            and start <= action.timestamp <= end
            and (self.min_confidence is None or action.confidence >= self.min_confidence)
        )
