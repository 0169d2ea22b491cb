"""Tasks that belong to somebody: he learns of their failures, and they end with him."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from overshoot.application.waiting import cancel


class BackgroundTasks:
    """Tasks of one owner on one event loop; ``on_failure`` is told what one of them raised."""

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it run."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    async def cancel(self) -> None:
        """End those that run, and wait for it, though not for ever."""
        await cancel(*self._tasks)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)
