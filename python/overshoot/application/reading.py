"""Reading results with ``async for``: the newest ones, never an unbounded queue."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar
from weakref import ref

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
        self.dropped: int = 0

    def put(self, item: ItemT) -> bool:
        """Add an item; whether an older one had to be dropped for it."""
        full = len(self._items) >= QUEUE_LIMIT
        if full:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._ready.set()
        return full

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
    """All readers of one stream, for as long as their owners keep them.

    ``dropped`` counts the items that some reader never got.
    """

    def __init__(self) -> None:
        # Weak, because nobody says that he has left an ``async for``.
        self._readers: list[ref[Reader[ItemT]]] = []
        self._ended = False
        self.dropped: int = 0

    def __len__(self) -> int:
        return len(self._present())

    def new(self) -> Reader[ItemT]:
        """A reader of everything from now on."""
        reader = Reader[ItemT]()
        if self._ended:
            reader.finish()
        else:
            self._readers.append(ref(reader, self._readers.remove))
        return reader

    def put(self, item: ItemT) -> None:
        """Give every reader an item."""
        for reader in self._present():
            self.dropped += reader.put(item)

    def finish(self) -> None:
        """No more items will come."""
        self._ended = True
        for reader in self._present():
            reader.finish()
        self._readers.clear()

    def _present(self) -> list[Reader[ItemT]]:
        return [reader for known in list(self._readers) if (reader := known()) is not None]
