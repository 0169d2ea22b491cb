"""A stream at a backend that asks a server of the tests, with time that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from attrs import define

from overshoot.adapters.inference.openai import OpenAIBackend
from overshoot.adapters.inference.remote.retrying import Patience
from overshoot.adapters.inference.remote.session import RemoteSession
from overshoot.domain.backends import GeminiInference, OpenAIInference
from overshoot.ports.inference import InferenceBackend
from overshoot.testing.manual_clock import ManualClock
from support.model_server import ModelServer, model_server

ValueT = TypeVar("ValueT")
KEY = "sk-of-the-tests-0123"


@define
class Stream:
    server: ModelServer
    clock: ManualClock
    backend: InferenceBackend
    session: RemoteSession

    async def after(self, seconds: float, work: Coroutine[Any, Any, ValueT]) -> ValueT:
        """What ``work`` gives when time goes on by that much once it waits to ask again."""
        task = asyncio.create_task(work)
        await self.clock.until_sleepers(2)  # The deadline, and the wait.
        await self.clock.advance(seconds)
        return await task


async def until(holds: Callable[[], object]) -> None:
    """Wait for what nothing tells of."""
    while not holds():  # noqa: ASYNC110 - it is no rule of ours, and takes some turns of the loop
        await asyncio.sleep(0)


@asynccontextmanager
async def openai_stream(style: str = "vllm", **settings: Any) -> AsyncIterator[Stream]:
    async with model_server(style) as server:
        clock = ManualClock()
        chosen = OpenAIInference(
            **{"url": server.url, "model": server.models[0], "api_key": KEY, **settings}
        )
        patience = Patience(chosen.attempts, jitter=lambda: 0.0)
        backend = OpenAIBackend(chosen, clock, patience=patience)
        try:
            yield Stream(server, clock, backend, await backend.start_session("any"))
        finally:
            await backend.close()


@asynccontextmanager
async def gemini_stream(**settings: Any) -> AsyncIterator[Stream]:
    from overshoot.adapters.inference.gemini import GeminiBackend

    async with model_server("gemini") as server:
        clock = ManualClock()
        chosen = GeminiInference(
            **{"url": server.url, "model": "gemini-x", "api_key": KEY, **settings}
        )
        patience = Patience(chosen.attempts, jitter=lambda: 0.0)
        backend = GeminiBackend(chosen, clock, patience=patience)
        try:
            yield Stream(server, clock, backend, await backend.start_session("any"))
        finally:
            await backend.close()
