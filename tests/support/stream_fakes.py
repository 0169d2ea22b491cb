"""What tests of streams share: a source that is a list, a backend that echoes, an inbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from overshoot.domain.frame import Frame
from overshoot.domain.inference import (
    InferenceResult,
)
from overshoot.errors import OvershootError, SourceError
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
