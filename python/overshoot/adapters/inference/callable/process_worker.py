"""A process that does one thing after the other, and that can be ended when it hangs."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from overshoot.errors import InferenceError


class RaisedElsewhereError(Exception):
    """What was raised in a process: the name of its class, and the traceback as text.

    Not the exception itself: one that cannot be unpickled would break the pool.
    """

    def __init__(self, kind: str, trace: str) -> None:
        super().__init__(kind, trace)
        self.kind = kind
        self.trace = trace


class ProcessWorker:
    """See `overshoot.adapters.inference.callable.workers.Worker`.

    A pool of one: to end a process breaks its whole pool. Begun afresh (``spawn``), because a fork
    of a program with threads can lock up.
    """

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=_ignore_interrupts
        )
        self._pid: Future[int] = self._pool.submit(os.getpid)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Begin; nothing else may be under way."""
        return self._pool.submit(_contained, work, *arguments)

    def abandon(self) -> None:
        """End the process, whatever it does."""
        pid = None
        with contextlib.suppress(Exception):
            pid = self._pid.result(timeout=0)
        for child in multiprocessing.active_children():
            if child.pid == pid:
                child.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def end(self) -> None:
        """End the process, which is idle."""
        await asyncio.to_thread(self._pool.shutdown)


def _ignore_interrupts() -> None:
    """Ctrl-C is meant for the program, which then ends its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _contained(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except InferenceError as error:
        raise InferenceError(error.message) from None
    except BaseException as error:  # noqa: BLE001 - told to whoever waits
        raise RaisedElsewhereError(type(error).__name__, traceback.format_exc()) from None
