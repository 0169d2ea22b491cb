"""Waiting for something, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock

ValueT = TypeVar("ValueT")

# A task that does not end when cancelled is left behind after that, in real time.
_CANCEL_SECONDS = 2.0


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, ValueT]) -> ValueT:
    """What ``work`` gives; cancelled, and `TimeoutError`, after that many seconds."""
    task = asyncio.create_task(work)
    try:
        # Most work never waits: then there is nothing to time, which would cost as much again.
        await asyncio.sleep(0)
        if not task.done():
            await _either(task, clock.sleep(seconds))
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        await cancel(task)


async def _either(task: asyncio.Task[Any], sleep: Coroutine[Any, Any, None]) -> None:
    timer = asyncio.create_task(sleep)
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(timer)


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks other than the running one, and wait until they are gone."""
    others = {task for task in tasks if task is not asyncio.current_task() and not task.done()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=_CANCEL_SECONDS)
