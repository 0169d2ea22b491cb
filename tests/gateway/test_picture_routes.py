"""Looking at a stream and asking about single pictures: what is shown, to whom, and how it ends."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import cv2
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from attrs import define, field

from gateway.kit import Client, ScriptedBackend, Sender, create_body, read_number, running
from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.jpeg import encode_jpeg
from overshoot.application.live_frames import LiveFrames
from overshoot.application.single_questions import PENDING
from overshoot.domain.frame import Frame
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.errors import InferenceError
from overshoot.gateway.previews import VIEWERS, Previews
from overshoot.gateway.settings import GatewaySettings
from overshoot.testing.manual_clock import ManualClock

NOBODY = "00000000-0000-0000-0000-000000000000"


def decoded(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


async def next_part(reader: Any) -> tuple[dict[str, str], bytes] | None:
    """One picture of a preview; None at its end."""
    line = (await reader.readline()).decode().strip()
    if line == "--overshoot-frame--":
        return None
    assert line == "--overshoot-frame"
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(": ")
        headers[name] = value
    data = await reader.readexactly(int(headers["Content-Length"]))
    assert await reader.readline() == b"\r\n"
    return headers, data


async def thumbnail(client: Client, stream_id: str, query: str = "") -> tuple[Any, Any]:
    """Headers and pixels of the newest picture, once there is one."""
    url = f"{client.gateway.url}/streams/{stream_id}/thumbnail.jpg{query}"
    while True:
        async with client.http.get(url, headers=client.headers) as response:
            if response.status == 200:
                assert response.content_type == "image/jpeg"
                return response.headers, decoded(await response.read())
            assert response.status == 404
        await asyncio.sleep(0.02)


async def test_the_newest_picture_of_a_stream(client: Client) -> None:
    async with running(client) as stream_id:
        headers, pixels = await thumbnail(client, stream_id)
        assert pixels.shape == (64, 96, 3)
        assert read_number(pixels) == int(headers["X-Frame-Index"]) % 64
        _, small = await thumbnail(client, stream_id, "?side=48")
        assert small.shape == (32, 48, 3)


async def test_a_preview_shows_newer_and_newer_pictures_and_ends_with_the_stream(
    client: Client,
) -> None:
    async with running(client) as stream_id:
        url = f"{client.gateway.url}/streams/{stream_id}/preview.mjpeg?fps=15"
        async with client.http.get(url, headers=client.headers) as response:
            assert response.content_type == "multipart/x-mixed-replace"
            seen = []
            for _ in range(4):
                part = await next_part(response.content)
                assert part is not None
                seen.append(int(part[0]["X-Frame-Index"]))
                assert read_number(decoded(part[1])) == seen[-1] % 64
            assert seen == sorted(set(seen))
            await client.call("DELETE", f"/streams/{stream_id}")
            while await next_part(response.content) is not None:
                pass
            assert await response.content.read() == b""


@pytest.mark.parametrize("what", ["thumbnail.jpg", "preview.mjpeg"])
async def test_a_page_that_may_call_may_look(start: Any, what: str) -> None:
    page = "https://app.example"
    client = await start(allowed_origins=(page,))
    async with running(client) as stream_id:
        await thumbnail(client, stream_id)
        url = f"{client.gateway.url}/streams/{stream_id}/{what}"
        async with client.http.get(url, headers={**client.headers, "Origin": page}) as response:
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == page
            assert response.headers["Access-Control-Allow-Credentials"] == "true"
            await client.call("DELETE", f"/streams/{stream_id}")
            await response.read()


@pytest.mark.parametrize("what", ["thumbnail.jpg", "preview.mjpeg"])
async def test_pictures_are_their_owners_alone(start: Any, what: str) -> None:
    client = await start(api_keys=("one", "two"))
    async with running(client) as stream_id:
        path = f"/streams/{stream_id}/{what}"
        client.key = "two"
        assert (await client.call("GET", path))[0] == 404
        client.key = "wrong"
        assert (await client.call("GET", path))[0] == 401
        async with client.http.get(client.gateway.url + path) as response:
            assert response.status == 401
        client.key = "one"
        assert (await client.call("GET", f"/streams/{NOBODY}/{what}"))[0] == 404


@pytest.mark.parametrize(
    "query", ["fps=0", "fps=16", "fps=nan", "fps=x", "side=15", "side=1281", "side=1e9"]
)
async def test_a_preview_out_of_bounds_is_refused(
    client: Client, offer_sdp: str, query: str
) -> None:
    stream_id = await client.create(offer_sdp)
    status, body = await client.call("GET", f"/streams/{stream_id}/preview.mjpeg?{query}")
    assert (status, body["details"]["field"]) == (422, query.partition("=")[0])


async def test_there_is_no_thumbnail_before_the_first_frame(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    status, body = await client.call("GET", f"/streams/{stream_id}/thumbnail.jpg")
    assert (status, body["error"]) == (404, "no_frame")


@define
class Watched:
    """What a preview needs of a stream."""

    id: str = "watched"
    frames: LiveFrames = field(factory=lambda: LiveFrames(BufferLimits()))


async def test_a_viewer_that_never_reads_is_let_go_and_holds_up_nobody() -> None:
    stream = Watched()
    let_go = asyncio.Event()

    async def large(frame: Frame, side: int) -> bytes:
        return bytes(4_000_000)

    previews = Previews(large, GatewaySettings(send_seconds=0.2), SystemClock())

    async def show(request: web.Request) -> web.StreamResponse:
        try:
            return await previews.serve(request, stream, fps=1e4, side=640)  # type: ignore[arg-type]
        finally:
            if request.query.get("who") == "slow":
                let_go.set()

    async def play() -> None:
        for index in range(100_000):
            stream.frames.add(Frame(np.zeros((2, 2, 3), np.uint8), index / 10, index))
            await asyncio.sleep(0.001)

    app = web.Application()
    app.router.add_get("/", show)
    playing = asyncio.create_task(play())
    async with TestClient(TestServer(app)) as http:
        slow = await http.get("/?who=slow")
        quick = await http.get("/")
        while not let_go.is_set():
            assert await next_part(quick.content) is not None
        slow.close()
        stream.frames.end()
        while await next_part(quick.content) is not None:
            pass
    playing.cancel()
    await asyncio.wait({playing})


async def test_only_so_many_look_at_one_stream(client: Client) -> None:
    async with running(client) as stream_id:
        url = f"{client.gateway.url}/streams/{stream_id}/preview.mjpeg"
        viewers = [await client.http.get(url, headers=client.headers) for _ in range(VIEWERS)]
        status, body = await client.call("GET", f"/streams/{stream_id}/preview.mjpeg")
        assert status == 429, body
        await client.call("DELETE", f"/streams/{stream_id}")
        for viewer in viewers:
            while await next_part(viewer.content) is not None:
                pass
            viewer.close()


async def test_the_clip_of_a_result_is_asked_about_again(
    client: Client, backend: ScriptedBackend
) -> None:
    processing: dict[str, Any] = {
        "target_fps": 5,
        "clip_length_seconds": 1.0,
        "delay_seconds": 1.0,
    }
    async with running(client, **processing) as stream_id:
        socket = await client.open_socket(stream_id)
        result = await socket.receive_json()
        first = backend.requests[0]
        question = {
            "result_id": result["id"],
            "prompt": "again?",
            "model": "scripted",
            "output_schema": {"type": "string"},
            "max_tokens": 9,
            "temperature": 0.5,
        }
        status, body = await client.call("POST", "/chat/completions/clip", json=question)
        assert status == 200, body
        assert (body["content"], body["model"], body["finish_reason"]) == (
            "again?",
            "scripted",
            "stop",
        )
        again = next(each for each in backend.requests if each.prompt == "again?")
        assert [frame.index for frame in again.frames] == [frame.index for frame in first.frames]
        assert all(a.pixels is b.pixels for a, b in zip(again.frames, first.frames, strict=True))
        assert (again.output_schema, again.max_output_tokens) == ({"type": "string"}, 9)
        await socket.close()


async def test_a_clip_that_is_gone_or_of_others_is_not_found(start: Any) -> None:
    client = await start(api_keys=("one", "two"), buffer=BufferLimits(seconds=0.0))
    processing: dict[str, Any] = {
        "target_fps": 5,
        "clip_length_seconds": 1.0,
        "delay_seconds": 1.0,
    }
    async with running(client, **processing) as stream_id:
        socket = await client.open_socket(stream_id)
        result = await socket.receive_json()
        question = {"result_id": result["id"], "prompt": "?", "model": "scripted"}
        status, body = await client.call("POST", "/chat/completions/clip", json=question)
        assert (status, body["error"]) == (404, "clip_gone")
        client.key = "two"
        status, body = await client.call("POST", "/chat/completions/clip", json=question)
        assert (status, body["error"]) == (404, "result_not_found")
        await socket.close()


def image_question(**changes: Any) -> dict[str, Any]:
    pixels = np.full((720, 1440, 3), (10, 120, 230), np.uint8)
    picture = base64.b64encode(encode_jpeg(pixels, 90)).decode()
    return {"image": picture, "prompt": "what?", "model": "scripted", **changes}


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
async def test_one_picture_is_asked_about(
    client: Client, backend: ScriptedBackend, prefix: str
) -> None:
    question = image_question()
    question["image"] = prefix + question["image"]
    status, body = await client.call("POST", "/inference/image", json=question)
    assert status == 200, body
    assert (body["content"], body["usage"]) == ("what?", None)
    (request,) = backend.requests
    assert request.mode == "frame"
    (frame,) = request.frames
    assert frame.pixels.shape == (640, 1280, 3)
    assert np.allclose(frame.pixels[0, 0], (10, 120, 230), atol=3)
    assert backend.closed_sessions == 1


@pytest.mark.parametrize(
    ("changes", "status", "where"),
    [
        ({"image": "no base64!"}, 422, "image"),
        ({"image": "data:image/jpeg,abc"}, 422, "image"),
        ({"image": base64.b64encode(b"no picture").decode()}, 422, "image"),
        ({"image": 5}, 422, "image"),
        ({"prompt": " "}, 422, "prompt"),
        ({"model": "unknown"}, 422, "model"),
        ({"output_schema": []}, 422, "output_schema"),
        ({"max_tokens": 0}, 422, "max_tokens"),
    ],
)
async def test_what_is_wrong_with_a_question_is_said(
    client: Client, changes: Any, status: int, where: str
) -> None:
    found, body = await client.call("POST", "/inference/image", json=image_question(**changes))
    assert (found, body["details"]["field"]) == (status, where)


async def test_a_picture_that_is_too_long_is_refused_before_it_is_read(start: Any) -> None:
    client = await start(image_body_bytes=1000)
    status, _ = await client.call("POST", "/inference/image", json=image_question())
    assert status == 413


async def test_a_backend_that_cannot_answer_is_a_bad_gateway(
    client: Client, backend: ScriptedBackend
) -> None:
    backend.failure = InferenceError("too dark")
    status, body = await client.call("POST", "/inference/image", json=image_question())
    assert (status, body["error"], body["message"]) == (502, "inference_failed", "too dark")
    assert backend.closed_sessions == 1


async def test_single_questions_end_in_time_and_are_bounded(
    start: Any, backend: ScriptedBackend, clock: ManualClock
) -> None:
    client = await start(clock=clock, concurrency=1)
    backend.gate.clear()
    calls = {
        asyncio.create_task(client.call("POST", "/inference/image", json=image_question()))
        for _ in range(PENDING + 1)
    }
    refused, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    assert [call.result()[0] for call in refused] == [429]
    await clock.advance(30.0)
    assert [status for status, _ in await asyncio.gather(*waiting)] == [504] * PENDING
    backend.gate.set()
    assert (await client.call("POST", "/inference/image", json=image_question()))[0] == 200


async def test_another_schema_holds_from_the_next_clip_and_results_say_so(client: Client) -> None:
    async with running(client) as stream_id:
        socket = await client.open_socket(stream_id)
        before = await socket.receive_json()
        path = f"/streams/{stream_id}/config/schema"
        body = {"output_schema_json": {"type": "string"}}
        status, config = await client.call("PATCH", path, json=body)
        assert (status, config["output_schema_json"]) == (200, {"type": "string"})
        assert (config["schema_version"], config["prompt_version"]) == (1, 0)
        while (result := await socket.receive_json())["schema_version"] == 0:
            pass
        assert (before["schema_version"], result["schema_version"]) == (0, 1)
        status, config = await client.call("PATCH", path, json={"output_schema_json": None})
        assert (status, config["output_schema_json"], config["schema_version"]) == (200, None, 2)
        for wrong in ({}, {"output_schema_json": "text"}, {"output_schema_json": {}, "x": 1}):
            assert (await client.call("PATCH", path, json=wrong))[0] == 422
        await socket.close()


async def test_the_motion_gate_is_asked_for_in_the_request(client: Client) -> None:
    sender = Sender()
    try:
        sdp = await sender.offer(None)
        body = {**create_body(sdp), "motion_gate": "yes"}
        status, answer = await client.call("POST", "/streams", json=body)
        assert (status, answer["details"]["field"]) == (422, "motion_gate")
        body["motion_gate"] = True
        status, answer = await client.call("POST", "/streams", json=body)
        assert status == 201
        _, info = await client.call("GET", f"/streams/{answer['stream_id']}/info")
        assert info["calls_saved"] == 0
    finally:
        await sender.close()
