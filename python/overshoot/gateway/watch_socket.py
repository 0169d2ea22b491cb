"""The WebSocket over which people look at a stream: pictures, results, actions and counts."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from overshoot.application.subscription import Gap
from overshoot.gateway.stream_sockets import (
    GOING_AWAY,
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    Closing,
    StreamSockets,
    until_closed,
)
from overshoot.wire import encode_gap, encode_info, encode_result
from overshoot.wire.actions import encode_action_news

if TYPE_CHECKING:
    from aiohttp import web

    from overshoot.application.action_feed import ActionFeed
    from overshoot.application.action_keeping import ActionKeeping
    from overshoot.application.served_stream import ServedStream
    from overshoot.application.serving import Serving
    from overshoot.application.subscription import Subscription
    from overshoot.domain.frame import Frame
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.gateway.tickets import Tickets
    from overshoot.ports.clock import Clock

WATCHERS: Final = 8
"""Sockets on one stream at the same time; each has pictures encoded for itself."""

PICTURE_HEAD: Final = struct.Struct(">Qd")
"""Before each JPEG: the frame's index, and its stream time in seconds."""

_FPS: Final = (0.1, 5.0, 15.0)
_SIDE: Final = (16, 640, 1280)
_STATS_SECONDS: Final = 1.0


class WatchSockets(StreamSockets):
    """Watch sockets of all streams; a slow one gets fewer pictures and holds up nobody.

    The first message brings ``api_key`` or ``ticket``, and may bring ``fps`` (0.1 to 15) and
    ``side`` (16 to 1280 pixels), which bound the pictures. Binary messages are pictures:
    `PICTURE_HEAD`, then a JPEG. Texts are JSON with a ``type``: ``state``, ``stats`` once a second,
    ``result``, ``gap`` and ``action``.

    Args:
        tickets: what may stand for a key.
        encode: makes a JPEG of a frame whose longer side is so many pixels at most.
        actions: whose news are told.
    """

    def __init__(
        self,
        serving: Serving,
        keys: Keys,
        settings: GatewaySettings,
        clock: Clock,
        *,
        tickets: Tickets,
        encode: Callable[[Frame, int], Awaitable[bytes]],
        actions: ActionKeeping,
    ) -> None:
        super().__init__(serving, keys, settings, clock)
        self._tickets = tickets
        self._encode = encode
        self._actions = actions
        self._watchers: Counter[str] = Counter()

    def _owner_of(self, said: Mapping[str, Any]) -> str | None:
        if "ticket" in said:
            return self._tickets.redeem(said["ticket"])
        return super()._owner_of(said)

    async def _talk(
        self,
        socket: web.WebSocketResponse,
        stream: ServedStream,
        subscription: Subscription,
        said: Mapping[str, Any],
    ) -> Closing:
        fps, side = _within(said.get("fps"), *_FPS), _within(said.get("side"), *_SIDE)
        if fps is None or side is None:
            return POLICY_VIOLATION, "fps goes from 0.1 to 15, side from 16 to 1280"
        if self._watchers[stream.id] >= WATCHERS:
            return TRY_AGAIN_LATER, "too many watch this stream"
        self._watchers[stream.id] += 1
        feed = self._actions.watch(stream.id)
        try:
            return await until_closed(
                socket,
                self._send_results(socket, subscription),
                self._send_pictures(socket, stream, 1 / fps, int(side)),
                self._send_stats(socket, stream),
                self._send_actions(socket, feed),
            )
        finally:
            self._actions.unwatch(stream.id, feed)
            self._watchers -= Counter({stream.id: 1})

    async def _send_results(
        self, socket: web.WebSocketResponse, subscription: Subscription
    ) -> Closing:
        while (told := await subscription.next()) is not None:
            if isinstance(told, Gap):
                await self._send(socket, encode_gap(told.dropped))
            else:
                await self._send(socket, {"type": "result", **encode_result(told)})
        return GOING_AWAY, f"stream ended: {subscription.reason}"

    async def _send_pictures(
        self, socket: web.WebSocketResponse, stream: ServedStream, interval: float, side: int
    ) -> Closing:
        index = -1
        while (frame := await stream.frames.after(index)) is not None:
            began = self._clock.monotonic()
            index = frame.index
            picture = await self._encode(frame, side)
            head = PICTURE_HEAD.pack(frame.index, frame.timestamp)
            await self._in_time(socket.send_bytes(head + picture))
            await self._clock.sleep(began + interval - self._clock.monotonic())
        # Results and the reason are still to come.
        never: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        return await never

    async def _send_stats(self, socket: web.WebSocketResponse, stream: ServedStream) -> Closing:
        state = None
        while True:
            info = stream.info()
            if info.state != state:
                state = info.state
                await self._send(socket, {"type": "state", "state": state})
            await self._send(socket, {"type": "stats", **encode_info(info)})
            await self._clock.sleep(_STATS_SECONDS)

    async def _send_actions(self, socket: web.WebSocketResponse, feed: ActionFeed) -> Closing:
        while True:
            await self._send(socket, encode_action_news(await feed.next()))


def _within(given: object, least: float, usual: float, most: float) -> float | None:
    """``given``, or what is usual where nothing is; None for what is out of bounds."""
    if given is None:
        return usual
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return given if least <= given <= most else None
