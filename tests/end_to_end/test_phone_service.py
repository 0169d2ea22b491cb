"""The service of `support.phone_service`, with phones that are real WebSocket clients."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import until
from support.phone_service import PhoneService
from support.picture_stream import FPS, jpeg_picture, rgb_picture

EPOCH = 1_769_000_000.0
"""Seconds since 1970, as a phone's clock shows."""

Client: TypeAlias = "TestClient[Any, Any]"
Socket: TypeAlias = aiohttp.ClientWebSocketResponse


def looking_for(*actions: str) -> dict[str, Any]:
    verdict = {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": list(actions)},
            "confidence": {"type": "number"},
            "detected": {"type": "boolean"},
        },
        "required": ["action", "confidence", "detected"],
    }
    listed = {"type": "array", "items": verdict}
    return {"type": "object", "properties": {"detected_actions": listed}}


def answer(request: InferenceRequest) -> dict[str, Any]:
    """Waving, or what is asked for alone; beside it the numbers read in the pictures."""
    thumbs = request.prompt == "Only thumbs up"
    return {
        "detected_actions": [
            {"action": "waving", "confidence": 0.1 if thumbs else 0.92, "detected": not thumbs},
            {"action": "thumbs up", "confidence": 0.85 if thumbs else 0.5, "detected": True},
        ],
        "numbers": [read_frame_number(frame.pixels) for frame in request.frames],
    }


def config(prompt: str = "Waving or thumbs up?", **inference: Any) -> dict[str, Any]:
    return {
        "type": "config",
        "width": 640,
        "height": 480,
        "inference": {
            "prompt": prompt,
            "output_schema_json": looking_for("waving", "thumbs up"),
            **inference,
        },
        "processing": {"fps": 15, "clip_length_seconds": 0.4, "delay_seconds": 0.4},
    }


async def send_jpeg(phone: Socket, number: int, timestamp: float) -> None:
    await phone.send_bytes(struct.pack("<d", timestamp) + jpeg_picture(number))


async def send_rgb(phone: Socket, number: int, timestamp: float) -> None:
    await phone.send_bytes(struct.pack("<d", timestamp) + rgb_picture(number).tobytes())


async def send_json(phone: Socket, number: int, timestamp: float) -> None:
    data = base64.b64encode(jpeg_picture(number)).decode()
    await phone.send_json({"type": "frame", "timestamp": timestamp, "data": data})


Send: TypeAlias = Callable[[Socket, int, float], Awaitable[None]]


async def next_of(phone: Socket, kind: str) -> dict[str, Any]:
    """The next message of a kind; an error nobody asked for fails the test."""
    async with asyncio.timeout(20):
        while True:
            message: dict[str, Any] = await phone.receive_json()
            if message["type"] == kind:
                return message
            assert message["type"] != "error", message


@asynccontextmanager
async def filming(phone: Socket, send: Send = send_jpeg, first: int = 0) -> AsyncIterator[None]:
    """While the block runs, the phone sends fifteen pictures a second."""

    async def film() -> None:
        number = first
        while True:
            await send(phone, number, EPOCH + number / FPS)
            number += 1
            await asyncio.sleep(1 / FPS)

    task = asyncio.create_task(film())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.fixture
def backend() -> ScriptedInference:
    return ScriptedInference(answer)


@pytest.fixture
def service(gateway: LocalGateway) -> PhoneService:
    return PhoneService(gateway.url, gateway.api_key)


@pytest.fixture
async def client(service: PhoneService) -> AsyncIterator[Client]:
    async with TestClient(TestServer(service.app())) as running:
        yield running


