"""A backend that says back what it was asked, and can be held or made to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo
from overshoot.errors import InferenceError


class EchoInference:
    """An `InferenceBackend` that answers with the prompt; for tests that look at what was asked.

    Args:
        answer: gives the answer to a request, in place of the prompt.

    Attributes:
        requests: every request of every session, in order of arrival.
        failure: raised in place of an answer while it is set.
        gate: answers wait while it is cleared.
        start_gate: new sessions wait while it is cleared.
        sessions: sessions started so far.
        open_sessions: those of them that are not closed.

    It knows every model but ``"unknown"``.
    """

    name = "echo"

    def __init__(self, answer: Callable[[InferenceRequest], InferenceAnswer] | None = None) -> None:
        self.requests: list[InferenceRequest] = []
        self.answer: Callable[[InferenceRequest], InferenceAnswer] = answer or _prompt_of
        self.failure: Exception | None = None
        self.gate: asyncio.Event = asyncio.Event()
        self.gate.set()
        self.start_gate: asyncio.Event = asyncio.Event()
        self.start_gate.set()
        self.sessions: int = 0
        self.open_sessions: int = 0

    def models(self) -> tuple[ModelInfo, ...]:
        """One model, always ready."""
        return (ModelInfo("echo", ready=True, status="ready"),)

    async def start_session(self, model: str) -> EchoSession:
        """A session; `InferenceError` for the model ``"unknown"``."""
        await self.start_gate.wait()
        if model == "unknown":
            raise InferenceError("there is no model 'unknown'")
        self.sessions += 1
        self.open_sessions += 1
        return EchoSession(self)

    async def close(self) -> None:
        """Nothing to release."""


class EchoSession:
    """A session of `EchoInference`."""

    def __init__(self, backend: EchoInference) -> None:
        self._backend = backend
        self._open = True

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """Keep the request, wait at the gate, then fail or answer."""
        self._backend.requests.append(request)
        await self._backend.gate.wait()
        if self._backend.failure is not None:
            raise self._backend.failure
        return self._backend.answer(request)

    async def close(self) -> None:
        """Count down; again, it does nothing."""
        if self._open:
            self._open = False
            self._backend.open_sessions -= 1


def _prompt_of(request: InferenceRequest) -> InferenceAnswer:
    return InferenceAnswer(request.prompt)
