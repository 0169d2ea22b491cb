"""What tests of streams share: a source that is a list, a backend that echoes, an inbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from overshoot.domain.frame import Frame
from overshoot.domain.inference import (
    InferenceAnswer,
    InferenceRequest,
    InferenceResult,
    ModelInfo,
)
from overshoot.errors import InferenceError, OvershootError, SourceError
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

WIDTH, HEIGHT = 32, 16


def picture(level: int = 0, *, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """A grey picture."""
    return np.full((height, width, 3), level % 256, np.uint8)


def frames(count: int, *, fps: float = 10.0) -> list[Frame]:
    """Grey frames of growing lightness, as a source gives them."""
    return [Frame(picture(index), index / fps, index) for index in range(count)]


class ListSource:
    """A `Source` of given frames; live, so that nobody waits for their times.

    ``endless`` waits for `interrupt` after the last one instead of ending. ``open_error`` and
    ``read_error`` (after the last frame) are raised. ``gate``, if given, is waited for in ``open``.
    """

    def __init__(
        self,
        given: Iterable[Frame] = (),
        *,
        live: bool = True,
        endless: bool = False,
        open_error: BaseException | None = None,
        read_error: Exception | None = None,
        gate: threading.Event | None = None,
    ) -> None:
        self._frames = iter(given)
        self._live = live
        self._endless = endless
        self._open_error = open_error
        self._read_error = read_error
        self._gate = gate
        self._interrupted = threading.Event()
        self.opening = threading.Event()
        self.is_open = False
        self.closed = 0
        self.given = 0

    def open(self) -> SourceInfo:
        self.opening.set()
        if self._gate is not None and not self._gate.wait(20):
            raise SourceError("the test forgot the gate")
        if self._open_error is not None:
            raise self._open_error
        self.is_open = True
        return SourceInfo(WIDTH, HEIGHT, 10.0, live=self._live)

    def read(self) -> Frame | None:
        if self._interrupted.is_set():
            return None
        frame = next(self._frames, None)
        if frame is not None:
            self.given += 1
            return frame
        if self._read_error is not None:
            raise self._read_error
        if self._endless:
            self._interrupted.wait()
        return None

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self.is_open = False
        self.closed += 1


class Echo:
    """A backend that answers with the prompt; remembers every request.

    ``gate`` holds it, ``failure`` makes it raise, ``answer`` replaces the prompt.
    """

    name = "echo"

    def __init__(self, answer: Callable[[InferenceRequest], InferenceAnswer] | None = None) -> None:
        self.requests: list[InferenceRequest] = []
        self.answer = answer or (lambda request: InferenceAnswer(request.prompt))
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.start_gate = asyncio.Event()
        self.start_gate.set()
        self.sessions = 0
        self.open_sessions = 0

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("echo", ready=True, status="ready"),)

    async def start_session(self, model: str) -> EchoSession:
        await self.start_gate.wait()
        if model == "unknown":
            raise InferenceError("there is no model 'unknown'")
        self.sessions += 1
        self.open_sessions += 1
        return EchoSession(self)

    async def close(self) -> None:
        pass


class EchoSession:
    def __init__(self, backend: Echo) -> None:
        self._backend = backend
        self._open = True

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        self._backend.requests.append(request)
        await self._backend.gate.wait()
        if self._backend.failure is not None:
            raise self._backend.failure
        return self._backend.answer(request)

    async def close(self) -> None:
        if self._open:
            self._open = False
            self._backend.open_sessions -= 1


class Inbox:
    """Keeps what callbacks got, and lets a test wait for it."""

    def __init__(self) -> None:
        self.results: list[InferenceResult[Any]] = []
        self.errors: list[OvershootError] = []
        self._came = asyncio.Event()

    def on_result(self, result: InferenceResult[Any]) -> None:
        self.results.append(result)
        self._came.set()

    def on_error(self, error: OvershootError) -> None:
        self.errors.append(error)
        self._came.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; looked at whenever something arrives."""
        async with asyncio.timeout(20):
            while not condition():
                self._came.clear()
                await self._came.wait()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds, looking every millisecond."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on other threads
            await asyncio.sleep(0.001)


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fails when the block leaves a thread or a task behind."""
    threads = set(threading.enumerate())
    tasks = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() - tasks - {asyncio.current_task()} == set()
    # The event loop's own executor is the loop's to end.
    left = {t for t in threading.enumerate() if t not in threads and "asyncio_" not in t.name}
    assert left == set()