@pytest.mark.parametrize("send", [send_jpeg, send_rgb, send_json])
async def test_a_phone_gets_answers_and_its_actions_are_kept(client: Client, send: Send) -> None:
    async with client.ws_connect("/ws") as phone:
        await phone.send_json(config())
        session = (await next_of(phone, "ready"))["stream_id"]
        async with filming(phone, send):
            assert (await next_of(phone, "connected"))["gateway_stream_id"]
            results = [await next_of(phone, "inference") for _ in range(3)]
            rated = {"rating": 5, "category": "accuracy"}
            response = await client.post(f"/sessions/{session}/feedback", json=rated)
            assert await response.json() == {"status": "ok"}
        await phone.send_json({"type": "stop"})
        await next_of(phone, "stopped")
        assert (await phone.receive()).type is aiohttp.WSMsgType.CLOSE
    for result in results:
        newest = json.loads(result["result"])["numbers"][-1]
        assert result["timestamp"] == pytest.approx(EPOCH + newest / FPS, abs=1e-3)
        assert result["prompt"] == "Waving or thumbs up?"
    kept = await (await client.get(f"/sessions/{session}/actions")).json()
    assert {each["action"] for each in kept} == {"waving"}
    assert [each["timestamp"] for each in kept[:3]] == [result["timestamp"] for result in results]
    summary = await (await client.get(f"/sessions/{session}/summary")).json()
    assert summary == {"waving": len(kept)}


async def test_the_prompt_is_swapped_while_the_phone_films(client: Client) -> None:
    async with client.ws_connect("/ws") as phone:
        await phone.send_json(config())
        session = (await next_of(phone, "ready"))["stream_id"]
        async with filming(phone):
            assert (await next_of(phone, "inference"))["prompt_version"] == 0
            await phone.send_json({"type": "update_prompt", "prompt": "Only thumbs up"})
            assert (await next_of(phone, "prompt_updated"))["prompt"] == "Only thumbs up"
            while (result := await next_of(phone, "inference"))["prompt_version"] == 0:
                pass
    assert (result["prompt"], result["prompt_version"]) == ("Only thumbs up", 1)
    query = {"action": "thumbs up", "min_confidence": "0.8"}
    found = await (await client.get(f"/sessions/{session}/actions", params=query)).json()
    assert {each["metadata"]["prompt"] for each in found} == {"Only thumbs up"}


async def test_two_phones_do_not_hear_each_other(client: Client) -> None:
    async with client.ws_connect("/ws") as one, client.ws_connect("/ws") as other:
        sessions = []
        for phone, prompt in ((one, "Waving?"), (other, "Only thumbs up")):
            await phone.send_json(config(prompt))
            sessions.append((await next_of(phone, "ready"))["stream_id"])
        async with filming(one, send_jpeg), filming(other, send_json, first=3000):
            for phone, prompt, numbers in (
                (one, "Waving?", range(3000)),
                (other, "Only thumbs up", range(3000, 4000)),
            ):
                for _ in range(2):
                    result = await next_of(phone, "inference")
                    assert result["prompt"] == prompt
                    assert set(json.loads(result["result"])["numbers"]) <= set(numbers)
    summaries = [await (await client.get(f"/sessions/{each}/summary")).json() for each in sessions]
    assert [list(summary) for summary in summaries] == [["waving"], ["thumbs up"]]


def threads_of_streams() -> set[threading.Thread]:
    """All but those of the event loop and of the gateway, which stay as long as they do."""
    kept = ("asyncio_", "overshoot-gateway")
    return {each for each in threading.enumerate() if not each.name.startswith(kept)}


async def test_a_phone_that_vanishes_leaves_nothing_running(
    client: Client, service: PhoneService, backend: ScriptedInference
) -> None:
    tasks, threads = asyncio.all_tasks(), threads_of_streams()
    async with aiohttp.ClientSession() as session:
        phone = await session.ws_connect(client.make_url("/ws"))
        await phone.send_json(config())
        number = (await next_of(phone, "ready"))["stream_id"]
        async with filming(phone):
            await next_of(phone, "inference")
            transport = phone.get_extra_info("socket")
            assert transport is not None
            connection = phone._response.connection  # To cut it without a goodbye.
            assert connection is not None
            assert connection.transport is not None
            connection.transport.abort()
            await until(lambda: not service.running)
    await until(lambda: backend.open_sessions == 0)
    await until(lambda: asyncio.all_tasks() <= tasks)
    assert threads_of_streams() <= threads
    assert (await (await client.get(f"/sessions/{number}/summary")).json())["waving"] >= 1


