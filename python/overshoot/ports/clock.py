"""What time it is, and waiting for it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Time as the application sees it, so that tests can own it.

    ``monotonic`` never goes back and is unrelated to the calendar; ``wall`` is seconds since the
    Unix epoch and may jump; ``sleep`` waits at least that many seconds of ``monotonic`` time and
    returns at once for zero or less.
    """

    def monotonic(self) -> float:
        """Seconds on a clock that only goes forward."""
        ...

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
