"""HTTP to a server of OpenAI's kind: JSON in and out, and what its refusals say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp

from overshoot.adapters.inference.remote.http import (
    RedirectedError,
    TooLongError,
    client_session,
    unanswered,
)
from overshoot.adapters.inference.remote.retrying import (
    TRANSIENT_STATUSES,
    TransientError,
    seconds_wanted,
    status_of,
)
from overshoot.errors import InferenceError
from overshoot.wire.json_text import is_array, is_object
from overshoot.wire.schema import shortened

if TYPE_CHECKING:
    from overshoot.domain.backends import OpenAIInference
    from overshoot.ports.clock import Clock

_LONGEST_WORDS = 240
_SHORTEST_KEY = 8
"""Shorter ones are words of ordinary sentences, and are not masked."""


class RefusedError(InferenceError):
    """The server said no (a status of 4xx or 5xx), and would say it again.

    Attributes:
        status: HTTP status.
        words: what it said, with its name for the field and the reason where it gave them.
    """

    def __init__(self, message: str, *, status: int, words: str) -> None:
        super().__init__(message)
        self.status = status
        self.words = words


class ChatServer:
    """Requests to one server with one key; the HTTP session is made at the first request.

    Attributes:
        name: how messages call it.
    """

    def __init__(self, settings: OpenAIInference, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self.name: str = f"the server at {settings.url}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.url!r})"

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The decoded JSON that the server answers with; see `get`."""
        return await self._request("POST", path, json.dumps(body, ensure_ascii=False).encode())

    async def get(self, path: str) -> Any:
        """The decoded JSON that the server answers with.

        Raises:
            TransientError: it is busy, failed, cannot be reached or cut the connection.
            RefusedError: it said no.
            InferenceError: what it sent is no JSON, too long, or from elsewhere.
        """
        return await self._request("GET", path, None)

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _request(self, method: str, path: str, body: bytes | None) -> Any:
        if self._session is None:
            self._session = client_session(self._settings.max_answer_bytes)
        try:
            async with self._session.request(
                method, self._settings.url + path, data=body, headers=self._headers()
            ) as answer:
                data = await answer.read()
        except (aiohttp.ClientError, OSError, TooLongError, RedirectedError) as cause:
            raise unanswered(self.name, cause, self._settings.max_answer_bytes) from cause
        if not answer.ok:
            raise self._refused(answer, data)
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as cause:
            raise InferenceError(self._unreadable(answer, data)) from cause

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._settings.api_key is not None:
            headers["Authorization"] = f"Bearer {self._settings.api_key}"
        return headers

    def _unreadable(self, answer: aiohttp.ClientResponse, data: bytes) -> str:
        if "json" not in answer.content_type:
            kind = shortened(answer.content_type, _LONGEST_WORDS)
            return (
                f"{self.name} answered with {kind} where JSON was expected; check that the"
                " address ends before /chat/completions"
            )
        return f"{self.name} sent JSON that is broken or cut off after {len(data)} bytes"

    def _refused(self, answer: aiohttp.ClientResponse, data: bytes) -> InferenceError:
        status = answer.status
        words = shortened(self._masked(_words_of(data)), _LONGEST_WORDS)
        said = f"{self.name} answered {status}: {words}" if words else f"{self.name}: {status}"
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            given = "refuses the key" if self._settings.api_key else "wants a key"
            return RefusedError(f"{self.name} {given} ({status})", status=status, words=words)
        if status in TRANSIENT_STATUSES and not _is_final(words):
            return TransientError(said, wait=self._wait(answer), status=status_of(status))
        return RefusedError(said, status=status, words=words)

    def _wait(self, answer: aiohttp.ClientResponse) -> float | None:
        milliseconds = answer.headers.get("Retry-After-Ms", "")
        if milliseconds.isdecimal():
            return int(milliseconds[:12]) / 1000
        return seconds_wanted(answer.headers.get("Retry-After"), self._clock.wall())

    def _masked(self, text: str) -> str:
        key = self._settings.api_key or ""
        return text.replace(key, "***") if len(key) >= _SHORTEST_KEY else text


def _is_final(words: str) -> bool:
    """Whether a status that usually passes will not: llama.cpp answers 500 for what it cannot do,
    hosted ones 429 for an empty account."""
    low = words.lower()
    signs = ("insufficient_quota", "not supported", "does not support", "unsupported", "grammar")
    return any(sign in low for sign in signs)


def _words_of(data: bytes) -> str:
    """What an error body says, whichever of the usual forms it has."""
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):
        text = data[: 4 * _LONGEST_WORDS].decode(errors="replace").strip()
        return "" if text.startswith("<") else text
    if not is_object(body):
        return ""
    error = body.get("error", body)
    if not is_object(error):
        return str(error)
    told = error.get("message", error.get("detail", ""))
    words = json.dumps(told, ensure_ascii=False) if is_object(told) or is_array(told) else str(told)
    marks = [str(error[name]) for name in ("param", "code") if isinstance(error.get(name), str)]
    return f"{words} ({', '.join(marks)})" if marks else words
