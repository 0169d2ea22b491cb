"""HTTP to a model's server that can neither flood us nor send us elsewhere."""

from __future__ import annotations

import aiohttp

from overshoot.adapters.inference.remote.retrying import TransientError
from overshoot.errors import InferenceError

CONNECT_SECONDS = 10.0


class TooLongError(Exception):
    """A body of more bytes than are read."""


class RedirectedError(Exception):
    """The server sends us elsewhere, which would carry the key there."""


def client_session(max_answer_bytes: int) -> aiohttp.ClientSession:
    """A session whose answers are read up to that many bytes, decompressed; `TooLongError` beyond.

    It follows no redirect (`RedirectedError`) and has no time-out but for connecting.
    """

    class BoundedResponse(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await self._read_bounded()
                except BaseException:
                    self.close()
                    raise
            return await super().read()

        async def _read_bounded(self) -> bytes:
            whole = bytearray()
            async for chunk in self.content.iter_any():
                whole += chunk
                if len(whole) > max_answer_bytes:
                    raise TooLongError
            return bytes(whole)

    stay = aiohttp.TraceConfig()
    stay.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        response_class=BoundedResponse,
        trace_configs=[stay],
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
    )


async def _refuse_redirect(*_: object) -> None:
    raise RedirectedError


def unanswered(name: str, cause: BaseException, max_answer_bytes: int) -> InferenceError:
    """Why there is no answer, as the error that says whether to ask again."""
    if isinstance(cause, aiohttp.ClientSSLError):
        return InferenceError(f"{name} cannot be trusted ({_words(cause)})")
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return TransientError(
            f"{name} cannot be reached ({_words(cause)}); check its address and that it runs"
        )
    if isinstance(cause, aiohttp.ClientPayloadError):
        return TransientError(f"{name} cut the connection in the middle of its answer")
    if isinstance(cause, aiohttp.ClientOSError | aiohttp.ServerDisconnectedError):
        return TransientError(f"{name} cut the connection before it answered")
    match cause:
        case TooLongError():
            what = f"sent more than {max_answer_bytes} bytes, which were not read on"
        case RedirectedError():
            what = "sends us elsewhere, which would show the key there: name that address"
        case _:
            what = f"gave no answer of HTTP ({type(cause).__name__})"
    return InferenceError(f"{name} {what}")


def _words(cause: BaseException) -> str:
    return str(cause).strip() or type(cause).__name__
