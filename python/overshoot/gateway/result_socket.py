"""The WebSocket that results come over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web
from attrs import frozen

from overshoot.application.subscription import Gap
from overshoot.application.waiting import cancel, within
from overshoot.errors import NotFoundError, ProtocolError, RateLimitError
from overshoot.wire import encode_gap, encode_result, from_json, to_json
from overshoot.wire.json_text import is_object

if TYPE_CHECKING:
    from overshoot.application.serving import Serving
    from overshoot.application.subscription import Subscription, Told
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock

_HELLO_BYTES = 16 * 1024
_CLOSE_SECONDS = 1.0
_GOODBYE_SECONDS = 0.5

# RFC 6455 section 7.4.1.
_GOING_AWAY = 1001
_POLICY_VIOLATION = 1008
_TRY_AGAIN_LATER = 1013


@frozen
class _Hello:
    """Who a socket is for, and whether it also takes messages that are no results."""

    owner: str
    notices: bool


class ResultSockets:
    """Result sockets of all streams: any number of them in turn, several at a time.

    The first message brings the key. A wrong one closes with 1008; so does a stream that is not
    the key's, as one that never was. A stream that has ended closes with 1001 and its reason.

    Whoever reads slowly misses the oldest results, and is closed with 1013 when nothing was read
    for long. With ``"notices": true`` beside the key, ``{"type": "gap", "dropped": n}`` stands
    where results are missing; clients that did not ask would take it for a result, and see the gap
    in ``seq``.
    """

    def __init__(
        self, serving: Serving, keys: Keys, settings: GatewaySettings, clock: Clock
    ) -> None:
        self._serving = serving
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._waiting: set[web.WebSocketResponse] = set()
        self._open: set[asyncio.Future[None]] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it closes."""
        socket = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS,
            heartbeat=self._settings.ping_seconds,
            max_msg_size=_HELLO_BYTES,
            compress=False,
        )
        await socket.prepare(request)
        closed = asyncio.get_running_loop().create_future()
        self._open.add(closed)
        try:
            await self._serve_and_close(socket, request)
        finally:
            self._open.remove(closed)
            closed.set_result(None)
        return socket

    async def stop(self) -> None:
        """Close those that wait for a key; the others close with their streams.

        Comes back when all have said goodbye, or have had the time to.
        """
        waiting = tuple(self._waiting)
        closing = (s.close(code=_GOING_AWAY, message=b"gateway stopped") for s in waiting)
        await asyncio.gather(*closing)
        if self._open:
            await asyncio.wait(self._open, timeout=_GOODBYE_SECONDS)

    async def _serve_and_close(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        code, reason = await self._serve(socket, request.match_info["stream_id"])
        # Without waiting for what a slow reader has not taken yet.
        await socket.close(code=code, message=reason.encode(), drain=False)
        transport = request.transport
        if transport is not None and transport.get_write_buffer_size() > 0:
            # Left to itself it would wait, and hold the results, as long as the reader keeps still.
            transport.abort()

    async def _serve(self, socket: web.WebSocketResponse, stream_id: str) -> tuple[int, str]:
        """Greet and send; gives the code and the reason to close with."""
        self._waiting.add(socket)
        try:
            hello = await within(self._clock, self._settings.hello_seconds, self._hello(socket))
        except TimeoutError:
            return _POLICY_VIOLATION, "no API key came"
        finally:
            self._waiting.remove(socket)
        if hello is None:
            return _POLICY_VIOLATION, "the API key is missing or wrong"
        reason = self._serving.reason_of(hello.owner, stream_id)
        if reason is not None:
            return _GOING_AWAY, f"stream ended: {reason}"
        try:
            stream = self._serving.get(hello.owner, stream_id)
            subscription = stream.subscribe()
        except NotFoundError:
            return _POLICY_VIOLATION, "no such stream"
        except RateLimitError:
            return _TRY_AGAIN_LATER, "too many sockets for this stream"
        try:
            return await self._push(socket, subscription, notices=hello.notices)
        finally:
            stream.unsubscribe(subscription)

    async def _hello(self, socket: web.WebSocketResponse) -> _Hello | None:
        message = await socket.receive()
        if message.type is not WSMsgType.TEXT:
            return None
        try:
            said = from_json(message.data)
        except ProtocolError:
            return None
        owner = self._keys.owner_of(said.get("api_key")) if is_object(said) else None
        return None if owner is None else _Hello(owner, said.get("notices") is True)

    async def _push(
        self, socket: web.WebSocketResponse, subscription: Subscription, *, notices: bool
    ) -> tuple[int, str]:
        sending = asyncio.create_task(self._send_all(socket, subscription, notices=notices))
        listening = asyncio.create_task(_until_closed(socket))
        try:
            await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                return sending.result()
            return _GOING_AWAY, ""
        finally:
            await cancel(sending, listening)

    async def _send_all(
        self, socket: web.WebSocketResponse, subscription: Subscription, *, notices: bool
    ) -> tuple[int, str]:
        following = subscription.next if notices else subscription.next_result
        try:
            while (told := await following()) is not None:
                text = to_json(_message(told))
                await within(self._clock, self._settings.send_seconds, socket.send_str(text))
        except TimeoutError:
            return _TRY_AGAIN_LATER, "results were not read"
        except ConnectionError:
            return _GOING_AWAY, ""
        return _GOING_AWAY, f"stream ended: {subscription.reason}"


def _message(told: Told) -> dict[str, Any]:
    return encode_gap(told.dropped) if isinstance(told, Gap) else encode_result(told)


async def _until_closed(socket: web.WebSocketResponse) -> None:
    """Read on, so that pings are answered and a close is seen; what a client says is ignored."""
    closed = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}
    while (await socket.receive()).type not in closed:
        pass
