"""Time that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class ManualClock:
    """A `Clock` whose time only `advance` moves; for one event loop.

    ``sleepers`` is how many are waiting, so that a test can wait for somebody to fall asleep
    (`until_sleepers`) before it moves time.
    """

    def __init__(self, *, monotonic: float = 0.0, wall: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._fell_asleep = asyncio.Event()

    def monotonic(self) -> float:
        """Seconds on a clock that only goes forward."""
        return self._monotonic

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        return self._wall

    async def sleep(self, seconds: float) -> None:
        """Wait until time was advanced that far; at once for zero or less."""
        if seconds <= 0:
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._monotonic + seconds, next(self._order), woken))
        self._fell_asleep.set()
        await woken

    @property
    def sleepers(self) -> int:
        """How many are asleep."""
        return sum(not woken.done() for _, _, woken in self._waiting)

    async def until_sleepers(self, count: int) -> None:
        """Wait until at least that many are asleep."""
        while self.sleepers < count:
            self._fell_asleep.clear()
            await self._fell_asleep.wait()

    async def advance(self, seconds: float) -> None:
        """Move time; who sleeps is woken in the order of their times, at their times.

        Between two of them, tasks run until they wait again, so somebody who goes back to sleep
        within the stretch is woken within it too.
        """
        end = self._monotonic + seconds
        while self._waiting and self._waiting[0][0] <= end:
            at, _, woken = heapq.heappop(self._waiting)
            self._set(max(at, self._monotonic))
            if not woken.done():
                woken.set_result(None)
                await self._let_others_run()
        self._set(end)
        await self._let_others_run()

    def jump_wall(self, seconds: float) -> None:
        """Set the calendar, as an administrator would; monotonic time does not notice."""
        self._wall += seconds

    def _set(self, monotonic: float) -> None:
        self._wall += monotonic - self._monotonic
        self._monotonic = monotonic

    async def _let_others_run(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
