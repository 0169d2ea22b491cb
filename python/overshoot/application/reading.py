"""Reading results with ``async for``: the newest ones, never an unbounded queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")

QUEUE_LIMIT = 64


class Reader(Generic[ItemT], AsyncIterator[ItemT]):
    """One reader of a stream's items; while it is busy the newest 64 wait, older ones are dropped.

    ``dropped`` counts those. It ends when the stream has ended and it has read what waited.
    """

    def __init__(self) -> None:
        self._items: deque[ItemT] = deque()
        self._ready = asyncio.Event()
        self._ended = False
        self.dropped = 0

    def put(self, item: ItemT) -> None:
        """Add an item."""
        if len(self._items) >= QUEUE_LIMIT:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._ready.set()

    def finish(self) -> None:
        """No more items will come."""
        self._ended = True
        self._ready.set()

    async def __anext__(self) -> ItemT:
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()


class Readers(Generic[ItemT]):
    """All readers of one stream."""

    def __init__(self) -> None:
        self._readers: list[Reader[ItemT]] = []
        self._ended = False

    @property
    def dropped(self) -> int:
        """Items that some reader never got."""
        return sum(reader.dropped for reader in self._readers)

    def new(self) -> Reader[ItemT]:
        """A reader of everything from now on."""
        reader = Reader[ItemT]()
        self._readers.append(reader)
        if self._ended:
            reader.finish()
        return reader

    def put(self, item: ItemT) -> None:
        """Give every reader an item."""
        for reader in self._readers:
            reader.put(item)

    def finish(self) -> None:
        """No more items will come."""
        self._ended = True
        for reader in self._readers:
            reader.finish()
