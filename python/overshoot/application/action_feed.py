"""News of actions on their way to those who watch a stream, each at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from overshoot.domain.kept_action import ActionNews

MOST_WAITING: Final = 256


class ActionFeed:
    """What one watcher is told; the oldest news make room where it reads too slowly.

    Attributes:
        dropped: news that were never fetched.
    """

    def __init__(self) -> None:
        self._news: deque[ActionNews] = deque(maxlen=MOST_WAITING)
        self._changed = asyncio.Event()
        self.dropped: int = 0

    def publish(self, news: ActionNews) -> None:
        """Queue it; never waits."""
        self.dropped += len(self._news) == self._news.maxlen
        self._news.append(news)
        self._changed.set()

    async def next(self) -> ActionNews:
        """The oldest that waits."""
        while not self._news:
            self._changed.clear()
            await self._changed.wait()
        return self._news.popleft()
