"""The backend for the Gemini API."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
from google import genai
from google.genai import errors, types

from overshoot.adapters.inference.answer_schema import compact
from overshoot.adapters.inference.gemini.reply import (
    NAME,
    SchemaRefusedError,
    error_of,
    reply_of,
    unreadable,
)
from overshoot.adapters.inference.remote.http import (
    RedirectedError,
    TooLongError,
    client_session,
    unanswered,
)
from overshoot.adapters.inference.remote.pictures import MEDIA_TYPE, Picture
from overshoot.adapters.inference.remote.retrying import Patience
from overshoot.adapters.inference.remote.session import Line, RemoteSession
from overshoot.domain.inference import ModelInfo
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from overshoot.adapters.inference.remote.question import Question, Reply
    from overshoot.domain.backends import GeminiInference
    from overshoot.domain.inference import JsonSchema
    from overshoot.ports.clock import Clock

_MOST_SCHEMAS = 256


class GeminiBackend:
    """Asks the Gemini API; see `GeminiInference`.

    Args:
        settings: who is asked and how.
        clock: what time it is.
        patience: how often and how long to try; by default as the settings say.
    """

    name = "gemini"

    def __init__(
        self, settings: GeminiInference, clock: Clock, *, patience: Patience | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._http: aiohttp.ClientSession | None = None
        self._client: genai.Client | None = None
        self._untaken: set[str] = set()
        # Here, because it takes too long for the event loop; the library would make three.
        self._trusted = ssl.create_default_context()
        self._line = Line(NAME, self._ask, settings, clock, patience or Patience(settings.attempts))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings!r})"

    @property
    def concurrency(self) -> int:
        """Requests under way at the same time, as the settings say."""
        return self._settings.concurrency

    def models(self) -> tuple[ModelInfo, ...]:
        """The model that answers all streams."""
        status = self._line.status
        return (ModelInfo(self._settings.model, ready=status == "ready", status=status),)

    async def start_session(self, model: str) -> RemoteSession:
        """A conversation for one stream; any name is taken, the settings say who answers."""
        if self._line.closed:
            raise InferenceError(f"the gemini backend is closed; no session for model {model!r}")
        return RemoteSession(self._line, self._settings.model)

    async def close(self) -> None:
        """Close the connections."""
        self._line.closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aio.aclose()
            client.close()
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def _ask(self, question: Question) -> Reply:
        """Ask with the schema enforced; in words alone once the API has refused that schema."""
        schema = None if question.schema is None else question.schema.schema
        text = "" if schema is None else compact(schema)
        if schema is None or text in self._untaken:
            return await self._generate(question, None)
        try:
            return await self._generate(question, schema)
        except SchemaRefusedError:
            if len(self._untaken) >= _MOST_SCHEMAS:
                self._untaken.clear()
            self._untaken.add(text)
            return await self._generate(question, None)

    async def _generate(self, question: Question, enforced: JsonSchema | None) -> Reply:
        contents = await _contents(question)
        try:
            # It names a type of a package that need not be installed.
            response = await self._connected().aio.models.generate_content(  # pyright: ignore[reportUnknownMemberType]
                model=question.model, contents=contents, config=_config(question, enforced)
            )
        except errors.APIError as error:
            key = self._settings.api_key or ""
            raise error_of(error, key, self._clock.wall()) from error
        except (aiohttp.ClientError, OSError, TooLongError, RedirectedError) as cause:
            raise unanswered(NAME, cause, self._settings.max_answer_bytes) from cause
        except ValueError as cause:  # Also what the library and Pydantic make of a wrong body.
            raise unreadable(cause) from cause
        return reply_of(response)

    def _connected(self) -> genai.Client:
        if self._client is None:
            self._http = client_session(self._settings.max_answer_bytes)
            self._client = genai.Client(
                vertexai=False,
                api_key=self._settings.api_key,
                http_options=types.HttpOptions(
                    base_url=self._settings.url,
                    aiohttp_client=self._http,
                    client_args={"verify": self._trusted},
                    async_client_args={"ssl": self._trusted},
                    # Once: with none at all the library sleeps up to 10 s and tries again.
                    retry_options=types.HttpRetryOptions(attempts=1),
                ),
            )
        return self._client


async def _contents(question: Question) -> list[types.Content]:
    parts = [_part(part) for part in await question.parts()]
    contents = [types.Content(role="user", parts=parts)]
    if question.correction is not None:
        said = types.Part.from_text(text=question.correction.said)
        told = types.Part.from_text(text=question.correction.text)
        contents.append(types.Content(role="model", parts=[said]))
        contents.append(types.Content(role="user", parts=[told]))
    return contents


def _part(part: str | Picture) -> types.Part:
    if isinstance(part, str):
        return types.Part.from_text(text=part)
    return types.Part.from_bytes(data=part.data, mime_type=MEDIA_TYPE)


def _config(question: Question, enforced: JsonSchema | None) -> types.GenerateContentConfig:
    values: dict[str, Any] = {"max_output_tokens": question.max_output_tokens}
    if question.schema is not None:
        values["response_mime_type"] = "application/json"
    if enforced is not None:
        values["response_json_schema"] = enforced
    return types.GenerateContentConfig(**values)
