"""HTTP of the Media Gateway: one client session, our errors, plain JSON in and out."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from overshoot.errors import ApiError, ConfigurationError, NetworkError, api_error
from overshoot.wire import decode_error, to_json

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
WS_HEARTBEAT_SECONDS = 10.0
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
MASKED_LENGTH = 8
"""Keys shorter than this are words of ordinary sentences."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class GatewayApi:
    """Requests to one gateway with one key; the session is made at the first request.

    See `overshoot.ports.gateway_requests.GatewayRequests` for the contract.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = _checked_url(base_url)
        self._api_key = _checked_key(api_key)
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    @property
    def base_url(self) -> str:
        """Address of the gateway, without a trailing slash."""
        return self._base_url

    @property
    def api_key(self) -> str:
        """The key."""
        return self._api_key

    @property
    def on_loopback(self) -> bool:
        """Whether the gateway is named by a loopback address."""
        host = URL(self.base_url).host or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def stream_path(self, stream_id: str, rest: str = "") -> str:
        """Path of a stream's resource."""
        return f"/streams/{quote(stream_id, safe='')}{rest}"

    def websocket_url(self, stream_id: str) -> str:
        """Address of a stream's result socket."""
        scheme, rest = self.base_url.split("://", 1)
        secure = "wss" if scheme.lower() == "https" else "ws"
        return f"{secure}://{rest}/ws/streams/{quote(stream_id, safe='')}"

    def cookies(self) -> dict[str, str]:
        """Cookies the gateway has set, such as ``media-gateway-route``."""
        if self._session is None:
            return {}
        jar = self._session.cookie_jar.filter_cookies(URL(self.base_url))
        return {name: morsel.value for name, morsel in jar.items()}

    async def request(
        self, method: str, path: str, body: object = None, *, answer_seconds: float = ANSWER_SECONDS
    ) -> Any:
        """The decoded JSON answer; the text where it is no JSON; None where it is empty."""
        timeout = aiohttp.ClientTimeout(total=answer_seconds, connect=CONNECT_SECONDS)
        data = None if body is None else _as_json(body)
        try:
            async with self._open_session().request(
                method,
                self.base_url + path,
                data=data,
                headers=self._headers(),
                timeout=timeout,
                allow_redirects=False,  # A redirect would carry the key to another host.
            ) as answer:
                text = await answer.text(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as cause:
            raise self._unreachable(cause) from cause
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the success class of HTTP
            raise self._refused(answer, text)
        return _json_or_text(text)

    async def open_websocket(self, stream_id: str) -> aiohttp.ClientWebSocketResponse:
        """The result socket of a stream, with the key sent as its first message."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._greeted_websocket(self.websocket_url(stream_id))
        except aiohttp.WSServerHandshakeError as refused:
            message = f"the gateway refused the result socket with status {refused.status}"
            raise decode_error(refused.status, {"error": "refused", "message": message}) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as cause:
            raise self._unreachable(cause) from cause

    async def _greeted_websocket(self, url: str) -> aiohttp.ClientWebSocketResponse:
        socket = await self._open_session().ws_connect(
            url,
            heartbeat=WS_HEARTBEAT_SECONDS,
            max_msg_size=MAX_MESSAGE_BYTES,
            # The class is made by an attrs decorator that pyright does not see through.
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),  # pyright: ignore[reportCallIssue]
        )
        try:
            await socket.send_str(to_json({"api_key": self.api_key}))
        except BaseException:
            await socket.close()
            raise
        return socket

    async def close(self) -> None:
        """Close the session; a second call does nothing, a later request opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            stay = aiohttp.TraceConfig()
            stay.on_request_redirect.append(_refuse_redirect)
            # unsafe=True keeps cookies of hosts named by an IP address.
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.CookieJar(unsafe=True), trace_configs=[stay]
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def _refused(self, answer: aiohttp.ClientResponse, text: str) -> ApiError:
        # A gateway that repeats the key in its error must not bring it into our logs.
        if len(self.api_key) >= MASKED_LENGTH:
            text = text.replace(self.api_key, "***")
        if answer.status in _REDIRECTS and not text.startswith("{"):
            where = URL(answer.headers.get("Location", "")).with_query(None).with_fragment(None)
            message = (
                f"the gateway sends us elsewhere, which would show the key: name {where} itself"
            )
            return api_error(answer.status, message, code="redirected")
        return decode_error(answer.status, _json_or_text(text))

    def _unreachable(self, cause: BaseException) -> NetworkError:
        what = "did not answer in time" if isinstance(cause, TimeoutError) else "cannot be reached"
        detail = str(cause).strip() or type(cause).__name__
        return NetworkError(
            f"the gateway at {self.base_url} {what} ({detail}); check the address and that it runs",
            cause,
        )


async def _refuse_redirect(*_: object) -> None:
    # Opening a WebSocket follows redirects, and the key is its first message.
    raise aiohttp.ClientConnectionError("it sends us elsewhere, which would show the key there")


def _checked_url(value: object) -> str:
    wanted = "api_url must be an address such as https://host/api/v0.2"
    fault = _url_fault(value)
    if fault is not None or not isinstance(value, str):
        # What it holds is not repeated: it may be a key in the wrong place, or carry a password.
        raise ConfigurationError(f"{wanted}, but {fault}", details={"field": "api_url"})
    return value.strip().rstrip("/")


def _url_fault(value: object) -> str | None:
    if not isinstance(value, str):
        return f"it is of type {type(value).__name__}"
    if not value.strip().lower().startswith(("http://", "https://")):
        return "it does not begin with http:// or https://"
    try:
        url = URL(value.strip())
        whole = bool(url.host and url.port)
    except ValueError as error:
        return f"it cannot be read as one ({type(error).__name__})"
    if url.user is not None or url.password is not None:
        return "it holds a user or password, which belong in no address"
    if url.query_string or url.fragment:
        return "it has a query or fragment, to which no path can be added"
    return None if whole else "it names no host and port that can be"


def _checked_key(value: object) -> str:
    # What it holds is not repeated: a mistyped key is still a secret.
    if not isinstance(value, str) or not value.strip():
        message = "api_key must be a non-empty string"
        raise ConfigurationError(message, details={"field": "api_key"})
    key = value.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        message = "api_key holds characters that no HTTP header can carry; copy it again"
        raise ConfigurationError(message, details={"field": "api_key"})
    return key


def _as_json(body: object) -> str:
    try:
        return to_json(body)
    except (TypeError, ValueError, RecursionError) as cause:
        message = f"the request holds what JSON has not: {cause}"
        raise ConfigurationError(message, details={"field": "body"}) from cause


def _json_or_text(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
