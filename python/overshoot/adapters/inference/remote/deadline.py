"""How much time is left for one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock

ValueT = TypeVar("ValueT")


class Deadline:
    """A moment ``seconds`` from now on a clock.

    Attributes:
        seconds: how long it was from the beginning.
        trouble: what came in the way so far, for the message when time is up; "" if nothing.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._at = clock.monotonic() + seconds
        self.seconds = seconds
        self.trouble = ""

    @property
    def left(self) -> float:
        """Seconds until then; below zero when it has passed."""
        return self._at - self._clock.monotonic()

    async def pause(self, seconds: float) -> None:
        """Wait."""
        await self._clock.sleep(seconds)

    async def within(self, work: Coroutine[Any, Any, ValueT]) -> ValueT:
        """What ``work`` gives; cancelled, and `TimeoutError`, when time is up."""
        task = asyncio.create_task(work)
        timer = asyncio.create_task(self._clock.sleep(self.left))
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            task.cancel()
            timer.cancel()
            await asyncio.gather(task, timer, return_exceptions=True)
