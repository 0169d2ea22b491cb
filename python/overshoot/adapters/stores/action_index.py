"""Actions in memory, and the shortest way to those that are asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import frozen

from overshoot.adapters.stores.ordered import Ordered, Position
from overshoot.domain.cursor import Order, sort_key
from overshoot.domain.stored import ActionSummary

if TYPE_CHECKING:
    from overshoot.domain.matching import Condition
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction

_Kept = TypeVar("_Kept")

_FIRST: Final[Position] = (-inf, 0)
_LAST: Final[Position] = (inf, inf)
_SORTING: Final = 8
"""What an action costs that must still be sorted, where one in order costs 1."""


@frozen
class Path:
    """Where all the actions are that are asked for, and maybe others between them.

    Attributes:
        parts: each is to be read after ``low`` and before ``high``.
        low: where they begin.
        high: where they end.
        covers: the conditions that all who lie there fulfil.
        leads: whether who reads it, the one way or the other, finds them in the order that is asked
            for, and none that comes before the cursor.
        count: how many lie there.
    """

    parts: tuple[Ordered, ...]
    low: Position
    high: Position
    covers: frozenset[Condition]
    leads: bool
    count: int

    @property
    def cost(self) -> int:
        """What it takes to read it all, and to sort it."""
        return self.count if self.leads else self.count * _SORTING


class Named:
    """The actions of one name."""

    __slots__ = ("confidence", "count", "lasted", "timestamp")

    def __init__(self) -> None:
        self.timestamp: Ordered = Ordered(sort_key("timestamp"))
        self.confidence: Ordered = Ordered(sort_key("confidence"))
        self.count: int = 0
        self.lasted: float = 0.0

    def add(self, stored: StoredAction) -> None:
        """Keep one."""
        self.timestamp.add(stored)
        self.confidence.add(stored)
        self.count += 1
        self.lasted += stored.action.duration or 0.0


class ActionIndex:
    """All actions by ``seq``, time, confidence and duration; those of a name by time and
    confidence; those of a session and of a source by time.

    Not for several threads at once.
    """

    def __init__(self) -> None:
        self.count: int = 0
        self._added = Ordered(sort_key("added"))
        self._timestamp = Ordered(sort_key("timestamp"))
        self._confidence = Ordered(sort_key("confidence"))
        self._duration = Ordered(_duration)
        self._names: dict[str, Named] = {}
        self._sessions: dict[str, Ordered] = {}
        self._sources: dict[str, Ordered] = {}
        # Each new highest ``added_at`` with its ``seq``: the wall clock may go back.
        self._peaks: list[tuple[float, int]] = []

    def add(self, stored: StoredAction) -> None:
        """Keep one; its ``seq`` is the highest."""
        action = stored.action
        self.count += 1
        self._added.add(stored)
        self._timestamp.add(stored)
        self._confidence.add(stored)
        if action.duration is not None:
            self._duration.add(stored)
        named = self._names.get(action.action)
        if named is None:
            named = self._names[action.action] = Named()
        named.add(stored)
        _add_by_text(self._sessions, action.metadata.get("session_id"), stored)
        _add_by_text(self._sources, action.metadata.get("source"), stored)
        if not self._peaks or stored.added_at > self._peaks[-1][0]:
            self._peaks.append((stored.added_at, stored.seq))

    @property
    def newest(self) -> float:
        """The latest timestamp; 0 where there is no action."""
        return self._timestamp.ends[1] if self.count else 0.0

    def paths(self, query: ActionQuery, *, now: float) -> list[Path]:
        """All that lead to what is asked for, one of them in its order at least."""
        spans = self._spans(query, now)
        found: list[Path] = []
        for parts, order, covers in self._parts(query):
            low, high = spans.get(order, (_FIRST, _LAST))
            leads = len(parts) == 1 and order == query.order.removeprefix("-")
            if leads and (cursor := query.cursor) is not None:
                place = (cursor.key, cursor.seq)
                if backwards(query.order):
                    high = min(high, place)
                else:
                    low = max(low, place)
            count = sum(part.count(low, high) for part in parts)
            found.append(Path(parts, low, high, frozenset(covers), leads, count))
        return found

    def summaries(self, names: frozenset[str] | None) -> list[ActionSummary]:
        """What there is of some names, or of all; as `overshoot.domain.stored.summaries`."""
        found = [
            ActionSummary(name, named.count, named.lasted, *named.timestamp.ends)
            for name, named in self._names.items()
            if names is None or name in names
        ]
        return sorted(found, key=lambda summary: -summary.count)

    def _parts(
        self, query: ActionQuery
    ) -> Iterator[tuple[tuple[Ordered, ...], str, set[Condition]]]:
        """Lists in which all that is asked for is, by what they are sorted, what they cover."""
        yield (self._added,), "added", set()
        yield (self._timestamp,), "timestamp", {"timestamp"}
        yield (self._confidence,), "confidence", {"confidence"}
        if query.min_duration is not None or query.max_duration is not None:
            yield (self._duration,), "duration", {"duration"}
        if query.action is not None:
            named = _those(self._names, query.action)
            yield tuple(each.timestamp for each in named), "timestamp", {"action", "timestamp"}
            yield tuple(each.confidence for each in named), "confidence", {"action", "confidence"}
        if query.session is not None:
            yield _those(self._sessions, query.session), "timestamp", {"session", "timestamp"}
        if query.source is not None:
            yield _those(self._sources, query.source), "timestamp", {"source", "timestamp"}

    def _spans(self, query: ActionQuery, now: float) -> dict[str, tuple[Position, Position]]:
        start, end = query.window(self.newest)
        spans = {
            "timestamp": _span(start, end),
            "confidence": _span(query.min_confidence, query.max_confidence),
            "duration": _span(query.min_duration, query.max_duration),
        }
        if query.last_wall_seconds is not None:
            peak = bisect_left(self._peaks, (now - query.last_wall_seconds, 0))
            first = self._peaks[peak][1] if peak < len(self._peaks) else inf
            spans["added"] = _span(first, None)
        return spans


def backwards(order: Order) -> bool:
    """Whether an order begins with the highest."""
    return order.startswith("-")


def _span(low: float | None, high: float | None) -> tuple[Position, Position]:
    return (-inf if low is None else low, 0), (inf if high is None else high, inf)


def _those(kept: Mapping[str, _Kept], names: Iterable[str]) -> tuple[_Kept, ...]:
    return tuple(kept[name] for name in names if name in kept)


def _add_by_text(kept: dict[str, Ordered], text: object, stored: StoredAction) -> None:
    if isinstance(text, str):
        ordered = kept.get(text)
        if ordered is None:
            ordered = kept[text] = Ordered(sort_key("timestamp"))
        ordered.add(stored)


def _duration(stored: StoredAction) -> float:
    return stored.action.duration or 0.0
