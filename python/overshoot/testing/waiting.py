"""Waiting for what happens elsewhere, and seeing that nothing stays behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

_PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.001


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds, looking every millisecond; `TimeoutError` after 20 s."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on other threads
            await asyncio.sleep(_LOOK_SECONDS)


@contextmanager
def nothing_left() -> Generator[None]:
    """`AssertionError` where the block leaves a thread or a task of this loop behind."""
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    yield
    running = asyncio.all_tasks() - tasks - {asyncio.current_task()}
    # The event loop's own executor is the loop's to end.
    left = [
        thread.name
        for thread in threading.enumerate()
        if thread not in threads and "asyncio_" not in thread.name
    ]
    if running or left:
        names = sorted(task.get_name() for task in running)
        raise AssertionError(f"left running: tasks {names}, threads {sorted(left)}")
