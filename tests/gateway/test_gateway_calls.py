from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.kit import Client, ScriptedBackend, create_body

if TYPE_CHECKING:
    from overshoot.testing.manual_clock import ManualClock

UNKNOWN = "/streams/5f0e4a1c-0000-4000-8000-000000000000"
OF_A_STREAM = [
    ("POST", "/keepalive"),
    ("PATCH", "/config/prompt"),
    ("GET", "/info"),
    ("POST", "/feedback"),
    ("POST", "/spectate"),
    ("DELETE", ""),
]


async def test_a_created_stream_has_an_answer_and_a_lease(client: Client, offer_sdp: str) -> None:
    status, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
    assert status == 201
    assert body["lease"] == {"ttl_seconds": 90}
    assert body["webrtc"]["type"] == "answer"
    assert "a=candidate:" in body["webrtc"]["sdp"]
    assert "127.0.0.1" in body["webrtc"]["sdp"]
    assert (body["turn_servers"], body["livekit"]) == (None, None)


async def test_an_offer_without_candidates_gets_a_complete_answer(
    client: Client, offer_sdp: str
) -> None:
    lines = offer_sdp.splitlines(keepends=True)
    bare = "".join(
        line for line in lines if not line.startswith(("a=candidate", "a=end-of-candidates"))
    )
    body = create_body("x")
    del body["webrtc"]
    body["source"] = {
        "type": "webrtc",
        "sdp": bare.replace("a=setup", "a=ice-options:trickle\r\na=setup", 1),
    }
    status, answer = await client.call("POST", "/streams", json=body)
    assert status == 201
    assert "a=candidate:" in answer["webrtc"]["sdp"]


async def test_the_life_of_a_stream(
    start: Any, clock: ManualClock, offer_sdp: str, backend: ScriptedBackend
) -> None:
    client = await start(clock=clock)
    stream = "/streams/" + await client.create(offer_sdp)
    status, body = await client.call("POST", stream + "/keepalive")
    assert (status, body["status"], body["ttl_seconds"], body["state"]) == (
        200,
        "ok",
        90,
        "pending",
    )
    status, body = await client.call("PATCH", stream + "/config/prompt", json={"prompt": "count"})
    assert (status, body["prompt"], body["backend"], body["model"]) == (
        200, "count", "overshoot", "scripted",
    )  # fmt: skip
    status, body = await client.call("GET", stream + "/info")
    assert (status, body["state"], body["source_type"]) == (200, "pending", "webrtc")
    feedback = {"rating": 7, "category": "accuracy"}
    assert await client.call("POST", stream + "/feedback", json=feedback) == (200, {"status": "ok"})
    status, body = await client.call("GET", "/streams/feedback")
    assert (status, body[0]["rating"], body[0]["feedback"]) == (200, 7, "")
    status, body = await client.call("POST", stream + "/spectate")
    assert (status, body["error"]) == (400, "not_native")
    assert await client.call("DELETE", stream) == (200, {"status": "ok"})
    assert await client.call("DELETE", stream) == (204, None)
    await clock.advance(1)
    assert await client.call("DELETE", stream) == (204, None)
    status, body = await client.call("POST", stream + "/keepalive")
    assert (status, body["error"]) == (404, "stream_not_found")
    assert "client_requested" in body["message"]
    assert backend.closed_sessions == 1


@pytest.mark.parametrize(("method", "path"), OF_A_STREAM)
async def test_an_unknown_stream(client: Client, method: str, path: str) -> None:
    status, body = await client.call(method, UNKNOWN + path, json={"prompt": "x"})
    assert (status, body["error"]) == (404, "stream_not_found")
    assert body["request_id"]


@pytest.mark.parametrize(("method", "path"), OF_A_STREAM)
async def test_the_stream_of_another_key(
    start: Any, offer_sdp: str, method: str, path: str
) -> None:
    client = await start(api_keys=("ovs_one", "ovs_two"))
    stream = "/streams/" + await client.create(offer_sdp)
    other = Client(client.gateway, client.http, "ovs_two")
    status, body = await other.call(method, stream + path, json={"prompt": "x"})
    assert (status, body["error"]) == (404, "stream_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/streams"), ("GET", "/models"), ("GET", "/streams/feedback")]
    + [(method, UNKNOWN + path) for method, path in OF_A_STREAM],
)
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer é"])
async def test_no_key_no_answer(client: Client, method: str, path: str, authorization: Any) -> None:
    headers = {"Authorization": authorization}
    status, body = await client.call(method, path, headers=headers)
    assert (status, body["error"]) == (401, "unauthorized")


