"""What users give as a backend, at the top of a module so that processes find it."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceRequest


def describe(request: InferenceRequest) -> Any:
    """As a model would: text, or the least JSON that has the shape."""
    if request.output_schema is None:
        return f"{len(request.frames)} frames"
    return {"object": {"seen": True}, "string": '"a square"'}.get(request.output_schema["type"], [])


async def describe_later(request: InferenceRequest) -> Any:
    return describe(request)


class Describer:
    """Made once a stream; counts."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, request: InferenceRequest) -> Any:
        self.calls += 1
        return describe(request)


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, request: InferenceRequest) -> dict[str, int]:
        if request.prompt == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if request.prompt == "hang":
            hang(request)
        self.calls += 1
        return {"calls": self.calls, "process": os.getpid()}


def hang(request: InferenceRequest) -> str:
    if request.prompt == "hang":
        threading.Event().wait()
    return request.prompt


class PickyError(Exception):
    """Cannot be unpickled: it wants two values and keeps one."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def fail(request: InferenceRequest) -> str:
    match request.prompt:
        case "picky":
            raise PickyError(7, "a secret")
        case "exit":
            raise SystemExit(3)
        case "stop":
            raise StopIteration
        case "refuse":
            raise InferenceError("it is too dark")
        case "unpicklable":
            return threading.Lock()  # type: ignore[return-value]
        case _:
            return "fine"


NOT_CALLABLE = 3
