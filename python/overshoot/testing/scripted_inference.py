"""A backend that says what a test tells it to."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import jsonschema_rs

from overshoot.domain.inference import InferenceAnswer, ModelInfo
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceRequest

Line: TypeAlias = "str | Mapping[str, Any] | InferenceAnswer | BaseException"
Script: TypeAlias = "Sequence[Line] | Callable[[InferenceRequest], Line | Awaitable[Line]]"


class ScriptedInference:
    """An `InferenceBackend` for tests.

    ::

        ScriptedInference(["a cat", InferenceError("busy"), {"count": 2}])
        ScriptedInference(lambda request: f"{len(request.frames)} frames")

    Args:
        script: the answers of each session, from its own beginning; the last one is repeated. A
            mapping is sent as JSON, an exception is raised. Or a function of the request, sync or
            async, that gives one such answer.
        name: what results carry as ``model_backend``.
        models: the models on offer; None takes any name.

    Attributes:
        requests: every request of every session, in order of arrival.
        open_sessions: sessions started and not yet closed.
        closed: whether ``close`` was called.
    """

    def __init__(
        self,
        script: Script = ("ok",),
        *,
        name: str = "scripted",
        models: Sequence[str] | None = None,
    ) -> None:
        if not callable(script) and not script:
            raise InferenceError("a script needs at least one answer")
        self.name = name
        self.requests: list[InferenceRequest] = []
        self.open_sessions: int = 0
        self.closed: bool = False
        self._script = script
        self._models = None if models is None else tuple(models)

    def models(self) -> tuple[ModelInfo, ...]:
        """Models on offer, all of them ready."""
        names = (self.name,) if self._models is None else self._models
        return tuple(ModelInfo(name, ready=True, status="ready") for name in names)

    async def start_session(self, model: str) -> ScriptedSession:
        """Begin the script from its first answer."""
        if self.closed:
            raise InferenceError(f"the backend {self.name!r} is closed")
        if self._models is not None and model not in self._models:
            offered = ", ".join(self._models)
            raise InferenceError(f"there is no model {model!r}; there are: {offered}")
        self.open_sessions += 1
        return ScriptedSession(self, self._script)

    async def close(self) -> None:
        """Refuse new sessions."""
        self.closed = True


class ScriptedSession:
    """One run through the script."""

    def __init__(self, backend: ScriptedInference, script: Script) -> None:
        self._backend = backend
        self._script = script
        self._next = 0
        self._closed = False

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """The next answer of the script; InferenceError if it does not satisfy the schema."""
        if self._closed or self._backend.closed:
            raise InferenceError("this session is closed")
        self._backend.requests.append(request)
        line = await self._line(request)
        if isinstance(line, BaseException):
            raise line
        answer = line if isinstance(line, InferenceAnswer) else InferenceAnswer(_as_text(line))
        if request.output_schema is not None:
            _check(answer.text, dict(request.output_schema))
        return answer

    async def close(self) -> None:
        """End this run."""
        if not self._closed:
            self._closed = True
            self._backend.open_sessions -= 1

    async def _line(self, request: InferenceRequest) -> Line:
        if callable(self._script):
            line = self._script(request)
            return await line if inspect.isawaitable(line) else line
        line = self._script[min(self._next, len(self._script) - 1)]
        self._next += 1
        return line


def _as_text(line: str | Mapping[str, Any]) -> str:
    return line if isinstance(line, str) else json.dumps(line)


def _check(text: str, schema: dict[str, Any]) -> None:
    try:
        jsonschema_rs.validate(schema, json.loads(text), offline=True)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise InferenceError(f"the scripted answer does not satisfy the schema: {error}") from error
