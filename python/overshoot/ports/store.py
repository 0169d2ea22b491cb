"""Where actions are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery


@runtime_checkable
class Store(Protocol):
    """Actions, for any number of threads.

    * Every method may be called from any thread at any time. Each is one step: a call sees all of
      an ``add`` or nothing of it, and all of every ``add`` that returned before it began.
    * A call may wait for a disk or a network; it never waits for the caller's code.
    * ``add`` keeps all of the actions, in their order, or raises and keeps none of them. The same
      action added twice is there twice.
    * ``select`` gives what `ActionQuery.matches` says, by rising timestamp; those of one timestamp
      in the order in which they were added. The list is the caller's.
    * ``summary`` counts the actions of each name, the most frequent first; those of one count in
      the order in which their names were first added. The dict is the caller's.
    * ``clear`` forgets all actions; the store can be used as a new one.
    * What cannot be kept or read is a `StoreError`; what was acknowledged before stays.
    """

    def add(self, actions: Sequence[DetectedAction]) -> None:
        """Keep them."""
        ...

    def select(self, query: ActionQuery) -> list[DetectedAction]:
        """Those that match."""
        ...

    def summary(self) -> dict[str, int]:
        """How many there are of each name."""
        ...

    def clear(self) -> None:
        """Forget all."""
        ...

    def __len__(self) -> int: ...
