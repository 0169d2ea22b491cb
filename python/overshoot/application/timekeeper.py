"""Calling a state machine when its time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from overshoot.application.waiting import cancel

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock


class Timekeeper:
    """Calls ``poll(now)`` whenever ``next_deadline()`` has come, for as long as `run` runs."""

    def __init__(
        self,
        clock: Clock,
        next_deadline: Callable[[], float | None],
        poll: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._next_deadline = next_deadline
        self._poll = poll
        self._changed = asyncio.Event()

    def look_again(self) -> None:
        """The next deadline may have moved."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._changed.clear()
            waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._changed.wait())]
            deadline = self._next_deadline()
            if deadline is not None:
                sleep = self._clock.sleep(deadline - self._clock.monotonic())
                waits.append(asyncio.create_task(sleep))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await cancel(*waits)
            self._poll(self._clock.monotonic())
