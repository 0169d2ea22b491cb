"""How a stream calls what the user gave: a function, an object of a class, here or elsewhere."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from overshoot.adapters.inference.callable import remembered
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.adapters.inference.callable.workers import Workers
    from overshoot.domain.inference import InferenceRequest

_log = get_logger(__name__)


class Calling(Protocol):
    """One stream's calls, one after the other."""

    async def begin(self) -> None:
        """Make what the stream needs."""
        ...

    async def call(self, request: InferenceRequest) -> object:
        """What was returned; what was raised is raised."""
        ...

    async def close(self) -> None:
        """Free it."""
        ...


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine."""
    call = getattr(function, "__call__", None)  # noqa: B004 - not whether, but how
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


class OnLoop:
    """A coroutine function, shared by all streams."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    async def begin(self) -> None:
        """Nothing is to be made."""

    async def call(self, request: InferenceRequest) -> object:
        """Call it on the event loop."""
        return await self._function(request)

    async def close(self) -> None:
        """It is the caller's."""


class InWorkers:
    """A function, shared by all streams, in a worker.

    A call that was given up and has not come back keeps its stream waiting, and no other.
    """

    def __init__(self, workers: Workers, function: Callable[..., Any]) -> None:
        self._workers = workers
        self._function = function
        self._last: Future[Any] | None = None

    async def begin(self) -> None:
        """Nothing is to be made."""

    async def call(self, request: InferenceRequest) -> object:
        """Call it in a worker, once the stream's last call has come back."""
        if self._last is not None and not self._last.done():
            await asyncio.gather(asyncio.wrap_future(self._last), return_exceptions=True)
        returned = await self._workers.run(self._function, request, begun=self._note)
        return await returned if inspect.isawaitable(returned) else returned

    async def close(self) -> None:
        """It is the caller's."""

    @property
    def is_lost(self) -> bool:
        """Whether the last call was given up and has not come back."""
        return self._last is not None and not self._last.done()

    def _note(self, future: Future[Any]) -> None:
        self._last = future


class InThreads:
    """An object of a class of the user's, made and closed with the stream, called in a worker."""

    def __init__(self, workers: Workers, factory: type[Any]) -> None:
        self._workers = workers
        self._factory = factory
        self._object: Any = None
        self._calls: Calling | None = None

    async def begin(self) -> None:
        """Make the object."""
        self._object = await self._workers.run(self._factory)
        on_loop = is_async(self._object)
        self._calls = OnLoop(self._object) if on_loop else InWorkers(self._workers, self._object)

    async def call(self, request: InferenceRequest) -> object:
        """Call the object."""
        assert self._calls is not None  # noqa: S101 - begun before
        return await self._calls.call(request)

    async def close(self) -> None:
        """Close the object, unless a call of it hangs."""
        calls, self._calls = self._calls, None
        if calls is None:
            return
        if isinstance(calls, InWorkers) and calls.is_lost:
            _log.warning("callable_not_closed", why="its last call has not come back")
            return
        closing = getattr(self._object, "close", None)
        self._object = None
        if inspect.iscoroutinefunction(closing):
            await closing()
        elif closing is not None:
            await self._workers.run(closing)


class InProcess:
    """An object of a class of the user's in a process of its own.

    Where a call is given up its process ends, and the object is made anew for the next.
    """

    def __init__(self, workers: Workers, factory: type[Any]) -> None:
        self._workers = workers
        self._factory = factory

    async def begin(self) -> None:
        """Make the object."""
        try:
            await self._workers.run(remembered.make, self._factory)
        except BaseException:
            await self._workers.close()
            raise

    async def call(self, request: InferenceRequest) -> object:
        """Call the object."""
        return await self._workers.run(remembered.ask, self._factory, request)

    async def close(self) -> None:
        """Close the object and end the process."""
        try:
            if self._workers.has_idle:
                await self._workers.run(remembered.close)
        finally:
            await self._workers.close()
