"""Actions as they are added to a store."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from attrs import evolve

from overshoot.application.closing import Closing
from overshoot.domain.cursor import Cursor

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction
    from overshoot.ports.store import Store

SLICE_SECONDS: Final = 0.25
"""`Store.wait` cannot be called off, so it is asked to wait for so long, again and again."""

MOST_AT_ONCE: Final = 1000
"""How many actions are read ahead."""


class Follower(Closing):
    """Gives each action that is added, once, in the order of ``seq``; it waits where there is none.

    ::

        for action in follower: ...          # blocks this thread
        async for action in follower: ...    # the event loop goes on; may be cancelled

    Both end once `close` was called. Several who read from one follower share the actions between
    them. A read that fails is a `StoreError`; reading again goes on where it stopped. A thread runs
    only while somebody waits with ``async for``, so that a follower may simply be forgotten.

    Args:
        store: where actions are added, by whoever.
        query: which actions are asked for; ``order``, ``limit`` and ``after`` are not looked at.
        since: those with a higher ``seq`` are given.
    """

    def __init__(self, store: Store, query: ActionQuery, since: int) -> None:
        self._store = store
        self._query = evolve(query, order="added", limit=MOST_AT_ONCE, after=None)
        self._ahead: deque[StoredAction] = deque()
        self._read_to = since
        self._given = since
        self._reading = threading.Lock()
        self._closed = threading.Event()

    @property
    def seq(self) -> int:
        """The ``seq`` of the action given last, from which another follower can go on."""
        return self._given

    def close(self) -> None:
        """End it; who waits is let go, after a quarter of a second at most. From any thread."""
        self._closed.set()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> DetectedAction:
        while not self._closed.is_set():
            if (action := self._take()) is not None:
                return action
            self._wait_a_slice()
        raise StopIteration

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DetectedAction:
        while not self._closed.is_set():
            if (action := self._take()) is not None:
                return action
            await self._until_ahead()
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self) -> DetectedAction | None:
        try:
            stored = self._ahead.popleft()
        except IndexError:
            return None
        self._given = stored.seq
        return stored.action

    def _wait_a_slice(self) -> None:
        self._read_ahead()
        if not self._ahead:
            self._store.wait(self._read_to, SLICE_SECONDS)

    def _read_ahead(self) -> None:
        # One at a time: who was cancelled may still be reading, and nothing is to be read twice.
        with self._reading:
            latest = self._store.latest()
            if latest <= self._read_to:
                return
            after = Cursor("added", self._read_to, self._read_to)
            found = self._store.select(evolve(self._query, after=str(after)))
            last = found[-1].seq if found else 0
            self._read_to = last if len(found) == MOST_AT_ONCE else max(latest, last)
            self._ahead.extend(found)

    async def _until_ahead(self) -> None:
        """Wait in a thread of its own, which ends with the waiting."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        given_up = threading.Event()

        def wait() -> None:
            fault: Exception | None = None
            try:
                while not (self._ahead or self._closed.is_set() or given_up.is_set()):
                    self._wait_a_slice()
            except Exception as error:  # noqa: BLE001 - raised where it is awaited
                fault = error
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_settle, ended, fault)

        threading.Thread(target=wait, name="overshoot-follower", daemon=True).start()
        try:
            await ended
        finally:
            given_up.set()


def _settle(ended: asyncio.Future[None], fault: Exception | None) -> None:
    if ended.done():
        return
    if fault is None:
        ended.set_result(None)
    else:
        ended.set_exception(fault)
