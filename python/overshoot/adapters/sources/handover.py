"""From any thread to one reader: the newest frame wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from overshoot.domain.push_clock import PushClock
from overshoot.domain.pushed import PushCounts

ItemT = TypeVar("ItemT")


class Handover(Generic[ItemT]):
    """Holds one item, the newest, until the reader takes it; counts what becomes of all.

    Args:
        clock: seconds that only go forward.
        on_taken: called without the lock whenever the place has become free.
    """

    def __init__(
        self, clock: Callable[[], float], on_taken: Callable[[], None] | None = None
    ) -> None:
        self._clock = clock
        self._on_taken = on_taken
        self._changed = threading.Condition()
        self._times = PushClock()
        self._slot: tuple[ItemT, float] | None = None
        self._error: Exception | None = None
        self._ended = False
        self._shut = False
        self._pushed = 0
        self._taken = 0
        self._superseded = 0
        self._fallen = 0

    def put(self, item: ItemT, given_timestamp: float | None) -> bool:
        """Hand over; never waits for the reader. False when it has ended or is shut."""
        with self._changed:
            if self._ended or self._shut:
                return False
            self._superseded += self._slot is not None
            self._slot = item, self._times.place(given_timestamp, self._clock())
            self._pushed += 1
            self._changed.notify_all()
            return True

    def end(self, error: Exception | None = None) -> None:
        """No more will come; `take` gives what is there, then None or raises ``error``."""
        with self._changed:
            if not self._ended:
                self._ended, self._error = True, error
                self._changed.notify_all()

    def take(self) -> tuple[ItemT, float] | None:
        """The newest item and its timestamp; waits for one. None at the end and when shut."""
        with self._changed:
            self._changed.wait_for(lambda: self._slot is not None or self._ended or self._shut)
            if self._shut:
                return None
            taken, self._slot = self._slot, None
            if taken is None:
                if self._error is not None:
                    raise self._error
                return None
            self._taken += 1
        if self._on_taken is not None:
            self._on_taken()
        return taken

    def shut(self) -> None:
        """`take` gives None from now on, and nothing is accepted; what waits falls."""
        with self._changed:
            self._shut = True
            self._fallen += self._slot is not None
            self._slot = None
            self._changed.notify_all()

    @property
    def empty(self) -> bool:
        """Whether the reader has taken all that came."""
        return self._slot is None

    @property
    def counts(self) -> PushCounts:
        """What has become of the items so far; they add up at every moment."""
        with self._changed:
            return PushCounts(
                pushed=self._pushed,
                taken=self._taken,
                waiting=int(self._slot is not None),
                superseded=self._superseded,
                not_open=self._fallen,
                retimed=self._times.retimed,
            )
