"""Actions kept in memory, for as long as the program runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from threading import Condition, Lock
from time import time
from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.adapters.stores.action_index import ActionIndex, backwards
from overshoot.domain.cursor import sort_key
from overshoot.domain.json_value import json_fault
from overshoot.domain.matching import checks
from overshoot.domain.stored import StoredAction, interval_counts, summaries
from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from overshoot.adapters.stores.action_index import Path
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.matching import Check
    from overshoot.domain.matching import Condition as What
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import ActionSummary, IntervalCount
    from overshoot.ports.clock import Clock

_SURPLUS = 1.25


@frozen
class _Asked:
    """A query, its checks, and the highest ``seq`` when it was asked."""

    query: ActionQuery
    checks: Mapping[What, Check]
    latest: int

    @property
    def backwards(self) -> bool:
        return backwards(self.query.order)

    def left(self, path: Path) -> list[Check]:
        """What must still be checked of an action on a path."""
        left = [check for what, check in self.checks.items() if what not in path.covers]
        if self.query.cursor is not None and not path.leads:
            left.append(self.query.cursor.is_before)
        return left


class MemoryStore:
    """A `Store` in memory. It hands out the very objects that were added.

    An action is found over an index where one of the filters is selective, and costs about as much
    to add among a million as among ten. Who reads takes the lock for a block of actions at a time,
    so that adding does not wait for somebody who reads a million: what is added meanwhile has a
    higher ``seq`` than all that was there when the reading began, and is passed over.

    Args:
        clock: for ``added_at`` and ``last_wall_seconds``; that of this machine by default.
        most: so many stay at least; beyond a quarter more, the oldest go. None keeps all.
    """

    def __init__(self, clock: Clock | None = None, *, most: int | None = None) -> None:
        self._now: Callable[[], float] = time if clock is None else clock.wall
        self._changed = Condition(Lock())
        self._index = ActionIndex()
        self._most = most
        self._newest: deque[StoredAction] = deque(maxlen=most)
        self._latest = 0
        self._closed = False

    def add(self, actions: Sequence[DetectedAction]) -> None:
        """Keep them."""
        for action in actions:
            if fault := json_fault(action.metadata):
                message = f"the action {action.action!r} cannot be kept: {fault}"
                raise ConfigurationError(message, details={"field": "metadata"})
        with self._changed:
            self._check_open()
            now = self._now()
            for action in actions:
                self._latest += 1
                stored = StoredAction(self._latest, action, now)
                self._index.add(stored)
                if self._most is not None:
                    self._newest.append(stored)
            self._let_go()
            self._changed.notify_all()

    def select(self, query: ActionQuery) -> list[StoredAction]:
        """Those that match."""
        with self._changed:
            self._check_open()
            now = self._now()
            asked = _Asked(query, checks(query, newest=self._index.newest, now=now), self._latest)
            paths = self._index.paths(query, now=now)
        best = min(paths, key=lambda path: path.cost)
        if query.limit is not None:
            # Mostly, the first of a list are soon found in its order; else, little time is lost.
            leading = min((path for path in paths if path.leads), key=lambda path: path.cost)
            found = self._first(leading, asked, query.limit, at_most=best.cost)
            if found is not None:
                return found
        return self._all(best, asked)[: query.limit]

    def summarize(self, query: ActionQuery) -> list[ActionSummary]:
        """What there is of each name."""
        conditions = checks(query, newest=0.0, now=0.0).keys()
        if conditions <= {"action"} and query.limit is None and query.after is None:
            with self._changed:
                self._check_open()
                return self._index.summaries(query.action)
        return summaries(self.select(query))

    def count_by_interval(self, query: ActionQuery, seconds: float) -> list[IntervalCount]:
        """How many there are of each name in each interval of the stream's clock."""
        return interval_counts(self.select(query), seconds)

    def latest(self) -> int:
        """The highest ``seq`` of what was ever added; 0 before the first."""
        with self._changed:
            self._check_open()
            return self._latest

    def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait for something new."""
        with self._changed:
            self._check_open()
            self._changed.wait_for(lambda: self._latest > after or self._closed, timeout_seconds)
            return self._latest > after

    def clear(self) -> None:
        """Forget all."""
        with self._changed:
            self._check_open()
            self._index = ActionIndex()
            self._newest.clear()

    def close(self) -> None:
        """Release everything."""
        with self._changed:
            self._closed = True
            self._index = ActionIndex()
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            self._check_open()
            return self._index.count

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("this store was closed; open a new one")

    def _let_go(self) -> None:
        """Begin a new index with the newest; who reads the one before goes on reading it."""
        if self._most is not None and self._index.count > self._most * _SURPLUS:
            self._index = ActionIndex()
            for stored in self._newest:
                self._index.add(stored)

    def _first(
        self, path: Path, asked: _Asked, limit: int, *, at_most: int
    ) -> list[StoredAction] | None:
        """The first that match, along a path in order; None if they lie further than that."""
        found: list[StoredAction] = []
        passed = 0
        left = asked.left(path)
        for block in self._blocks(path, asked):
            found += _those_of(block, left)
            passed += len(block)
            if len(found) >= limit:
                return found[:limit]
            if passed > at_most:
                return None
        return found

    def _all(self, path: Path, asked: _Asked) -> list[StoredAction]:
        """All that match, along any path."""
        found: list[StoredAction] = []
        left = asked.left(path)
        for block in self._blocks(path, asked):
            found += _those_of(block, left)
        if not path.leads:
            # Twice by a number takes half as long as once by two of them.
            found.sort(key=attrgetter("seq"), reverse=asked.backwards)
            found.sort(key=sort_key(asked.query.order), reverse=asked.backwards)
        return found

    def _blocks(self, path: Path, asked: _Asked) -> Iterator[list[StoredAction]]:
        """What lies there and was there when the reading began, some at a time."""
        for part in path.parts:
            low, high = path.low, path.high
            while True:
                with self._changed:
                    late = self._latest > asked.latest
                    if asked.backwards:
                        block = part.preceding(low, high)
                    else:
                        block = part.following(low, high)
                if not block:
                    break
                place = part.key(block[-1]), block[-1].seq
                low, high = (low, place) if asked.backwards else (place, high)
                yield [each for each in block if each.seq <= asked.latest] if late else block


def _those_of(block: list[StoredAction], asked: Sequence[Check]) -> list[StoredAction]:
    for check in asked:
        block = list(filter(check, block))
    return block
