"""Actions kept in memory, for as long as the program runs."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Condition
from time import time
from typing import TYPE_CHECKING

from overshoot.domain.json_value import json_fault
from overshoot.domain.stored import StoredAction, interval_counts, summaries
from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import ActionSummary, IntervalCount
    from overshoot.ports.clock import Clock


class MemoryStore:
    """A `Store` in memory.

    It hands out the very objects that were added.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._now = time if clock is None else clock.wall
        self._changed = Condition()
        self._kept: list[StoredAction] = []
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
                self._kept.append(StoredAction(self._latest, action, now))
            self._changed.notify_all()

    def select(self, query: ActionQuery) -> list[StoredAction]:
        """Those that match."""
        with self._changed:
            self._check_open()
            kept = self._kept.copy()
        return query.select(kept, now=self._now())

    def summarize(self, query: ActionQuery) -> list[ActionSummary]:
        """What there is of each name."""
        return summaries(self.select(query))

    def count_by_interval(self, query: ActionQuery, seconds: float) -> list[IntervalCount]:
        """How many there are of each name in each interval of the stream's clock."""
        return interval_counts(self.select(query), seconds)

    def latest(self) -> int:
        """The highest ``seq`` that was ever given; 0 before the first."""
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
            self._kept = []

    def close(self) -> None:
        """Release everything."""
        with self._changed:
            self._closed = True
            self._kept = []
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            self._check_open()
            return len(self._kept)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("this store was closed; open a new one")
