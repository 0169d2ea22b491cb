"""Streams take turns at the backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from overshoot.domain.round_robin import RoundRobin
from overshoot.ports.inference import ConcurrencyHint

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend


def concurrency_of(backend: InferenceBackend, chosen: int | None) -> int | None:
    """Requests at the same time: as chosen, else as the backend hints, else any number (None)."""
    if chosen is not None:
        return chosen
    return backend.concurrency if isinstance(backend, ConcurrencyHint) else None


class Scheduler:
    """Hands out turns at one backend, by the rule of `RoundRobin`.

    Attributes:
        given: turns that have begun.
        waited_seconds: time that all of them were waited for, in sum.
    """

    def __init__(self, clock: Clock, concurrency: int | None = None) -> None:
        self._clock = clock
        self._turns = RoundRobin[str, asyncio.Future[None]](concurrency)
        self.concurrency: int | None = concurrency
        self.given: int = 0
        self.waited_seconds: float = 0.0

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return self._turns.waiting

    @property
    def running(self) -> int:
        """Requests that the backend has."""
        return self._turns.running

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncGenerator[None]:
        """Wait for a turn of ``who``, and have it until the block is left.

        Cancelled while it waits, it leaves the line.
        """
        ticket = asyncio.get_running_loop().create_future()
        asked_at = self._clock.monotonic()
        self._turns.ask(who, ticket)
        try:
            self._call()
            await ticket
            self.waited_seconds += self._clock.monotonic() - asked_at
            yield
        finally:
            self._turns.leave(who, ticket)
            self._call()

    def _call(self) -> None:
        while (ticket := self._turns.call()) is not None:
            self.given += 1
            # A ticket that was cancelled leaves by itself, as soon as its task runs.
            if not ticket.done():
                ticket.set_result(None)
