"""The document, the routes and what they answer are one thing told three times."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from gateway.kit import Client, create_body
from overshoot.adapters.clocks import SystemClock
from overshoot.gateway import GatewaySettings, create_app
from overshoot.gateway.openapi import OPERATIONS, document

if TYPE_CHECKING:
    from gateway.kit import ScriptedBackend
    from overshoot.testing.manual_clock import ManualClock

GIVEN = json.loads((Path(__file__).parents[1] / "golden" / "openapi_v0_2.json").read_text())
NOWHERE = "5f0e4a1c-0000-4000-8000-000000000000"
# The last door before the network, which every call has and only a mistake of ours leads to.
LAST_DOOR = 500


@pytest.mark.parametrize("strict", [False, True])
async def test_it_is_served_without_a_key(start: Any, strict: bool) -> None:
    client = await start(strict=strict)
    for path, server in [
        ("/api/v0.2/openapi.json", "/api/v0.2"),
        ("/v0.2/openapi.json", "/v0.2"),
        ("/openapi.json", "/api/v0.2"),
    ]:
        url = client.gateway.url.replace("/api/v0.2", path)
        async with client.http.get(url) as response:
            assert response.status == 200
            assert await response.json() == document(strict=strict, server=server)


@pytest.mark.parametrize("prefixes", [("",), ("/api/v0.2", "/v0.2"), ("/x", "")])
def test_it_has_every_route_and_no_other(backend: ScriptedBackend, prefixes: Any) -> None:
    app = create_app(GatewaySettings(prefixes=prefixes), backend, clock=SystemClock())
    routes = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    told = {
        (method.upper(), prefix + path)
        for path, calls in document(strict=False, server="/")["paths"].items()
        for method in calls
        for prefix in prefixes
    }
    at_root = {("GET", f"/{name}") for name in ("healthz", "readyz", "openapi.json", "metrics")}
    page = {("GET", "/"), ("GET", "/console/{file}")}
    assert routes == told | at_root | page


@pytest.mark.parametrize("strict", [False, True])
async def test_it_has_every_status_and_no_other(
    start: Any, clock: ManualClock, backend: ScriptedBackend, offer_sdp: str, strict: bool
) -> None:
    client = await start(
        strict=strict,
        clock=clock,
        streams_per_key=2,
        credit_cents=100,
        cents_per_minute=10,
        connect_seconds=3600.0,
        lease_ttl_seconds=3600.0,
    )
    stream = "/streams/" + await client.create(offer_sdp)
    await whatever_is_asked_of_strangers(client, stream)
    await whatever_is_asked_in_its_life(client, stream, offer_sdp)
    await whatever_bodies_go_wrong(client, stream, clock)
    await whatever_cannot_be_paid(client, stream, offer_sdp, clock)
    backend.loading = True
    assert (await client.call("GET", "/readyz"))[0] == 503
    told = {
        (each.handler, status)
        for each in OPERATIONS
        for status in each.statuses(strict=strict)
        if status != LAST_DOOR
    }
    # A WebSocket is no call of this client's, and a stopping gateway is tested below.
    assert client.seen == told - {("results", 101), ("create", 503)}


async def whatever_is_asked_of_strangers(client: Client, stream: str) -> None:
    for operation in OPERATIONS:
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


async def whatever_is_asked_in_its_life(client: Client, stream: str, offer_sdp: str) -> None:
    await client.call("POST", "/streams", json=create_body(offer_sdp))
    assert (await client.call("POST", "/streams", json=create_body(offer_sdp)))[0] == 429
    await client.call("PATCH", stream + "/config/prompt", json={"prompt": "count"})
    await client.call("POST", stream + "/feedback", json={"rating": 1, "category": "x"})
    await client.call("POST", stream + "/keepalive")
    await client.call("POST", stream + "/spectate")
    paths = ("/healthz", "/readyz", "/openapi.json", "/models", "/streams/feedback")
    for path in (*paths, stream + "/info"):
        assert (await client.call("GET", path))[0] == 200


async def whatever_bodies_go_wrong(client: Client, stream: str, clock: ManualClock) -> None:
    async def never() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    for method, path in [
        ("POST", "/streams"),
        ("PATCH", stream + "/config/prompt"),
        ("POST", stream + "/feedback"),
    ]:
        for data in (b"{", b"{}", b"x" * (128 * 1024 + 1)):
            await client.call(method, path, data=data)
        call = asyncio.create_task(client.call(method, path, data=never()))
        while not call.done():
            await clock.advance(1)
            await asyncio.sleep(0.005)
        assert (await call)[0] == 408


async def whatever_cannot_be_paid(
    client: Client, stream: str, offer_sdp: str, clock: ManualClock
) -> None:
    assert (await client.call("DELETE", stream))[0] == 200
    assert (await client.call("DELETE", stream))[0] == 204
    stream = "/streams/" + await client.create(offer_sdp)
    await clock.advance(700)
    assert (await client.call("POST", stream + "/keepalive"))[0] == 402
    assert (await client.call("POST", "/streams", json=create_body(offer_sdp)))[0] == 402


async def test_a_gateway_that_stops_takes_nothing_more(
    backend: ScriptedBackend, client: Client, offer_sdp: str
) -> None:
    settings = GatewaySettings(api_keys=("ovs_x",), ice_addresses=("127.0.0.1",))
    app = create_app(settings, backend, clock=SystemClock())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with client.http.get(url + "/readyz") as response:
            assert response.status == 200
        await app.shutdown()
        async with client.http.get(url + "/readyz") as response:
            assert (response.status, (await response.json())["error"]) == (503, "not_ready")
        headers = {"Authorization": "Bearer ovs_x"}
        body = create_body(offer_sdp)
        async with client.http.post(url + "/v0.2/streams", json=body, headers=headers) as response:
            assert (response.status, (await response.json())["error"]) == (503, "stopping")
        async with client.http.get(url + "/healthz") as response:
            assert response.status == 200
    finally:
        await runner.cleanup()


def test_strict_takes_what_the_apis_document_takes() -> None:
    ours = document(strict=True, server="/")["components"]["schemas"]
    given = GIVEN["components"]["schemas"]
    taken = [
        name for name in ours if name in given and name.endswith(("Request", "Config", "Offer"))
    ]
    assert len(taken) == 10
    for name in [*taken, "StreamClientMeta"]:
        assert shape(ours[name]) == shape(given[name]), name


def test_answers_have_every_field_of_the_apis_document() -> None:
    ours = document(strict=True, server="/")["components"]["schemas"]
    given = GIVEN["components"]["schemas"]
    answers = [name for name in given if name.endswith("Response") and name in ours]
    assert len(answers) >= 6
    for name in answers:
        assert set(given[name]["properties"]) <= set(ours[name]["required"]), name


def test_strict_answers_with_the_statuses_of_the_apis_document() -> None:
    ours = document(strict=True, server="/")["paths"]
    # What a gateway that is met by strangers' pages and slow bodies says beside.
    beside = {"403", "408", "413", "421", "503"}
    for path, calls in GIVEN["paths"].items():
        for method, call in calls.items():
            assert set(ours[path][method]["responses"]) - beside <= set(call["responses"]), path


def shape(schema: Any) -> Any:
    """A schema without what does not decide: prose, and the way numbers are written."""
    if isinstance(schema, dict):
        kept = {k: shape(v) for k, v in schema.items() if k not in {"description", "title"}}
        return {k: sorted(v) if k in {"required", "enum"} else v for k, v in kept.items()}
    if isinstance(schema, list):
        return sorted(map(shape, schema), key=lambda each: json.dumps(each, sort_keys=True))
    return float(schema) if isinstance(schema, int) and not isinstance(schema, bool) else schema
