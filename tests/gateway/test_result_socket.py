from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import WSMsgType, web

from gateway.kit import Client, read_to_end

if TYPE_CHECKING:
    from overshoot.testing.manual_clock import ManualClock


@pytest.mark.parametrize(
    "hello",
    [{"api_key": "wrong"}, {"api_key": 7}, {"api_key": None}, {}, [], "key", {"api_key": "\ud800"}],
)
async def test_a_wrong_key_closes_with_1008(client: Client, offer_sdp: str, hello: Any) -> None:
    socket = await client.open_socket(await client.create(offer_sdp), hello=hello)
    _, code, reason = await read_to_end(socket)
    assert code == 1008
    assert "API key" in reason


@pytest.mark.parametrize("send", ["send_str", "send_bytes"])
async def test_a_hello_that_is_no_json_closes_with_1008(
    client: Client, offer_sdp: str, send: Any
) -> None:
    socket = await client.open_socket(await client.create(offer_sdp), hello=None)
    await getattr(socket, send)("{" if send == "send_str" else b"{}")
    assert (await read_to_end(socket))[1] == 1008


async def test_no_hello_in_time_closes_with_1008(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(clock=clock)
    socket = await client.open_socket(await client.create(offer_sdp), hello=None)
    # Lease, offer to connected, silent connections, and the hello.
    await clock.until_sleepers(4)
    await clock.advance(5)
    assert (await read_to_end(socket))[1] == 1008


async def test_a_stream_that_is_not_the_keys_is_unknown(start: Any, offer_sdp: str) -> None:
    client = await start(api_keys=("ovs_one", "ovs_two"))
    stream_id = await client.create(offer_sdp)
    other = Client(client.gateway, client.http, "ovs_two")
    foreign = await read_to_end(await other.open_socket(stream_id))
    unknown = await read_to_end(await other.open_socket("nothing"))
    assert foreign == unknown == ([], 1008, "no such stream")


async def test_deleting_answers_first_and_closes_later(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(clock=clock)
    stream_id = await client.create(offer_sdp)
    sockets = [await client.open_socket(stream_id) for _ in range(2)]
    await subscribed(client, stream_id, 2)
    assert (await client.call("DELETE", "/streams/" + stream_id))[0] == 200
    await clock.advance(0.7)
    assert not any(socket.closed for socket in sockets)
    await clock.advance(0.1)
    for socket in sockets:
        assert await read_to_end(socket) == ([], 1001, "stream ended: client_requested")


async def test_an_expired_lease_is_told_with_its_reason(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(clock=clock, connect_seconds=3600.0)
    stream_id = await client.create(offer_sdp)
    socket = await client.open_socket(stream_id)
    await subscribed(client, stream_id, 1)
    await clock.advance(60)
    assert (await client.call("POST", f"/streams/{stream_id}/keepalive"))[0] == 200
    await clock.advance(60)
    assert not socket.closed
    await clock.advance(30)
    assert await read_to_end(socket) == ([], 1001, "stream ended: lease_expired")
    late = await client.open_socket(stream_id)
    assert await read_to_end(late) == ([], 1001, "stream ended: lease_expired")
    assert (await client.call("DELETE", "/streams/" + stream_id))[0] == 204


async def test_video_that_never_connects_ends_the_stream(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(clock=clock)
    stream_id = await client.create(offer_sdp)
    socket = await client.open_socket(stream_id)
    await subscribed(client, stream_id, 1)
    await clock.advance(15)
    assert await read_to_end(socket) == ([], 1001, "stream ended: webrtc_disconnected")


async def test_sockets_come_and_go(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    for _ in range(3):
        socket = await client.open_socket(stream_id)
        await subscribed(client, stream_id, 1)
        await socket.send_str("whatever a client says")
        await socket.close()
        await subscribed(client, stream_id, 0)
    assert (await client.call("GET", f"/streams/{stream_id}/info"))[0] == 200


async def test_the_seventeenth_socket_is_asked_to_try_later(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    sockets = [await client.open_socket(stream_id) for _ in range(16)]
    await subscribed(client, stream_id, 16)
    _, code, _ = await read_to_end(await client.open_socket(stream_id))
    assert code == 1013
    assert not any(socket.closed for socket in sockets)


async def test_a_hello_that_is_too_long(client: Client, offer_sdp: str) -> None:
    socket = await client.open_socket(await client.create(offer_sdp), hello={"x": "y" * 20_000})
    assert (await read_to_end(socket))[1] == 1009


async def test_stopping_the_gateway_closes_every_socket(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    greeted = await client.open_socket(stream_id)
    silent = await client.open_socket(stream_id, hello=None)
    await subscribed(client, stream_id, 1)
    stopping = asyncio.create_task(client.gateway.stop())
    assert await read_to_end(greeted) == ([], 1001, "stream ended: gateway_stopped")
    assert (await silent.receive()).type in {WSMsgType.CLOSE, WSMsgType.CLOSED}
    await stopping


async def test_a_gateway_that_stops_hears_the_goodbye_of_its_clients(
    client: Client, offer_sdp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int | None] = []

    class Noting(web.WebSocketResponse):
        async def close(self, **options: Any) -> bool:
            closed = await super().close(**options)
            heard.append(self.close_code)
            return closed

    monkeypatch.setattr(web, "WebSocketResponse", Noting)
    stream_id = await client.create(offer_sdp)
    socket = await client.open_socket(stream_id)
    await subscribed(client, stream_id, 1)
    stopping = asyncio.create_task(client.gateway.stop())
    await read_to_end(socket)
    await stopping
    # It would be 1006 had it waited for an answer that it could not hear.
    assert set(heard) == {1000}


async def subscribed(client: Client, stream_id: Any, count: Any) -> None:
    """Wait until the gateway has taken that many sockets for the stream."""
    while True:
        _, info = await client.call("GET", f"/streams/{stream_id}/info")
        if info["subscribers"] == count:
            return
        await asyncio.sleep(0.005)
