"""Calls of foreign functions side by side, none of which has to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import Any, Final, Protocol

from overshoot.errors import InferenceError

MOST_LOST: Final = 64
"""Calls that were given up and have not come back; no more are begun then."""


class Worker(Protocol):
    """Does one thing after the other away from the event loop."""

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Begin; nothing else may be under way."""
        ...

    def abandon(self) -> None:
        """Never wait for it again, whatever it does."""
        ...

    async def end(self) -> None:
        """End it; it is idle."""
        ...


class Workers:
    """At most ``count`` calls at the same time; workers start when needed and are used again.

    Args:
        count: calls under way at the same time; others wait in the order in which they came.
        make: starts a worker.
        label: what is called, for messages.
    """

    def __init__(self, count: int, make: Callable[[], Worker], label: str) -> None:
        self._places = asyncio.Semaphore(count)
        self._make = make
        self._label = label
        self._idle: list[Worker] = []
        self._waits: set[asyncio.Future[Any]] = set()
        self._lost: set[Future[Any]] = set()
        self._closed = False

    @property
    def has_idle(self) -> bool:
        """Whether a worker waits that has worked before."""
        return bool(self._idle)

    async def run(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        begun: Callable[[Future[Any]], None] | None = None,
    ) -> Any:
        """What ``work`` returns or raises. Cancelled, it is not waited for.

        ``begun`` is given the future of the call, which says when it really came back.

        Raises `InferenceError` when closed, when a process died, or when too many earlier calls
        have not come back.
        """
        async with self._places:
            self._refuse_if_closed()
            if len(self._lost) >= MOST_LOST:
                raise InferenceError(
                    f"{len(self._lost)} calls of {self._label} have not come back;"
                    " no more are begun until they do"
                )
            worker = self._idle.pop() if self._idle else self._make()
            future = worker.submit(work, *arguments)
            if begun is not None:
                begun(future)
            return await self._outcome(worker, future)

    async def close(self) -> None:
        """End the workers; what is under way is given up. A second call does nothing."""
        self._closed = True
        for wait in tuple(self._waits):
            wait.cancel()
        idle, self._idle = self._idle, []
        for worker in idle:
            await worker.end()

    async def _outcome(self, worker: Worker, future: Future[Any]) -> Any:
        wait = asyncio.wrap_future(future)
        self._waits.add(wait)
        broken = False
        try:
            return await wait
        except BrokenExecutor as error:
            broken = True
            raise InferenceError(f"the process that ran {self._label} died") from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                # Not this task was cancelled, but its wait, by close().
                raise self._closed_error() from None
            raise
        finally:
            self._waits.discard(wait)
            self._settle(worker, future, usable=not broken and not self._closed)

    def _settle(self, worker: Worker, future: Future[Any], *, usable: bool) -> None:
        if usable and future.done():
            self._idle.append(worker)
            return
        if not future.done():
            self._lost.add(future)
            future.add_done_callback(self._lost.discard)
        worker.abandon()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise self._closed_error()

    def _closed_error(self) -> InferenceError:
        return InferenceError(f"the backend that calls {self._label} is closed")
