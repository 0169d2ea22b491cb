"""Actions kept in memory, for as long as the program runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from threading import Lock
from typing import TYPE_CHECKING

from overshoot.adapters.stores.timeline import Timeline

if TYPE_CHECKING:
    from overshoot.adapters.stores.timeline import Entry
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery


class MemoryStore:
    """A `Store` in memory: one timeline of everything, and one for each name.

    It hands out the very objects that were added.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._everything = Timeline()
        self._by_name: dict[str, Timeline] = {}
        self._counts: dict[str, int] = {}
        self._added = 0

    def add(self, actions: Sequence[DetectedAction]) -> None:
        """Keep them."""
        with self._lock:
            for action in actions:
                entry = (action.timestamp, self._added, action)
                self._everything.add(entry)
                self._by_name.setdefault(action.action, Timeline()).add(entry)
                self._counts[action.action] = self._counts.get(action.action, 0) + 1
                self._added += 1

    def select(self, query: ActionQuery) -> list[DetectedAction]:
        """Those that match."""
        with self._lock:
            newest = self._everything.newest
            if newest is None:
                return []
            found = self._between(query.action, *query.window(newest))
            least = query.min_confidence
            if least is None:
                return [action for _, _, action in found]
            return [action for _, _, action in found if action.confidence >= least]

    def summary(self) -> dict[str, int]:
        """How many there are of each name."""
        with self._lock:
            counts = list(self._counts.items())
        return dict(sorted(counts, key=lambda item: -item[1]))

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._everything = Timeline()
            self._by_name = {}
            self._counts = {}

    def __len__(self) -> int:
        with self._lock:
            return sum(self._counts.values())

    def _between(self, names: frozenset[str] | None, start: float, end: float) -> Iterable[Entry]:
        if names is None:
            return self._everything.between(start, end)
        timelines = [self._by_name[name] for name in names if name in self._by_name]
        if len(timelines) == 1:
            return timelines[0].between(start, end)
        return merge(*(timeline.between(start, end) for timeline in timelines))
