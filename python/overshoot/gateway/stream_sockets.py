"""WebSockets on which somebody listens to a stream: how they are greeted, and how they end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp import WSMsgType, web

from overshoot.application.waiting import cancel, within
from overshoot.errors import NotFoundError, ProtocolError, RateLimitError
from overshoot.wire import from_json, to_json
from overshoot.wire.json_text import is_object

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from overshoot.application.served_stream import ServedStream
    from overshoot.application.serving import Serving
    from overshoot.application.subscription import Subscription
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock

Closing: TypeAlias = tuple[int, str]
"""The code and the reason to close with."""

_HELLO_BYTES: Final = 16 * 1024
_CLOSE_SECONDS: Final = 1.0
_GOODBYE_SECONDS: Final = 0.5

# RFC 6455 section 7.4.1.
GOING_AWAY: Final = 1001
POLICY_VIOLATION: Final = 1008
TRY_AGAIN_LATER: Final = 1013


class StreamSockets(ABC):
    """Sockets of one kind, of all streams: any number of them in turn, several at a time.

    The first message brings the key. A wrong one closes with 1008; so does a stream that is not
    the key's, as one that never was. A stream that has ended closes with 1001 and its reason.
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
        closing = (s.close(code=GOING_AWAY, message=b"gateway stopped") for s in waiting)
        await asyncio.gather(*closing)
        if self._open:
            await asyncio.wait(self._open, timeout=_GOODBYE_SECONDS)

    @abstractmethod
    async def _talk(
        self,
        socket: web.WebSocketResponse,
        stream: ServedStream,
        subscription: Subscription,
        said: Mapping[str, Any],
    ) -> Closing:
        """Send until there is a reason to close; ``said`` is the first message."""

    def _owner_of(self, said: Mapping[str, Any]) -> str | None:
        """Who the first message says it is."""
        return self._keys.owner_of(said.get("api_key"))

    async def _send(self, socket: web.WebSocketResponse, message: Mapping[str, Any]) -> None:
        """Send a message; `TimeoutError` when it is not read for long."""
        await self._in_time(socket.send_str(to_json(message)))

    async def _in_time(self, sending: Coroutine[Any, Any, None]) -> None:
        await within(self._clock, self._settings.send_seconds, sending)

    async def _serve_and_close(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        code, reason = await self._serve(socket, request.match_info["stream_id"])
        # Without waiting for what a slow reader has not taken yet.
        await socket.close(code=code, message=reason.encode(), drain=False)
        transport = request.transport
        if transport is not None and transport.get_write_buffer_size() > 0:
            # Left to itself it would wait, and hold what was sent, while the reader keeps still.
            transport.abort()

    async def _serve(self, socket: web.WebSocketResponse, stream_id: str) -> Closing:
        """Greet and send."""
        self._waiting.add(socket)
        try:
            said = await within(self._clock, self._settings.hello_seconds, _hello(socket))
        except TimeoutError:
            return POLICY_VIOLATION, "no API key came"
        finally:
            self._waiting.remove(socket)
        owner = None if said is None else self._owner_of(said)
        if said is None or owner is None:
            return POLICY_VIOLATION, "the API key is missing or wrong"
        reason = self._serving.reason_of(owner, stream_id)
        if reason is not None:
            return GOING_AWAY, f"stream ended: {reason}"
        try:
            stream = self._serving.get(owner, stream_id)
            subscription = stream.subscribe()
        except NotFoundError:
            return POLICY_VIOLATION, "no such stream"
        except RateLimitError:
            return TRY_AGAIN_LATER, "too many sockets for this stream"
        try:
            return await self._talk(socket, stream, subscription, said)
        finally:
            stream.unsubscribe(subscription)


async def _hello(socket: web.WebSocketResponse) -> Mapping[str, Any] | None:
    message = await socket.receive()
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        said = from_json(message.data)
    except ProtocolError:
        return None
    return said if is_object(said) else None


async def until_closed(
    socket: web.WebSocketResponse, *sending: Coroutine[Any, Any, Closing]
) -> Closing:
    """Send all this side by side, until one has a reason to close or the other side closes.

    What a client says meanwhile is read, so that pings are answered, and ignored.
    """
    tasks = [asyncio.create_task(each) for each in sending]
    listening = asyncio.create_task(_read_on(socket))
    try:
        done, _ = await asyncio.wait({*tasks, listening}, return_when=asyncio.FIRST_COMPLETED)
        return next((task.result() for task in tasks if task in done), (GOING_AWAY, ""))
    except TimeoutError:
        return TRY_AGAIN_LATER, "results were not read"
    except ConnectionError:
        return GOING_AWAY, ""
    finally:
        await cancel(*tasks, listening)


async def _read_on(socket: web.WebSocketResponse) -> None:
    closed = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}
    while (await socket.receive()).type not in closed:
        pass
