"""A thread that does one thing after the other, and that nobody has to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeAlias

_Job: TypeAlias = "tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]"


class ThreadWorker:
    """See `overshoot.adapters.inference.callable.workers.Worker`.

    A daemon: `concurrent.futures` would wait at the end of the program for a function that hangs.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Begin; nothing else may be under way."""
        future: Future[Any] = Future()
        self._jobs.put((future, work, arguments))
        return future

    def abandon(self) -> None:
        """The thread ends by itself once its work returns: a thread cannot be stopped."""
        self._jobs.put(None)

    async def end(self) -> None:
        """End the thread, which is idle."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, work, arguments = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                value = work(*arguments)
            except Exception as error:  # noqa: BLE001 - handed to whoever waits
                future.set_exception(_bearable(error))
            except BaseException as error:  # noqa: BLE001 - it would end the event loop
                future.set_exception(_wrapped(error))
            else:
                future.set_result(value)
            # Nothing of one job, such as its frames, is kept until the next.
            del job, future, work, arguments


def _bearable(error: Exception) -> Exception:
    # The futures of asyncio refuse this one, and their waiter would wait for ever.
    return _wrapped(error) if isinstance(error, StopIteration) else error


def _wrapped(error: BaseException) -> Exception:
    wrapped = RuntimeError(f"it raised {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped
