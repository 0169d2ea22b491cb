"""Why a command ends before its work is done, and how it notices."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Literal, TypeAlias, TypeVar

ResultT = TypeVar("ResultT")
Reason: TypeAlias = Literal["interrupted", "reader_gone"]


class Stopping:
    """Ctrl-C and SIGTERM, or a reader of stdout who has had enough (``| head -1``).

    The first asks the work to end; a second Ctrl-C is Python's own, and ends the program.

    Attributes:
        reason: why it is to end; None while nothing has been asked for.
    """

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()

    def ask(self, reason: Reason) -> None:
        """Ask for the end, from any thread or signal handler; the first reason stays."""
        if self.reason is None:
            self.reason = reason
        if self._loop is None:
            self._asked.set()
        else:
            self._loop.call_soon_threadsafe(self._asked.set)

    @contextmanager
    def listening(self) -> Generator[None]:
        """Take the signals meanwhile; within an event loop, in the main thread."""
        self._loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        # A shell lets programs in the background ignore Ctrl-C; so it stays.
        taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

        def handle(number: int, frame: FrameType | None) -> None:
            for each in taken:
                signal.signal(each, before[each])
            self.ask("interrupted")

        for number in taken:
            signal.signal(number, handle)
        try:
            yield
        finally:
            for number in taken:
                signal.signal(number, before[number])
            self._loop = None

    async def first(self, work: Awaitable[ResultT], seconds: float | None = None) -> ResultT | None:
        """What ``work`` gives; None where the end is asked for before, or the seconds are over.

        The work is cancelled then, and waited for.
        """
        running = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._asked.wait())
        both: set[asyncio.Future[Any]] = {running, asked}
        try:
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return running.result() if running.done() else None
        finally:
            for each in both:
                each.cancel()
            await asyncio.wait(both)
