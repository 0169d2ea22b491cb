"""`ActionQuery`: which actions are asked for, as a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, TypedDict, cast

from attrs import field, fields, frozen

from overshoot.domain.cursor import ORDERS, Cursor, Order
from overshoot.domain.json_value import canonical_json, is_unicode, json_fault
from overshoot.domain.matching import checks, metadata_checks
from overshoot.domain.validation import a_number, a_whole_number
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.stored import StoredAction

MOST_AT_ONCE = 2**31 - 1


class FollowFilters(TypedDict, total=False):
    """The filters of ``follow``; `ActionQuery` says what each means."""

    action: str | Iterable[str] | None
    start_time: float | None
    end_time: float | None
    min_confidence: float | None
    max_confidence: float | None
    min_duration: float | None
    max_duration: float | None
    session: str | Iterable[str] | None
    source: str | Iterable[str] | None
    prompt_contains: str | None
    metadata: Mapping[str, Any] | None


class ActionFilters(FollowFilters, total=False):
    """The filters of ``get_actions``; `ActionQuery` says what each means."""

    last_seconds: float | None
    last_wall_seconds: float | None
    order: Order
    limit: int | None
    after: str | None


def _texts(name: str, value: object) -> frozenset[str] | None:
    given = value
    if given is None:
        return None
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Iterable) and not isinstance(given, (bytes, Mapping)):
        items = list(cast("Iterable[object]", given))
        if all(isinstance(item, str) and is_unicode(item) for item in items):
            return frozenset(cast("list[str]", items))
        given = items
    message = f"ActionQuery.{name} must be a text in Unicode, or several, got {given!r}"
    raise ConfigurationError(message, details={"field": name})


# Type checkers read what may be given off a named converter only.
def _actions(value: str | Iterable[str] | None) -> frozenset[str] | None:
    return _texts("action", value)


def _sessions(value: str | Iterable[str] | None) -> frozenset[str] | None:
    return _texts("session", value)


def _sources(value: str | Iterable[str] | None) -> frozenset[str] | None:
    return _texts("source", value)


def _plain(value: float | None) -> float | None:
    """Any number as a float; what is no number is left to the validator."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return value
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _bound(low: float, high: float, unit: str = "") -> Any:
    check = a_number(low, high, unit, optional=True)
    return field(default=None, converter=_plain, validator=check)


class _Pairs(tuple[tuple[str, str], ...]):
    """The filter ``metadata``, converted."""

    __slots__ = ()


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    if value is None:
        return _Pairs()
    if isinstance(value, _Pairs):  # attrs.evolve gives what was converted
        return value
    if not isinstance(value, Mapping):
        message = f"ActionQuery.metadata must be a dict of what must be in it, got {value!r}"
        raise ConfigurationError(message, details={"field": "metadata"})
    wanted: dict[Any, Any] = {**value}
    if fault := json_fault(wanted):
        raise ConfigurationError(f"ActionQuery.{fault}", details={"field": "metadata"})
    return _Pairs(sorted((key, canonical_json(item)) for key, item in wanted.items()))


def _one_of_the_orders(query: ActionQuery, _: Any, value: object) -> None:
    if value not in ORDERS:
        message = f"ActionQuery.order must be one of {', '.join(ORDERS)}, got {value!r}"
        raise ConfigurationError(message, details={"field": "order"})