async def test_a_phone_that_vanishes_while_its_stream_opens(
    client: Client, service: PhoneService, backend: ScriptedInference
) -> None:
    tasks = asyncio.all_tasks()
    async with aiohttp.ClientSession() as session:
        phone = await session.ws_connect(client.make_url("/ws"))
        await phone.send_json(config())
        await next_of(phone, "ready")
        await phone.close()
        await until(lambda: not service.running)
    await until(lambda: backend.open_sessions == 0 and asyncio.all_tasks() <= tasks)


async def test_a_wrong_key_is_told_with_its_status(gateway: LocalGateway) -> None:
    wrong = PhoneService(gateway.url, "ovs_wrong")
    async with TestClient(TestServer(wrong.app())) as client, client.ws_connect("/ws") as phone:
        await phone.send_json(config())
        await next_of(phone, "ready")
        said = await phone.receive_json(timeout=10)
        assert (said["type"], said["status_code"]) == ("error", 401)
        assert "ovs_wrong" not in said["message"]
        assert (await phone.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        await until(lambda: not wrong.running)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"inference": {"prompt": ""}}, "prompt"),
        ({"processing": {"fps": 1000}}, "fps"),
        ({"processing": {"frames": 3}}, "frames"),
        ({"width": "wide"}, "width"),
        ({"inference": {"prompt": "?", "output_schema_json": {"type": 3}}}, "schema"),
    ],
)
async def test_a_wrong_configuration_is_told(
    client: Client, service: PhoneService, changed: dict[str, Any], named: str
) -> None:
    async with client.ws_connect("/ws") as phone:
        await phone.send_json({**config(), **changed})
        said = await phone.receive_json(timeout=10)
        assert (said["type"], said["status_code"]) == ("error", 422)
        assert named in said["message"]
        assert (await phone.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
    assert service.running == {}


async def test_messages_that_are_none_are_told_and_the_session_goes_on(client: Client) -> None:
    async with client.ws_connect("/ws") as phone:
        await phone.send_json(config())
        await next_of(phone, "ready")
        await phone.send_bytes(struct.pack("<d", EPOCH) + b"no picture")
        assert "JPEG" in (await phone.receive_json(timeout=10))["message"]
        for wrong in ("{", '{"type": "dance"}', '{"type": "frame", "timestamp": 1, "data": "%"}'):
            await phone.send_str(wrong)
            while (said := await phone.receive_json(timeout=10))["type"] == "connected":
                pass
            assert said["type"] == "error"
        async with filming(phone):
            assert (await next_of(phone, "inference"))["ok"]


async def test_unknown_sessions_and_wrong_filters(client: Client) -> None:
    assert (await client.get("/sessions/unknown/actions")).status == 404
    async with client.ws_connect("/ws") as phone:
        await phone.send_json(config())
        session = (await next_of(phone, "ready"))["stream_id"]
    response = await client.get(f"/sessions/{session}/actions", params={"min_confidence": "7"})
    assert response.status == 422
    assert "min_confidence" in (await response.json())["detail"]


async def test_with_the_gateways_own_backend() -> None:
    async with LocalGateway() as gateway:
        service = PhoneService(gateway.url, gateway.api_key)
        async with TestClient(TestServer(service.app())) as client:
            async with client.ws_connect("/ws") as phone:
                schema = looking_for("motion", "moving left", "moving right")
                await phone.send_json(config("What moves?", output_schema_json=schema))
                session = (await next_of(phone, "ready"))["stream_id"]
                moving = next(n for n in range(1000) if scene_moves(n) and scene_moves(n + 30))
                async with filming(phone, first=moving):
                    while not service.stores[session].get_actions(action="motion"):
                        await next_of(phone, "inference")
            (seen, *_) = await (await client.get(f"/sessions/{session}/actions")).json()
    assert seen["confidence"] >= 0.6


def scene_moves(number: int) -> bool:
    from overshoot.domain.scene import Scene

    return Scene().at(number).moving is not None