async def test_calls_without_a_body_never_read_one(client: Client, offer_sdp: str) -> None:
    stream = "/streams/" + await client.create(offer_sdp)
    headers = {"Content-Type": "application/json"}
    for method, path in [("POST", "/keepalive"), ("GET", "/info"), ("DELETE", "")]:
        status, _ = await client.call(method, stream + path, data=b"{nonsense", headers=headers)
        assert status == 200


async def test_models_and_health(client: Client) -> None:
    status, body = await client.call("GET", "/models")
    assert (status, body[0]["model"], body[0]["ready"]) == (200, "scripted", True)
    for url in (
        client.gateway.url + "/healthz",
        client.gateway.url.replace("/api/v0.2", "/healthz"),
    ):
        async with client.http.get(url) as response:
            assert (response.status, await response.json()) == (200, {"status": "ok"})


async def test_both_prefixes_are_one_gateway(client: Client, offer_sdp: str) -> None:
    stream_id = await client.create(offer_sdp)
    url = client.gateway.url.replace("/api/v0.2", "/v0.2")
    async with client.http.get(f"{url}/streams/{stream_id}/info", headers=client.headers) as got:
        assert got.status == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 60_000, 400),
        (b'{"processing": NaN}', 400),
        (b'{"mode": 1, "mode": 2}', 400),
        (b"null", 422),
        (b"{}", 422),
        (b"x" * (128 * 1024 + 1), 413),
    ],
)
async def test_bodies_that_are_no_request(client: Client, data: Any, status: int) -> None:
    got, body = await client.call("POST", "/streams", data=data)
    assert got == status
    assert body["message"]
    assert body["error"] in {"validation_error", "payload_too_large"}


async def test_a_refused_field_is_named(client: Client, offer_sdp: str) -> None:
    body = create_body(offer_sdp, target_fps="6", clip_length_seconds=1, delay_seconds=1)
    status, answer = await client.call("POST", "/streams", json=body)
    assert (status, answer["details"]["field"]) == (422, "processing.target_fps")
    body = create_body(offer_sdp)
    body["inference"]["model"] = "unknown"
    status, answer = await client.call("POST", "/streams", json=body)
    assert (status, answer["details"]["field"]) == (422, "inference.model")
    status, answer = await client.call("POST", "/streams", json={**body, "webrtc": None})
    assert (status, answer["error"]) == (422, "unsupported_source")


async def test_a_prompt_that_is_too_long(client: Client, offer_sdp: str) -> None:
    stream = "/streams/" + await client.create(offer_sdp)
    path = stream + "/config/prompt"
    assert (await client.call("PATCH", path, json={"prompt": "x" * 8193}))[0] == 422
    assert (await client.call("PATCH", path, json={"prompt": "x" * 8192}))[0] == 200
    assert (await client.call("PATCH", path, data=b"x" * (64 * 1024 + 1)))[0] == 413
    assert (await client.call("PATCH", path, json={"prompt": "x", "model": "y"}))[0] == 422


async def test_the_sixth_stream_waits_its_turn(client: Client, offer_sdp: str) -> None:
    ids = [await client.create(offer_sdp) for _ in range(5)]
    response = await client.request("POST", "/streams", json=create_body(offer_sdp))
    assert response.status == 429
    assert int(response.headers["Retry-After"]) > 0
    assert (await response.json())["error"] == "rate_limited"
    await client.call("DELETE", "/streams/" + ids[0])
    await client.create(offer_sdp)


async def test_strict_refuses_what_is_otherwise_forgiven(start: Any, offer_sdp: str) -> None:
    body = create_body(offer_sdp, fps=29.97, sampling_ratio=0.1)
    strict, lenient = await start(strict=True), await start()
    assert (await strict.call("POST", "/streams", json=body))[0] == 422
    assert (await lenient.call("POST", "/streams", json=body))[0] == 201


async def test_a_failure_of_ours_is_told_without_our_inside(
    client: Client, backend: ScriptedBackend
) -> None:
    backend.broken = True
    status, body = await client.call("GET", "/models")
    assert (status, body["error"], body["message"]) == (500, "internal", "the gateway failed")
    assert "secret" not in json.dumps(body)


async def test_a_body_that_never_ends_is_given_up(start: Any, clock: ManualClock) -> None:
    client = await start(clock=clock)

    async def slowly() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    call = asyncio.create_task(client.call("POST", "/streams", data=slowly()))
    # The watch over request heads sleeps too.
    await clock.until_sleepers(2)
    await clock.advance(10)
    status, body = await call
    assert (status, body["error"]) == (408, "request_timeout")
