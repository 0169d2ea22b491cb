"""One stream's questions to a model elsewhere: deadline, limit, schema, one round of repair."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import define, evolve, field

from overshoot.adapters.inference.answer_schema import SchemaReaders, compact
from overshoot.adapters.inference.remote.deadline import Deadline
from overshoot.adapters.inference.remote.question import Correction, Question, Reply
from overshoot.adapters.inference.remote.retrying import Patience, TransientError
from overshoot.domain.inference import InferenceAnswer
from overshoot.errors import InferenceError
from overshoot.wire.schema import shortened

if TYPE_CHECKING:
    from overshoot.adapters.inference.answer_schema import SchemaReader
    from overshoot.domain.answer import Parsed
    from overshoot.domain.backends import RemoteInference
    from overshoot.domain.inference import InferenceRequest
    from overshoot.ports.clock import Clock

_LONGEST_REFUSAL = 160

Ask: TypeAlias = Callable[[Question], Awaitable[Reply]]
"""Puts a question once; `TransientError` where putting it again may help."""


@define
class Line:
    """What all streams of a backend share of the way to its server.

    Attributes:
        name: of the server, as messages call it.
        ask: puts one question.
        status: how it went the last time, as `overshoot.domain.inference.ModelInfo` has it.
        closed: whether the backend was closed.
    """

    name: str
    ask: Ask
    settings: RemoteInference
    clock: Clock
    patience: Patience
    status: Literal["ready", "saturated", "unavailable"] = "ready"
    closed: bool = False
    _places: asyncio.Semaphore = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.settings.concurrency)

    async def put(self, question: Question, deadline: Deadline) -> Reply:
        """The server's reply to one question, asked again where that may help."""
        if self._places.locked():
            deadline.trouble = "it waited for requests of other streams"
        async with self._places:
            try:
                reply = await self.patience.asked(lambda: self._ask_once(question), deadline)
            except TransientError as error:
                self.status = error.status
                raise
        self.status = "ready"
        return reply

    async def _ask_once(self, question: Question) -> Reply:
        if self.closed:
            raise InferenceError(f"the backend that asks {self.name} is closed")
        return await self.ask(question)


class RemoteSession:
    """Asks a model elsewhere; remembers nothing but the schema in force."""

    def __init__(self, line: Line, model: str) -> None:
        self._line = line
        self._model = model
        self._readers = SchemaReaders()
        self._closed = False

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        """Answer one request within the time that the settings give."""
        if self._closed or self._line.closed:
            raise InferenceError(f"this session with {self._line.name} is closed")
        if not request.frames:
            raise InferenceError("a clip needs at least one frame")
        reader = self._readers.reader(request.output_schema)
        question = Question(request, self._model, reader, self._line.settings)
        deadline = Deadline(self._line.clock, self._line.settings.timeout_seconds)
        try:
            return await deadline.within(self._converse(question, deadline))
        except TimeoutError:
            self._line.status = "unavailable"
            before = f"; before that: {deadline.trouble}" if deadline.trouble else ""
            raise InferenceError(
                f"{self._line.name} did not answer within {deadline.seconds:g} s{before}"
            ) from None

    async def close(self) -> None:
        """Forget the stream."""
        self._closed = True

    async def _converse(self, question: Question, deadline: Deadline) -> InferenceAnswer:
        reply = await self._line.put(question, deadline)
        if question.schema is None:
            return _in_words(reply, self._line.name)
        read = self._read(reply, question, question.schema)
        if read.problem is not None:
            deadline.trouble = f"its first answer did not satisfy the schema: {read.problem}"
            correction = Correction(reply.answer, read.problem)
            reply = await self._line.put(evolve(question, correction=correction), deadline)
            read = self._read(reply, question, question.schema)
        if read.problem is not None:
            raise InferenceError(
                f"{self._line.name} does not keep to the output schema, told so once:"
                f" {read.problem}"
            )
        return InferenceAnswer(compact(read.value), finish_reason=reply.finish_reason)

    def _read(self, reply: Reply, question: Question, schema: SchemaReader) -> Parsed[Any]:
        """The JSON in a reply; `InferenceError` where there cannot be any."""
        name = self._line.name
        if reply.finish_reason == "content_filter" or reply.refusal:
            raise InferenceError(f"{name} withheld the answer{_why(reply)}")
        read = schema.read(reply.answer)
        if reply.finish_reason == "length" and read.problem is not None:
            limit = question.max_output_tokens
            of = f" of {limit} output tokens" if limit is not None else " of output tokens"
            raise InferenceError(
                f"{name} stopped at its limit{of} before the JSON was whole; allow more"
            )
        return read


def _in_words(reply: Reply, name: str) -> InferenceAnswer:
    if reply.refusal or reply.finish_reason == "content_filter":
        text = reply.answer or reply.refusal
        return InferenceAnswer(text, finish_reason="content_filter")
    if not reply.answer.strip() and reply.finish_reason == "stop":
        raise InferenceError(f"{name} answered without a word")
    return InferenceAnswer(reply.answer, finish_reason=reply.finish_reason)


def _why(reply: Reply) -> str:
    return f": {shortened(reply.refusal, _LONGEST_REFUSAL)}" if reply.refusal else ""
