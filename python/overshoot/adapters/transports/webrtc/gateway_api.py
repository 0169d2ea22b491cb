"""HTTP of the Media Gateway: one client session, our errors, plain JSON in and out."""

from __future__ import annotations

import ipaddress
import json
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from overshoot.errors import ConfigurationError, NetworkError
from overshoot.wire import decode_error, to_json

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
WS_HEARTBEAT_SECONDS = 10.0
MAX_MESSAGE_BYTES = 4 * 1024 * 1024


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
        secure = "wss" if scheme == "https" else "ws"
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
        data = None if body is None else to_json(body)
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
        content = _json_or_text(text)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the success class of HTTP
            raise decode_error(answer.status, content)
        return content

    async def open_websocket(self, stream_id: str) -> aiohttp.ClientWebSocketResponse:
        """The result socket of a stream, with the key sent as its first message."""
        try:
            socket = await self._open_session().ws_connect(
                self.websocket_url(stream_id),
                heartbeat=WS_HEARTBEAT_SECONDS,
                max_msg_size=MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
            await socket.send_str(to_json({"api_key": self.api_key}))
        except aiohttp.WSServerHandshakeError as refused:
            message = f"the gateway refused the result socket with status {refused.status}"
            raise decode_error(refused.status, {"error": "refused", "message": message}) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as cause:
            raise self._unreachable(cause) from cause
        return socket

    async def close(self) -> None:
        """Close the session; a second call does nothing, a later request opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # unsafe=True keeps cookies of hosts named by an IP address.
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self._session

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def _unreachable(self, cause: BaseException) -> NetworkError:
        what = "did not answer in time" if isinstance(cause, TimeoutError) else "cannot be reached"
        detail = str(cause).strip() or type(cause).__name__
        return NetworkError(
            f"the gateway at {self.base_url} {what} ({detail}); check the address and that it runs",
            cause,
        )


def _checked_url(value: object) -> str:
    wanted = "an address such as https://host/api/v0.2"
    if not isinstance(value, str):
        message = f"api_url must be {wanted}, got {type(value).__name__}"
        raise ConfigurationError(message, details={"field": "api_url"})
    try:
        url = URL(value.strip())
        good = url.scheme in {"http", "https"} and bool(url.host) and url.port is not None
    except ValueError:
        good = False
    else:
        good = good and url.user is None and url.password is None
        good = good and not url.query_string and not url.fragment
    if not good:
        message = f"api_url must be {wanted} without user, query or fragment, got {value!r}"
        raise ConfigurationError(message, details={"field": "api_url"})
    return value.strip().rstrip("/")


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


def _json_or_text(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
