"""Several files at once, at most so many side by side."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Final, TypeAlias, TypeVar

import typer

ItemT = TypeVar("ItemT")

MOST_JOBS: Final = 64
USUAL_JOBS: Final = max(1, min(4, (os.cpu_count() or 1) // 2))

JobsOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", min=1, max=MOST_JOBS, help="How many files to work on side by side."
    ),
]


async def side_by_side(
    work: Callable[[ItemT], Awaitable[None]], items: Iterable[ItemT], limit: int
) -> None:
    """Do the work on each item, at most ``limit`` at a time, in their order.

    What one raises is raised here, once the others that run have been cancelled and are over.
    """
    waiting = iter(items)

    async def one_after_the_other() -> None:
        for item in waiting:
            await work(item)

    workers = [asyncio.ensure_future(one_after_the_other()) for _ in range(limit)]
    try:
        await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for worker in workers:
            worker.cancel()
        over = await asyncio.gather(*workers, return_exceptions=True)
    for fault in over:
        if isinstance(fault, BaseException) and not isinstance(fault, asyncio.CancelledError):
            raise fault
