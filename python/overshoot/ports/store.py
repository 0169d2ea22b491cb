"""Where actions are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import ActionSummary, IntervalCount, StoredAction


@runtime_checkable
class Store(Protocol):
    """Actions, for any number of threads, and for other processes where the adapter says so.

    * Every method may be called from any thread at any time. Each is one step: a call sees all of
      an ``add`` or nothing of it, and all of every ``add`` that returned before it began.
    * A call may wait for a disk or a network; it never waits for the caller's code.
    * ``add`` keeps all of the actions, in their order, or raises and keeps none of them. When it
      returns they are as durable as the adapter promises. The same action added twice is there
      twice. Metadata that is not JSON (`json_fault`) is a `ConfigurationError`. Actions must not be
      altered once they were added.
    * ``seq`` rises in the order of what was added: who has seen an action, or its ``seq`` as
      ``latest``, will never see one of a lower ``seq`` appear. Of what one ``add`` keeps, each gets
      the next.
    * ``select`` gives what `ActionQuery.select` says. The list is the caller's.
    * ``summarize`` and ``count_by_interval`` are `summaries` and `interval_counts` of what
      ``select`` gives for the same query.
    * ``clear`` forgets all actions; the store can be used as a new one, though ``seq`` goes on.
    * ``wait`` returns True once an action with a ``seq`` above ``after`` was ever added, by
      whatever thread (or process); False when ``timeout_seconds`` have passed first.
    * ``close`` releases everything and may be called again; other calls are then a `StoreError`,
      and a ``wait`` under way ends. What was added stays, where the adapter keeps it longer.
    * What cannot be kept or read is a `StoreError` that says what to do; what was acknowledged
      before stays, and the store goes on once the fault is gone.
    """

    def add(self, actions: Sequence[DetectedAction]) -> None:
        """Keep them."""
        ...

    def select(self, query: ActionQuery) -> list[StoredAction]:
        """Those that match."""
        ...

    def summarize(self, query: ActionQuery) -> list[ActionSummary]:
        """What there is of each name."""
        ...

    def count_by_interval(self, query: ActionQuery, seconds: float) -> list[IntervalCount]:
        """How many there are of each name in each interval of the stream's clock."""
        ...

    def latest(self) -> int:
        """The highest ``seq`` of what was ever added; 0 before the first."""
        ...

    def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait for something new."""
        ...

    def clear(self) -> None:
        """Forget all."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...

    def __len__(self) -> int: ...
