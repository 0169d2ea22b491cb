"""Handing results to the caller's callbacks without ever holding up the stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeAlias, TypeVar

from overshoot.errors import CallbackError, OvershootError
from overshoot.log import get_logger

_log = get_logger(__name__)

ItemT = TypeVar("ItemT")
Callback: TypeAlias = Callable[[ItemT], Any]
"""A function, a coroutine function, or a function that starts and returns a task."""

QUEUE_LIMIT = 64
CANCEL_SECONDS = 1.0


class Delivery(Generic[ItemT]):
    """Calls ``callback`` on the event loop for each item, in order, one at a time.

    A coroutine it returns is awaited before the next item; a task or future is left to itself, and
    its failure is reported. While the callback is busy at most ``limit`` items wait, the newest.
    What the callback raises goes to ``on_fault`` as a `CallbackError`, and delivery goes on.
    ``dropped`` counts the items that the callback never got.
    """

    def __init__(
        self,
        name: str,
        callback: Callback[ItemT],
        on_fault: Callable[[CallbackError], None],
        *,
        limit: int = QUEUE_LIMIT,
    ) -> None:
        self.name = name
        self._callback = callback
        self._on_fault = on_fault
        self._limit = limit
        self._items: deque[ItemT] = deque()
        self._ready = asyncio.Event()
        self._closing = False
        self._worker: asyncio.Task[None] | None = None
        self.dropped: int = 0

    def start(self) -> None:
        """Begin to deliver, on the running loop."""
        self._worker = asyncio.create_task(self._work(), name=f"overshoot-{self.name}")

    def put(self, item: ItemT) -> None:
        """Add an item; drops the oldest one when too many wait."""
        if self._worker is not None and self._worker.done():
            # A task that a callback left behind may fail long after the stream has ended.
            self.dropped += 1
            _log.warning("undelivered", callback=self.name, item=repr(item))
            return
        if len(self._items) >= self._limit:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._ready.set()

    @property
    def calling(self) -> bool:
        """Whether it is the callback that asks, which must not wait for its own end."""
        return self._worker is not None and self._worker is asyncio.current_task()

    async def close(self, *, patience_seconds: float) -> None:
        """Deliver what waits, for at most that long, then stop; what is lost by it is reported."""
        self._closing = True
        self._ready.set()
        worker = self._worker
        if worker is None:
            return
        _, unfinished = await asyncio.wait({worker}, timeout=patience_seconds)
        if unfinished:
            worker.cancel()
            await asyncio.wait({worker}, timeout=CANCEL_SECONDS)
            message = (
                f"{self.name} was still busy {patience_seconds:g} s after the end and was"
                f" cancelled; {len(self._items)} more were not delivered"
            )
            self._on_fault(CallbackError(message, callback=self.name))

    async def _work(self) -> None:
        while True:
            while self._items:
                await self._call(self._items.popleft())
            if self._closing:
                return
            self._ready.clear()
            await self._ready.wait()

    async def _call(self, item: ItemT) -> None:
        try:
            returned = self._callback(item)
            if asyncio.isfuture(returned):
                returned.add_done_callback(self._inspect)
            elif isinstance(returned, Awaitable):
                await returned
        except asyncio.CancelledError as cause:
            worker = asyncio.current_task()
            if worker is not None and worker.cancelling():
                raise
            self._fault(cause)  # Something the callback waited for was cancelled, not it itself.
        except Exception as cause:  # noqa: BLE001 - the caller's code may raise anything
            self._fault(cause)

    def _inspect(self, task: asyncio.Future[Any]) -> None:
        if not task.cancelled() and (cause := task.exception()) is not None:
            self._fault(cause)

    def _fault(self, cause: BaseException) -> None:
        message = f"{self.name} raised {type(cause).__name__}: {cause}"
        self._on_fault(CallbackError(message, callback=self.name, cause=cause))


def error_delivery(callback: Callback[OvershootError] | None) -> Delivery[OvershootError]:
    """Delivery for ``on_error``: without a callback errors go to the log, as do its own faults."""

    def log(error: OvershootError) -> None:
        _log.warning("stream_error", error=type(error).__name__, message=error.message)

    return Delivery("on_error", callback if callback is not None else log, log)
