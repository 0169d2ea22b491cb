"""An event loop on a thread of its own, and waiting for what runs there."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final, TypeAlias, TypeVar

from attrs import define, field

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


@define(eq=False)
class _Loop:
    """One run of a loop: what ends it, what other threads wait for there, and its thread."""

    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    over: asyncio.Event = field(factory=asyncio.Event)
    tasks: set[asyncio.Task[Any]] = field(factory=set[asyncio.Task[Any]])

    def start(
        self, work: Work[ResultT], outcome: Future[ResultT], started: list[asyncio.Task[ResultT]]
    ) -> None:
        """Begin a work; on the loop."""
        task = self.loop.create_task(work())
        started.append(task)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda done: _settle(outcome, done))

    async def serve(self) -> None:
        """Run until ``over``, and until what was handed in before has its answer."""
        self.loop.set_default_executor(_HelperThreads(thread_name_prefix=self.thread.name))
        await self.over.wait()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=PATIENCE_SECONDS)


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
        self._loop: _Loop | None = None
        self._thread: threading.Thread | None = None

    @property
    def inside(self) -> bool:
        """Whether the loop's own thread asks, as in a callback."""
        return self._thread is threading.current_thread()

    def open(self) -> bool:
        """Start the loop; False when it runs already."""
        with self._lock:
            if self._loop is not None:
                return False
            ready: Future[_Loop] = Future()
            thread = threading.Thread(target=_work, args=(ready,), name=self._name, daemon=True)
            thread.start()
            self._loop = ready.result()
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
                loop.loop.call_soon_threadsafe(loop.start, work, outcome, started)
        if loop is None:
            return self._run_on_another(work)
        try:
            _wait(outcome)
        except BaseException:  # Ctrl-C
            _cancel(loop.loop, started)
            _wait(outcome)
            raise
        return outcome.result()

    def close(self) -> None:
        """Release what runs, end the loop and wait for its thread; again, it does nothing.

        In a callback it begins that and returns at once.
        """
        loop = self._loop
        if self.inside:
            if loop is not None:
                outcome: Future[Any] = Future()
                loop.start(self._end, outcome, [])
                outcome.add_done_callback(lambda _: self._finish())
            return
        try:
            if loop is not None:
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
            loop, self._loop = self._loop, None
            if loop is not None:
                loop.loop.call_soon_threadsafe(loop.over.set)
        _running.discard(self)
        return self._thread


def _work(ready: Future[_Loop]) -> None:
    async def serve() -> None:
        loop = _Loop(asyncio.get_running_loop(), threading.current_thread())
        ready.set_result(loop)
        await loop.serve()

    try:
        with asyncio.Runner() as runner:
            runner.run(serve())
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        elif not _ending.is_set():
            raise
        # Else: asyncio ends helper threads in a thread, which no ending interpreter starts.


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
