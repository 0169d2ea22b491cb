from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web

from gateway.kit import Client, ScriptedBackend, create_body
from overshoot.adapters.clocks import SystemClock
from overshoot.gateway import GatewaySettings, create_app

PAGE = "https://app.example.org"


async def test_a_page_that_is_not_listed_may_not_call(client: Client, offer_sdp: str) -> None:
    headers = {"Origin": "https://evil.example"}
    status, body = await client.call(
        "POST", "/streams", json=create_body(offer_sdp), headers=headers
    )
    assert (status, body["error"]) == (403, "forbidden")
    response = await client.request("OPTIONS", "/streams", headers=headers)
    assert response.status == 403
    assert "Access-Control-Allow-Origin" not in response.headers
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.http.ws_connect(client.gateway.url + "/ws/streams/x", headers=headers)
    assert caught.value.status == 403


async def test_a_listed_page_may_with_its_cookies(start: Any) -> None:
    client = await start(allowed_origins=(PAGE,))
    for method, path in [("POST", "/streams"), ("PATCH", "/streams/x/config/prompt")]:
        asked = {"Origin": PAGE, "Access-Control-Request-Method": method}
        response = await client.request("OPTIONS", path, headers=asked)
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert "authorization" in response.headers["Access-Control-Allow-Headers"]
        assert method in response.headers["Access-Control-Allow-Methods"]
    for path, status in [("/models", 200), ("/streams/x/info", 404), ("/nowhere", 404)]:
        response = await client.request("GET", path, headers={"Origin": PAGE})
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:80", "", "127.0.0.1.evil"])
async def test_a_strange_host_name_is_refused(client: Client, host: str) -> None:
    status, body = await client.call("GET", "/models", headers={"Host": host})
    assert (status, body["error"]) == (421, "misdirected_request")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:99", "[::1]:8080", "127.0.0.1", "box.lan"]
)
async def test_known_host_names_are_served(start: Any, host: str) -> None:
    client = await start(allowed_hosts=("box.lan",))
    assert (await client.call("GET", "/models", headers={"Host": host}))[0] == 200


async def test_the_route_cookie_is_set_once(client: Client) -> None:
    first = await client.request("GET", "/models")
    assert first.cookies["media-gateway-route"].value
    again = await client.request("GET", "/models", headers={"Cookie": "media-gateway-route=node-7"})
    assert "media-gateway-route" not in again.cookies


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/streams", 405, "method_not_allowed"),
        ("GET", "/streams/x", 405, "method_not_allowed"),
    ],
)
async def test_errors_of_the_server_are_json_too(
    client: Client, method: str, path: str, status: int, error: Any
) -> None:
    response = await client.request(method, path)
    assert response.status == status
    assert (await response.json())["error"] == error
    assert (status == 405) == ("Allow" in response.headers)


async def test_an_unknown_socket_path_is_forbidden(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.http.ws_connect(client.gateway.url + "/ws/elsewhere")
    assert caught.value.status == 403


async def test_it_serves_under_the_path_of_another_application(
    backend: ScriptedBackend, client: Client, offer_sdp: str
) -> None:
    settings = GatewaySettings(prefixes=("",), api_keys=("ovs_x",), ice_addresses=("127.0.0.1",))
    outer = web.Application()
    outer.add_subapp("/media/gate", create_app(settings, backend, clock=SystemClock()))
    runner = web.AppRunner(outer, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/media/gate"
        headers = {"Authorization": "Bearer ovs_x"}
        body = create_body(offer_sdp)
        async with client.http.post(url + "/streams", json=body, headers=headers) as response:
            assert response.status == 201
            stream_id = (await response.json())["stream_id"]
        socket = await client.http.ws_connect(f"{url}/ws/streams/{stream_id}")
        await socket.send_json({"api_key": "ovs_x"})
        async with client.http.get(url + "/healthz") as response:
            assert response.status == 200
    finally:
        await runner.cleanup()
    assert (await socket.receive()).extra == "stream ended: gateway_stopped"


def test_keys_are_not_shown() -> None:
    settings = GatewaySettings(api_keys=("ovs_secret",))
    assert "ovs_secret" not in repr(settings)
    made = {GatewaySettings().api_keys[0] for _ in range(3)}
    assert len(made) == 3
    assert all(key.startswith("ovs_") and len(key) >= 44 for key in made)
