"""The WebSocket that results come over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overshoot.application.subscription import Gap
from overshoot.gateway.stream_sockets import GOING_AWAY, Closing, StreamSockets, until_closed
from overshoot.wire import encode_gap, encode_result

if TYPE_CHECKING:
    from aiohttp import web

    from overshoot.application.served_stream import ServedStream
    from overshoot.application.subscription import Subscription, Told


class ResultSockets(StreamSockets):
    """Result sockets: each message is a result.

    Whoever reads slowly misses the oldest results, and is closed with 1013 when nothing was read
    for long. With ``"notices": true`` beside the key, ``{"type": "gap", "dropped": n}`` stands
    where results are missing; clients that did not ask would take it for a result, and see the gap
    in ``seq``.
    """

    async def _talk(
        self,
        socket: web.WebSocketResponse,
        stream: ServedStream,
        subscription: Subscription,
        said: Mapping[str, Any],
    ) -> Closing:
        notices = said.get("notices") is True
        return await until_closed(socket, self._send_all(socket, subscription, notices=notices))

    async def _send_all(
        self, socket: web.WebSocketResponse, subscription: Subscription, *, notices: bool
    ) -> Closing:
        following = subscription.next if notices else subscription.next_result
        while (told := await following()) is not None:
            await self._send(socket, _message(told))
        return GOING_AWAY, f"stream ended: {subscription.reason}"


def _message(told: Told) -> dict[str, Any]:
    return encode_gap(told.dropped) if isinstance(told, Gap) else encode_result(told)
