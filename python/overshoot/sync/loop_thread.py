"""An event loop on a thread of its own, and waiting for what runs there."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final, TypeAlias, TypeVar

from overshoot.errors import OvershootError, StreamEndedError
from overshoot.log import get_logger

_log = get_logger(__name__)

ResultT = TypeVar("ResultT")
Work: TypeAlias = Callable[[], Coroutine[Any, Any, ResultT]]
"""Makes the coroutine that is to run, on the loop's thread."""

LOOK_SECONDS: Final = 0.5
"""How often a wait looks for Ctrl-C where it does not interrupt a lock, as on Windows."""
PATIENCE_SECONDS: Final = 5.0
"""How long the end of a loop waits for what other threads still wait for."""

_running: set[LoopThread] = set()
_ending = threading.Event()


class _HelperThreads(ThreadPoolExecutor):
    """What a loop looks names up with; it does that itself once an ending interpreter has no more.

    Without it a stream that is stopped by the program's end could not be deleted at its gateway.
    """

    def submit(self, fn: Callable[..., ResultT], /, *args: Any, **kwargs: Any) -> Future[ResultT]:
        if not _ending.is_set():
            return super().submit(fn, *args, **kwargs)
        done: Future[ResultT] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the loop gets it
            done.set_exception(error)
        return done


class LoopThread:
    """A loop that runs between `open` and `close`, which may follow each other again and again.

    All methods may be called from any thread.

    Args:
        name: of the thread.
        end: releases what runs on the loop; its last work.
    """

    def __init__(self, name: str, end: Work[Any]) -> None:
        self._name = name
        self._end = end
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def inside(self) -> bool:
        """Whether the loop's own thread asks, as in a callback."""
        return self._thread is threading.current_thread()

    def open(self) -> bool:
        """Start the loop; False when it runs already."""
        with self._lock:
            if self._loop is not None:
                return False
            ready: Future[None] = Future()
            thread = threading.Thread(target=self._work, args=(ready,), name=self._name)
            thread.daemon = True
            thread.start()
            ready.result()
            self._thread = thread
        _running.add(self)
        return True

    def begin(self, work: Work[ResultT]) -> ResultT:
        """`open` and `run`; when that fails, what was opened here is closed again."""
        opened = self.open()
        try:
            return self.run(work)
        except BaseException:
            if opened:
                self.close()
            raise

    def run(self, work: Work[ResultT]) -> ResultT:
        """Run a coroutine on the loop, wait for it, and return or raise what it does.

        Where this loop does not run, it is another one: what waits for nothing of a stream, such
        as the question why it ended, has its answer still.
        """
        if self.inside:
            message = (
                "a callback cannot wait for its own stream: call this from another thread, or make"
                " the callback a coroutine function of the async classes"
            )
            raise OvershootError(message)
        outcome: Future[ResultT] = Future()
        started: list[asyncio.Task[ResultT]] = []
        with self._lock:
            loop = self._loop
            if loop is not None:
                loop.call_soon_threadsafe(self._start, work, outcome, started)
        if loop is None:
            return self._run_on_another(work)
        try:
            _wait(outcome)
        except BaseException:  # Ctrl-C
            _cancel(loop, started)
            _wait(outcome)
            raise
        return outcome.result()

    def close(self) -> None:
        """Release what runs, end the loop and wait for its thread; again, it does nothing.

        In a callback it begins that and returns at once.
        """
        if self.inside:
            outcome: Future[Any] = Future()
            self._start(self._end, outcome, [])
            outcome.add_done_callback(lambda _: self._finish())
            return
        try:
            if self._loop is not None:
                self.run(self._end)
        finally:
            thread = self._finish()
            if thread is not None:
                thread.join()

    def _run_on_another(self, work: Work[ResultT]) -> ResultT:
        other = LoopThread(self._name, _nothing)
        try:
            return other.begin(work)
        finally:
            other.close()

    def _finish(self) -> threading.Thread | None:
        """Take no more work and let the loop end."""
        with self._lock:
            loop, over, self._loop = self._loop, self._over, None
            if loop is not None and over is not None:
                loop.call_soon_threadsafe(over.set)
        _running.discard(self)
        return self._thread

    def _start(
        self, work: Work[ResultT], outcome: Future[ResultT], started: list[asyncio.Task[ResultT]]
    ) -> None:
        task = asyncio.get_running_loop().create_task(work())
        started.append(task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: _settle(outcome, done))

    def _work(self, ready: Future[None]) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve(ready))
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            elif not _ending.is_set():
                raise
            # Else: asyncio ends helper threads in a thread, which no ending interpreter starts.

    async def _serve(self, ready: Future[None]) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_default_executor(_HelperThreads(thread_name_prefix=self._name))
        ready.set_result(None)
        await self._over.wait()
        # What was handed in before the end has begun by now: the loop keeps the order.
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE_SECONDS)


def _wait(outcome: Future[Any]) -> None:
    while not outcome.done():
        wait([outcome], timeout=LOOK_SECONDS)


def _cancel(loop: asyncio.AbstractEventLoop, started: list[asyncio.Task[Any]]) -> None:
    def cancel() -> None:
        for task in started:
            task.cancel()

    try:
        loop.call_soon_threadsafe(cancel)
    except RuntimeError:
        return  # The loop has ended, and with it the task.


def _settle(outcome: Future[ResultT], done: asyncio.Task[ResultT]) -> None:
    if done.cancelled():
        message = "this was given up: its stream was stopped meanwhile"
        outcome.set_exception(StreamEndedError(message, reason="client_requested"))
    elif (error := done.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())


async def _nothing() -> None:
    """The end of a loop that was made for one call."""


@atexit.register
def _close_all() -> None:
    _ending.set()
    for thread in list(_running):
        try:
            thread.close()
        except Exception as error:  # noqa: BLE001 - the others are to be closed, too
            _log.debug("not_closed_at_exit", error=f"{type(error).__name__}: {error}")
