"""The backend for servers that speak OpenAI's chat completions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from overshoot.adapters.inference.openai.chat import Manner, model_names, reply_of, request_body
from overshoot.adapters.inference.openai.refusals import learnt
from overshoot.adapters.inference.openai.server import ChatServer, RefusedError
from overshoot.adapters.inference.remote.deadline import Deadline
from overshoot.adapters.inference.remote.retrying import Patience
from overshoot.adapters.inference.remote.session import Line, RemoteSession
from overshoot.domain.inference import ModelInfo
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from overshoot.adapters.inference.remote.question import Question, Reply
    from overshoot.domain.backends import OpenAIInference
    from overshoot.ports.clock import Clock

LIST_SECONDS: Final = 60.0
"""A list of models that is older is asked for anew."""
_LIST_ANSWER_SECONDS: Final = 10.0
_MOST_NAMED = 8


class OpenAIBackend:
    """Asks a server that speaks OpenAI's chat completions; see `OpenAIInference`.

    Args:
        settings: where it is and how it is asked.
        clock: what time it is.
        patience: how often and how long to try; by default as the settings say.
    """

    name = "openai"

    def __init__(
        self, settings: OpenAIInference, clock: Clock, *, patience: Patience | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._server = ChatServer(settings, clock)
        self._line = Line(
            self._server.name,
            self._ask,
            settings,
            clock,
            patience or Patience(settings.attempts),
        )
        self._manners: dict[str, Manner] = {}
        self._listed: tuple[str, ...] = ()
        self._listed_at: float | None = None
        self._listing: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings!r})"

    @property
    def concurrency(self) -> int:
        """Requests under way at the same time, as the settings say."""
        return self._settings.concurrency

    def models(self) -> tuple[ModelInfo, ...]:
        """The model that answers all streams; without one, what the server listed last.

        A list that has grown old is asked for in the background, so that the next call has it;
        before the first there is none.
        """
        status = self._line.status
        named = self._settings.model
        names = self._listed if named is None else (named,)
        if named is None:
            self._list_anew()
        return tuple(ModelInfo(name, ready=status == "ready", status=status) for name in names)

    async def start_session(self, model: str) -> RemoteSession:
        """A conversation for one stream.

        Raises `InferenceError` where no model is set, the server does not list the stream's, and
        it is not plain which of others is meant.
        """
        if self._line.closed:
            raise InferenceError(f"the openai backend is closed; no session for model {model!r}")
        named = self._settings.model
        return RemoteSession(self._line, await self._chosen(model) if named is None else named)

    async def close(self) -> None:
        """Close the connections."""
        self._line.closed = True
        if self._listing is not None:
            self._listing.cancel()
            await asyncio.wait({self._listing})
        await self._server.close()

    # --- one question -----------------------------------------------------------------------------

    async def _ask(self, question: Question) -> Reply:
        """Ask in the manner of the server, and learn it from its refusals."""
        while True:
            manner = self._manners.get(question.model, Manner())
            body = await request_body(question, manner)
            try:
                answer = await self._server.post(
                    "/chat/completions", {**body, **self._settings.extra_body}
                )
            except RefusedError as refusal:
                # Another stream may have learnt it meanwhile.
                if self._manners.get(question.model, Manner()) == manner:
                    shown = len(await question.pictures(manner.most_images))
                    better = learnt(manner, refusal, question, shown)
                    if better is None:
                        raise
                    self._manners[question.model] = better
            else:
                return reply_of(answer, self._server.name)

    # --- the list of models -----------------------------------------------------------------------

    async def _chosen(self, model: str) -> str:
        if model not in self._listed:
            await self._list()
        if model in self._listed:
            return model
        if len(self._listed) == 1:
            return self._listed[0]
        listed = ", ".join(self._listed[:_MOST_NAMED]) or "none"
        raise InferenceError(
            f"{self._server.name} has no model {model!r}; it lists: {listed}; name one of them in"
            " the stream or in the backend's settings"
        )

    def _list_anew(self) -> None:
        now = self._clock.monotonic()
        old = self._listed_at is None or now - self._listed_at >= LIST_SECONDS
        if not old or self._listing is not None or self._line.closed:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._listed_at = now
        self._listing = loop.create_task(self._list_quietly())

    async def _list_quietly(self) -> None:
        try:
            await self._list()
        except InferenceError:
            self._line.status = "unavailable"
        finally:
            self._listing = None

    async def _list(self) -> None:
        deadline = Deadline(self._clock, _LIST_ANSWER_SECONDS)
        try:
            body = await deadline.within(self._server.get("/models"))
        except TimeoutError:
            raise InferenceError(
                f"{self._server.name} did not list its models within {_LIST_ANSWER_SECONDS:g} s"
            ) from None
        self._listed = model_names(body)
        self._listed_at = self._clock.monotonic()
        self._line.status = "ready"
