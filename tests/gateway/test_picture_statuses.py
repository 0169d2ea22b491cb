"""Every status that the table names for pictures and questions is met, and no other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.kit import running
from gateway.test_picture_routes import image_question
from overshoot.application.single_questions import PENDING
from overshoot.errors import InferenceError
from overshoot.gateway.openapi import PICTURE_OPERATIONS
from overshoot.gateway.previews import VIEWERS

if TYPE_CHECKING:
    from gateway.kit import Client, ScriptedBackend
    from overshoot.testing.manual_clock import ManualClock

NOWHERE = "5f0e4a1c-0000-4000-8000-000000000000"
# The last door before the network, which every call has and only a mistake of ours leads to.
LAST_DOOR = 500
# Longer than the 30 s that a backend has to open a session.
SLOW = 60.0


@pytest.mark.parametrize("strict", [False, True])
async def test_every_status_of_the_table_is_met_and_no_other(
    start: Any, clock: ManualClock, backend: ScriptedBackend, strict: bool
) -> None:
    client = await start(
        strict=strict,
        clock=clock,
        inference_seconds=SLOW,
        image_body_bytes=256 * 1024,
        concurrency=PENDING + 1,
        credit_cents=100,
        cents_per_minute=10,
        lease_ttl_seconds=3600.0,
    )
    processing: dict[str, Any] = {"target_fps": 5, "clip_length_seconds": 1.0, "delay_seconds": 1.0}
    async with running(client, **processing) as stream_id:
        stream = f"/streams/{stream_id}"
        socket = await client.open_socket(stream_id)
        result = await socket.receive_json()
        await socket.close()
        again = {"result_id": result["id"], "prompt": "again?", "model": "scripted"}
        questions = {"/chat/completions/clip": again, "/inference/image": image_question()}
        await whatever_is_asked_of_strangers(client, stream)
        await whoever_looks(client, stream)
        schema = {"output_schema_json": None}
        assert (await client.call("PATCH", stream + "/config/schema", json=schema))[0] == 200
        await whatever_bodies_go_wrong(client, stream, clock)
        unknown = {**again, "result_id": NOWHERE}
        assert (await client.call("POST", "/chat/completions/clip", json=unknown))[0] == 404
        for path, question in questions.items():
            await whatever_a_backend_does(client, backend, clock, path, question)
        await clock.advance(700)
        assert (await client.call("POST", stream + "/keepalive"))[0] == 402
        for path, question in questions.items():
            assert (await client.call("POST", path, json=question))[0] == 402
    told = {
        (each.handler, status)
        for each in PICTURE_OPERATIONS
        for status in each.statuses(strict=strict)
        if status != LAST_DOOR
    }
    mine = {each.handler for each in PICTURE_OPERATIONS}
    assert {each for each in client.seen if each[0] in mine} == told


async def whatever_is_asked_of_strangers(client: Client, stream: str) -> None:
    for operation in PICTURE_OPERATIONS:
        path = operation.path.replace("/streams/{stream_id}", stream)
        for headers in (
            {"Authorization": "Bearer wrong"},
            {"Origin": "https://evil.example"},
            {"Host": "attacker.example"},
        ):
            await client.request(operation.method, path, headers=headers)
        if "{stream_id}" in operation.path:
            for unknown in (NOWHERE, "no-uuid"):
                path = operation.path.replace("{stream_id}", unknown)
                await client.request(operation.method, path)


async def whoever_looks(client: Client, stream: str) -> None:
    assert (await client.request("GET", stream + "/thumbnail.jpg")).status == 200
    assert (await client.request("GET", stream + "/thumbnail.jpg?side=1")).status == 422
    preview = stream + "/preview.mjpeg"
    assert (await client.request("GET", preview + "?fps=0")).status == 422
    viewers = []
    try:
        for _ in range(VIEWERS):
            url = client.gateway.url + preview
            viewers.append(await client.http.get(url, headers=client.headers))
            assert viewers[-1].status == 200
            assert viewers[-1].content_type == "multipart/x-mixed-replace"
        # They do not end as long as the stream runs, so that the client has not read them.
        client.seen.add(("preview", 200))
        assert (await client.request("GET", preview)).status == 429
    finally:
        for viewer in viewers:
            viewer.close()


async def whatever_bodies_go_wrong(client: Client, stream: str, clock: ManualClock) -> None:
    async def never() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    for operation in PICTURE_OPERATIONS:
        if operation.body is None:
            continue
        method, path = operation.method, operation.path.replace("/streams/{stream_id}", stream)
        limit = client.gateway.settings.image_body_bytes
        for data in (b"{", b"{}", b"x" * (limit + 1)):
            await client.call(method, path, data=data)
        call = asyncio.create_task(client.call(method, path, data=never()))
        while not call.done():
            await clock.advance(1)
            await asyncio.sleep(0.005)
        assert (await call)[0] == 408


async def whatever_a_backend_does(
    client: Client, backend: ScriptedBackend, clock: ManualClock, path: str, question: Any
) -> None:
    async def ask() -> int:
        return (await client.call("POST", path, json=question))[0]

    assert await ask() == 200
    backend.failure = InferenceError("too dark")
    assert await ask() == 502
    backend.failure = None
    backend.gate.clear()
    waiting = {asyncio.create_task(ask()) for _ in range(PENDING + 1)}
    refused, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [call.result() for call in refused] == [429]
    await clock.advance(SLOW)
    assert await asyncio.gather(*waiting) == [504] * PENDING
    backend.gate.set()
    backend.opening.clear()
    slow = asyncio.create_task(ask())
    while not slow.done():
        await clock.advance(1)
        await asyncio.sleep(0.005)
    # Before the question itself was given up.
    assert await slow == 503
    backend.opening.set()
