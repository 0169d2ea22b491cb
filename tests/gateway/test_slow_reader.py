"""A result socket whose client reads slower than answers come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from overshoot.application.subscription import Subscription
from overshoot.domain.inference import InferenceResult
from overshoot.gateway import GatewaySettings
from overshoot.gateway.requests import Keys
from overshoot.gateway.result_socket import ResultSockets
from overshoot.gateway.tickets import Tickets
from overshoot.testing.manual_clock import ManualClock

LONG = "x" * 1_000_000
"""Longer than all buffers on the way together, after some of them."""


class OneStream:
    """All that result sockets ask of streams."""

    def __init__(self, queued: int) -> None:
        self.subscription = Subscription(queued)
        self.listening = asyncio.Event()
        self.left = asyncio.Event()
        self._seq = 0

    def reason_of(self, *_: object) -> None:
        return None

    def get(self, *_: object) -> OneStream:
        return self

    def subscribe(self) -> Subscription:
        self.listening.set()
        return self.subscription

    def unsubscribe(self, _: Subscription) -> None:
        self.left.set()

    def answer(self, count: int) -> None:
        for _ in range(count):
            self.subscription.publish(
                InferenceResult(LONG, True, None, id=str(self._seq), seq=self._seq)
            )
            self._seq += 1


@asynccontextmanager
async def listening(stream: Any, clock: ManualClock, hello: dict[str, Any]) -> AsyncIterator[Any]:
    settings = GatewaySettings(api_keys=("ovs_x",))
    keys = Keys(settings.api_keys, Tickets(clock))
    sockets = ResultSockets(stream, keys, settings, clock)
    app = web.Application()
    app.router.add_get("/ws/{stream_id}", sockets.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/ws/s"
        async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
            await socket.send_json({"api_key": "ovs_x", **hello})
            await stream.listening.wait()
            yield socket
    finally:
        await runner.cleanup()


async def stuck(stream: OneStream) -> None:
    """Answer until nothing more is taken from the queue: all buffers are full."""
    still = 0
    while still < 20:
        before = len(stream.subscription._results)
        if before == 0:
            stream.answer(1)
        await asyncio.sleep(0.005)
        still = still + 1 if len(stream.subscription._results) == before > 0 else 0


@pytest.mark.parametrize("notices", [True, False])
async def test_the_oldest_results_make_room_and_who_asked_is_told(notices: bool) -> None:
    clock, stream = ManualClock(), OneStream(queued=4)
    async with listening(stream, clock, {"notices": True} if notices else {}) as socket:
        await stuck(stream)
        stream.answer(10)
        missing = stream.subscription.dropped
        assert missing == 7
        stream.subscription.end("client_requested")
        expected, gaps = 0, []
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            told = json.loads(message.data)
            if told.get("type") == "gap":
                assert set(told) == {"type", "dropped"}
                gaps.append(told["dropped"])
                expected += told["dropped"]
            else:
                if not notices and told["seq"] != expected:
                    # What clients that know of no notices see.
                    gaps.append(told["seq"] - expected)
                    expected = told["seq"]
                assert told["seq"] == expected
                expected += 1
        assert gaps == [missing]
        assert expected == stream._seq
        assert (message.data, message.extra) == (1001, "stream ended: client_requested")


async def test_who_reads_nothing_for_ten_seconds_is_let_go() -> None:
    clock, stream = ManualClock(), OneStream(queued=4)
    async with listening(stream, clock, {}):
        await stuck(stream)
        await clock.advance(9.9)
        assert not stream.left.is_set()
        await clock.advance(0.2)
        await stream.left.wait()