@frozen(kw_only=True)
class ActionQuery:
    """Filters that must all hold; None does not filter. `matches` is the definition.

    Attributes:
        action: the names it may have, given as one string or several; none at all match nothing.
        start_time: seconds; the action's ``timestamp`` is not before it.
        end_time: seconds; the action's ``timestamp`` is not after it.
        last_seconds: seconds, from 0; the ``timestamp`` is at most that long before the newest
            action in the store, whatever its name. This is the stream's clock, not the wall's: a
            recording is searched like a live stream.
        last_wall_seconds: seconds, from 0; it was added at most that long ago.
        min_confidence: 0.0 to 1.0; the action's ``confidence`` is not below it.
        max_confidence: 0.0 to 1.0; nor above this.
        min_duration: seconds, from 0; its ``duration`` is known and not below it.
        max_duration: seconds, from 0; its ``duration`` is known and not above it.
        session: the texts that ``metadata["session_id"]`` may be, given as one or several.
        source: the texts that ``metadata["source"]`` may be.
        prompt_contains: text in ``metadata["prompt"]``, whatever its case (`str.casefold`).
        metadata: keys that ``metadata`` has, each with that JSON value; 1, 1.0 and True differ.
            Kept as pairs of key and `canonical_json`.
        order: see `Order`; applied before ``after`` and ``limit``.
        limit: at most so many, from 0.
        after: the cursor of the page before, of a query of the same order: what comes after it.

    Wrong values raise `ConfigurationError`, whose ``details["field"]`` names the filter.
    """

    action: frozenset[str] | None = field(default=None, converter=_actions)
    start_time: float | None = _bound(-inf, inf, "s")
    end_time: float | None = _bound(-inf, inf, "s")
    last_seconds: float | None = _bound(0.0, inf, "s")
    last_wall_seconds: float | None = _bound(0.0, inf, "s")
    min_confidence: float | None = _bound(0.0, 1.0)
    max_confidence: float | None = _bound(0.0, 1.0)
    min_duration: float | None = _bound(0.0, inf, "s")
    max_duration: float | None = _bound(0.0, inf, "s")
    session: frozenset[str] | None = field(default=None, converter=_sessions)
    source: frozenset[str] | None = field(default=None, converter=_sources)
    prompt_contains: str | None = field(default=None)
    metadata: tuple[tuple[str, str], ...] = field(default=None, converter=_pairs)
    order: Order = field(default="timestamp", validator=_one_of_the_orders)
    limit: int | None = field(
        default=None, validator=a_whole_number(0, MOST_AT_ONCE, optional=True)
    )
    after: str | None = field(default=None)

    def __attrs_post_init__(self) -> None:
        for name in ("prompt_contains", "after"):
            value: object = getattr(self, name)
            if value is not None and not (isinstance(value, str) and is_unicode(value)):
                message = f"ActionQuery.{name} must be a text in Unicode, got {value!r}"
                raise ConfigurationError(message, details={"field": name})
        _in_order(self, "start_time", "end_time")
        _in_order(self, "min_confidence", "max_confidence")
        _in_order(self, "min_duration", "max_duration")
        cursor = self.cursor
        if cursor is not None and cursor.order != self.order:
            message = f"after is a cursor of the order {cursor.order!r}, not of {self.order!r}"
            raise ConfigurationError(message, details={"field": "after"})

    @classmethod
    def from_filters(cls, filters: Mapping[str, Any]) -> Self:
        """The query of keyword arguments; an unknown name is a `ConfigurationError`."""
        known = [attribute.name for attribute in fields(cls)]
        unknown = [name for name in filters if name not in known]
        if unknown:
            message = f"there is no filter {unknown[0]!r}; there are: {', '.join(known)}"
            raise ConfigurationError(message, details={"field": unknown[0], "known": known})
        return cls(**filters)

    @property
    def cursor(self) -> Cursor | None:
        """``after``, read."""
        return None if self.after is None else Cursor.parse(self.after)

    def window(self, newest: float) -> tuple[float, float]:
        """First and last timestamp that can match, in seconds; the first may be the later one.

        ``newest`` is the timestamp of the newest action in the store.
        """
        start = -inf if self.start_time is None else self.start_time
        end = inf if self.end_time is None else self.end_time
        if self.last_seconds is not None:
            start = max(start, newest - self.last_seconds)
        return start, end

    def matches(self, stored: StoredAction, *, newest: float, now: float) -> bool:
        """Whether an action is asked for, apart from ``order``, ``limit`` and ``after``.

        ``newest`` as for `window`; ``now`` is UNIX time in seconds.
        """
        return all(check(stored) for check in checks(self, newest=newest, now=now).values())

    def matches_metadata(self, metadata: Mapping[str, Any]) -> bool:
        """The part of `matches` that looks at ``metadata``."""
        return all(check(metadata) for check in metadata_checks(self).values())

    def select(self, kept: Iterable[StoredAction], *, now: float) -> list[StoredAction]:
        """What a store that holds ``kept`` gives: the definition of ``order`` and the rest."""
        everything = list(kept)
        newest = max((stored.action.timestamp for stored in everything), default=0.0)
        asked = list(checks(self, newest=newest, now=now).values())
        found = [stored for stored in everything if all(check(stored) for check in asked)]
        found.sort(key=lambda stored: Cursor.of(self.order, stored).position)
        cursor = self.cursor
        if cursor is not None:
            found = [each for each in found if cursor.is_before(each)]
        return found[: self.limit]


def _in_order(query: ActionQuery, low: str, high: str) -> None:
    least, most = getattr(query, low), getattr(query, high)
    if least is not None and most is not None and least > most:
        message = f"{low} must not be after {high}, got {least!r} and {most!r}"
        raise ConfigurationError(message, details={"field": low})
