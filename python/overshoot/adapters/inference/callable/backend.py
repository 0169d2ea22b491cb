"""The backend that calls a function or class of the user's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from attrs import evolve

from overshoot.adapters.inference.answer_schema import SchemaReaders
from overshoot.adapters.inference.callable.calling import (
    Calling,
    InProcess,
    InThreads,
    InWorkers,
    OnLoop,
    is_async,
)
from overshoot.adapters.inference.callable.process_worker import ProcessWorker, RaisedElsewhereError
from overshoot.adapters.inference.callable.returned import answer_from
from overshoot.adapters.inference.callable.thread_worker import ThreadWorker
from overshoot.adapters.inference.callable.workers import Worker, Workers
from overshoot.domain.inference import ModelInfo
from overshoot.errors import ConfigurationError, InferenceError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.domain.backends import CallableInference
    from overshoot.domain.inference import InferenceAnswer, InferenceRequest

_log = get_logger(__name__)


class CallableBackend:
    """Calls what the user gave; see `CallableInference`.

    Raises `ConfigurationError` for a coroutine function that is to run in processes.
    """

    name = "callable"

    def __init__(self, choice: CallableInference) -> None:
        function = choice.function
        self._choice = choice
        self._is_class = inspect.isclass(function)
        if self._is_class and not _has_call(function):
            message = f"objects of {choice.label} cannot be called: give the class a __call__"
            raise ConfigurationError(message, details={"field": "function"})
        if choice.processes and is_async(function):
            message = f"{choice.label} is a coroutine function, which runs on the event loop alone"
            raise ConfigurationError(message, details={"field": "processes"})
        self._workers = Workers(choice.workers, self._worker, choice.label)
        self._pools: WeakSet[Workers] = WeakSet({self._workers})
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._choice.label!r})"

    @property
    def concurrency(self) -> int | None:
        """Calls at the same time; None for coroutines, and where every stream has a process."""
        choice = self._choice
        unbounded = is_async(choice.function) or (self._is_class and choice.processes)
        return None if unbounded else choice.workers

    def models(self) -> tuple[ModelInfo, ...]:
        """One model, the function."""
        return (ModelInfo(self._choice.label, ready=True, status="ready"),)

    async def start_session(self, model: str) -> CallableSession:
        """A conversation for one stream; any model name is taken, for there is one function.

        Raises `InferenceError` when the constructor of the class fails.
        """
        if self._closed:
            raise InferenceError(f"the callable backend is closed; no session for model {model!r}")
        session = CallableSession(self._calling(), self._choice)
        await session.begin()
        return session

    async def close(self) -> None:
        """End the threads or processes, without waiting for a function that hangs."""
        self._closed = True
        for pool in tuple(self._pools):
            await pool.close()

    def _calling(self) -> Calling:
        function: Any = self._choice.function
        if not self._is_class:
            return OnLoop(function) if is_async(function) else InWorkers(self._workers, function)
        if not self._choice.processes:
            return InThreads(self._workers, function)
        own = Workers(1, ProcessWorker, self._choice.label)
        self._pools.add(own)
        return InProcess(own, function)

    def _worker(self) -> Worker:
        return ProcessWorker() if self._choice.processes else ThreadWorker("overshoot-callable")


class CallableSession:
    """One stream's calls."""

    def __init__(self, calling: Calling, choice: CallableInference) -> None:
        self._calling = calling
        self._label = choice.label
        self._in_processes = choice.processes
        self._readers = SchemaReaders()
        self._closed = False

    async def begin(self) -> None:
        """Make what the stream needs; `InferenceError` when that fails."""
        await self._guarded(self._calling.begin())

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """Call the function with the request, whose schema is a plain dict."""
        if self._closed:
            raise InferenceError(f"this session of {self._label} is closed")
        if not request.frames:
            raise InferenceError("a clip needs at least one frame")
        reader = self._readers.reader(request.output_schema)
        if reader is not None:
            request = evolve(request, output_schema=reader.schema)
        returned = await self._guarded(self._calling.call(request))
        return answer_from(returned, reader, self._label)

    async def close(self) -> None:
        """Close the object of a class; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._calling.close()
        # A close of the user's that fails must not keep the stream from ending.
        except Exception:  # noqa: BLE001
            _log.exception("callable_close_failed", function=self._label)

    async def _guarded(self, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except InferenceError:
            raise
        except RaisedElsewhereError as error:
            _log.error("callable_failed", function=self._label, trace=error.trace)
            raise InferenceError(f"{self._label} raised {error.kind}") from error
        except (Exception, SystemExit) as error:
            if self._in_processes:
                # What it raised itself was told above.
                raise InferenceError(
                    f"{self._label} cannot be used in another process ({error}): define it at the"
                    " top of a module, and return plain values"
                ) from error
            # Its words may hold anything and would go to every client: they are for our log alone.
            _log.error("callable_failed", function=self._label, exc_info=error)
            raise InferenceError(f"{self._label} raised {type(error).__name__}") from error


def _has_call(kind: Any) -> bool:
    return any("__call__" in vars(base) for base in kind.__mro__)
