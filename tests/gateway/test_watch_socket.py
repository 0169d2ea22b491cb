"""Watching a stream: pictures, results, counts and actions over one socket, for its owner alone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest

from gateway.kit import Client, ScriptedBackend, read_number, running
from overshoot.domain.action_question import action_schema
from overshoot.gateway.watch_socket import PICTURE_HEAD, WATCHERS

WAVES = json.dumps({"detected_actions": [{"action": "wave", "detected": True, "confidence": 0.9}]})
STILL = json.dumps({"detected_actions": [{"action": "wave", "detected": False, "confidence": 0.0}]})


async def watch(client: Client, stream_id: str, **hello: Any) -> Any:
    socket = await client.http.ws_connect(f"{client.gateway.url}/streams/{stream_id}/watch")
    await socket.send_json(hello or {"api_key": client.key or client.gateway.api_key})
    return socket


async def until(socket: Any, wanted: str, **fields: Any) -> Any:
    """The next message of that type with these fields; ``picture`` for a binary one."""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY:
            if wanted == "picture":
                return message.data
            continue
        told = json.loads(message.data)
        if told["type"] == wanted and all(told[name] == value for name, value in fields.items()):
            return told
    raise AssertionError(f"closed with {socket.close_code} before {wanted}")


async def test_pictures_results_counts_and_the_state_are_told(client: Client) -> None:
    async with running(client) as stream_id:
        key = client.gateway.api_key
        async with await watch(client, stream_id, api_key=key, fps=15, side=48) as socket:
            assert (await until(socket, "state"))["state"] in {"pending", "active"}
            first, second = await until(socket, "picture"), await until(socket, "picture")
            (index, time), (later, after) = (PICTURE_HEAD.unpack_from(p) for p in (first, second))
            assert index < later
            assert time < after
            jpeg = np.frombuffer(first[PICTURE_HEAD.size :], np.uint8)
            picture: Any = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
            assert picture.shape == (32, 48, 3)
            assert read_number(picture) == index % 64
            result = await until(socket, "result")
            assert result["stream_id"] == stream_id
            assert result["result"] == "read"
            stats = await until(socket, "stats")
            assert stats["stream_id"] == stream_id
            assert stats["subscribers"] == 1


async def test_an_action_is_told_when_it_begins_goes_on_and_ends(
    client: Client, backend: ScriptedBackend
) -> None:
    backend.text = STILL
    schema = dict(action_schema(["wave", "nod"]))
    async with running(client, inference={"output_schema_json": schema}) as stream_id:
        async with await watch(client, stream_id) as socket:
            await until(socket, "result")
            listed = (await client.call("GET", "/streams"))[1]["streams"]
            assert [(s["id"], s["actions"]) for s in listed] == [(stream_id, ["wave", "nod"])]
            backend.text = WAVES
            begun = (await until(socket, "action", event="started"))["action"]
            assert (begun["action"], begun["open"], begun["end_time"]) == ("wave", True, None)
            assert begun["confidence"] == 0.9
            assert begun["stream_id"] == stream_id
            assert begun["prompt"] == "read"
            more = (await until(socket, "action", event="updated"))["action"]
            assert more["id"] == begun["id"]
            assert more["seen_until"] > begun["seen_until"]
            # Who comes later learns of what goes on.
            async with await watch(client, stream_id) as late:
                assert (await until(late, "action"))["action"]["id"] == begun["id"]
            backend.text = STILL
            ended = (await until(socket, "action", event="ended"))["action"]
            assert ended["id"] == begun["id"]
            assert not ended["open"]
            assert ended["end_time"] == ended["start_time"] + ended["duration"]
            assert ended["wall_time"] == begun["wall_time"]


async def test_a_ticket_opens_once_and_for_its_owner_alone(start: Any) -> None:
    client = await start(api_keys=("ovs_one", "ovs_two"))
    other = Client(client.gateway, client.http, key="ovs_two")
    async with running(client) as stream_id:
        assert (await other.call("GET", "/streams"))[1] == {"streams": []}
        status, body = await client.call("POST", "/tickets")
        assert (status, body["expires_in"]) == (201, 60)
        async with await watch(client, stream_id, ticket=body["ticket"]) as socket:
            await until(socket, "stats")
        async with await watch(client, stream_id, ticket=body["ticket"]) as socket:
            assert (await socket.receive()).data == 1008
        foreign = (await other.call("POST", "/tickets"))[1]["ticket"]
        async with await watch(client, stream_id, ticket=foreign) as socket:
            closed = await socket.receive()
            assert (closed.data, closed.extra) == (1008, "no such stream")


@pytest.mark.parametrize(
    "hello", [{"api_key": "wrong"}, {"ticket": 1}, {"fps": 1}, {"api_key": None, "ticket": None}]
)
async def test_without_a_key_nothing_is_told(client: Client, hello: Any, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    async with await watch(client, stream_id, **hello) as socket:
        closed = await socket.receive()
        assert (closed.data, closed.extra) == (1008, "the API key is missing or wrong")


@pytest.mark.parametrize(
    "bounds", [{"fps": 0}, {"fps": 16}, {"fps": "5"}, {"side": 8}, {"side": True}]
)
async def test_pictures_have_bounds(client: Client, bounds: Any, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    async with await watch(client, stream_id, api_key=client.gateway.api_key, **bounds) as socket:
        closed = await socket.receive()
        assert (closed.data, "fps" in closed.extra) == (1008, True)


async def test_it_closes_with_its_stream_and_says_why(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    async with await watch(client, stream_id) as socket:
        await until(socket, "stats")
        assert (await client.call("DELETE", f"/streams/{stream_id}"))[0] == 200
        async for _ in socket:
            pass
        assert socket.close_code == 1001
    async with await watch(client, stream_id) as socket:
        closed = await socket.receive()
        assert (closed.data, closed.extra) == (1001, "stream ended: client_requested")


async def test_so_many_may_watch_and_one_more_when_one_goes(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    sockets = [await watch(client, stream_id) for _ in range(WATCHERS)]
    for socket in sockets:
        await until(socket, "stats")
    async with await watch(client, stream_id) as socket:
        assert (await socket.receive()).data == 1013
    await sockets.pop().close()
    for _ in range(500):
        if (await client.call("GET", f"/streams/{stream_id}/info"))[1]["subscribers"] < WATCHERS:
            break
        await asyncio.sleep(0.01)
    sockets.append(await watch(client, stream_id))
    await until(sockets[-1], "stats")
    for socket in sockets:
        await socket.close()


async def test_it_closes_when_the_gateway_stops(client: Client, offer_sdp: str) -> None:
    async with await watch(client, await client.create(offer_sdp)) as socket:
        await until(socket, "stats")
        stopping = asyncio.create_task(client.gateway.stop())
        async for _ in socket:
            pass
        assert socket.close_code == 1001
        await stopping


async def test_who_does_not_read_is_closed_and_holds_up_nobody(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def large(*_: Any) -> bytes:
        return bytes(4_000_000)

    monkeypatch.setattr("overshoot.gateway.picture_routes.PictureRoutes.encode", large)
    client = await start(send_seconds=0.5)
    async with running(client) as stream_id:
        stuck = await watch(client, stream_id)
        seq = [-1]
        async with await client.open_socket(stream_id) as results:
            for _ in range(500):
                seq.append(json.loads((await results.receive()).data)["seq"])
                info = (await client.call("GET", f"/streams/{stream_id}/info"))[1]
                if len(seq) > 4 and info["subscribers"] == 1:
                    break
        # It was let go, and the others have missed nothing.
        assert info["subscribers"] == 1
        assert seq[1:] == list(range(seq[1], seq[1] + len(seq) - 1))
        await stuck.close()
