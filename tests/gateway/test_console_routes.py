"""The gateway's own page: its files, who may call from it, and every status of what it calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.kit import Client, ScriptedBackend, running
from gateway.test_action_routes import SHORT, SOON, Broken, one_action
from overshoot.gateway.openapi import ACTION_OPERATIONS, CONSOLE_OPERATIONS

LAST_DOOR = 500
NOWHERE = "5f0e4a1c-0000-4000-8000-000000000000"


async def get(client: Client, path: str, **headers: str) -> Any:
    """From the root of the server, without a key."""
    url = client.gateway.url.replace("/api/v0.2", path)
    async with client.http.get(url, headers=headers) as response:
        await response.read()
    return response


async def test_the_page_runs_nothing_but_itself(client: Client) -> None:
    page = await get(client, "/")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(
        each.split(" ", 1) for each in page.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert client.gateway.console_url == client.gateway.url.replace("/api/v0.2", "/")
    assert client.gateway.api_key not in page._body.decode()


async def test_its_files_are_sent_once_and_nothing_else_is(client: Client) -> None:
    assert (await get(client, "/console/index.html")).status == 200
    script = await get(client, "/console/api.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = await get(client, "/console/api.js", **{"If-None-Match": script.headers["ETag"]})
    assert (again.status, again._body) == (304, b"")
    assert again.headers["Content-Security-Policy"] == script.headers["Content-Security-Policy"]
    other = await get(client, "/console/api.js", **{"If-None-Match": '"other"'})
    assert other.status == 200
    url = client.gateway.url.replace("/api/v0.2", "/")
    async with client.http.head(url) as head:
        assert (head.status, await head.read()) == (200, b"")
    for name in ("..%2fapp.py", "%2e%2e/app.py", "nothing.js", "../settings.py", "__init__.py"):
        assert (await get(client, f"/console/{name}")).status == 404


async def test_it_may_call_and_pages_of_others_may_not(client: Client) -> None:
    own = client.gateway.url.replace("/api/v0.2", "")
    host = own.removeprefix("http://")
    for origin, status in [
        (own, 201),
        (f"https://{host}", 201),
        ("http://evil.example", 403),
        (f"http://{host}.evil.example", 403),
        (f"http://evil@{host}", 403),
        ("null", 403),
        (f"file://{host}", 403),
    ]:
        assert (await client.call("POST", "/tickets", headers={"Origin": origin}))[0] == status
    # A name that was pointed at this machine is not the page's own.
    rebound = {"Origin": "http://evil.example", "Host": "evil.example"}
    assert (await client.call("POST", "/tickets", headers=rebound))[0] == 421
    async with client.http.ws_connect(
        f"{client.gateway.url}/streams/x/watch", headers={"Origin": own}
    ) as socket:
        await socket.send_json({"api_key": client.gateway.api_key})
        assert (await socket.receive()).extra == "no such stream"


async def test_without_the_page_its_origin_is_one_like_others(start: Any) -> None:
    client = await start(console=False)
    assert client.gateway.console_url is None
    assert (await get(client, "/")).status == 404
    own = client.gateway.url.replace("/api/v0.2", "")
    assert (await client.call("POST", "/tickets", headers={"Origin": own}))[0] == 403


async def test_streams_are_listed_with_all_that_is_asked_and_counted(
    start: Any, offer_sdp: str
) -> None:
    client = await start(api_keys=("ovs_one", "ovs_two"))
    older = await client.create(offer_sdp)
    newer = await client.create(offer_sdp)
    await client.call("PATCH", f"/streams/{older}/config/prompt", json={"prompt": "<b>count</b>"})
    listed = (await client.call("GET", "/streams"))[1]["streams"]
    assert [each["id"] for each in listed] == [newer, older]
    assert listed[1]["prompt"] == "<b>count</b>"
    assert listed[1]["prompt_version"] == 1
    assert (listed[1]["source"], listed[1]["actions"]) == ("webrtc", None)
    info = (await client.call("GET", f"/streams/{older}/info"))[1]
    assert {**listed[1], "uptime_seconds": 0} == {**listed[1], **info, "uptime_seconds": 0}
    await client.call("DELETE", f"/streams/{newer}")
    assert [each["id"] for each in (await client.call("GET", "/streams"))[1]["streams"]] == [older]


@pytest.mark.parametrize("strict", [False, True])
async def test_every_status_of_the_table_is_met_and_no_other(
    start: Any, backend: ScriptedBackend, strict: bool
) -> None:
    client = await start(strict=strict, tracking=SOON, evidence=SHORT)
    broken = await start(strict=strict, own_store=Broken())
    broken.seen = client.seen
    ended = await one_action(client, backend)
    table = (*CONSOLE_OPERATIONS, *ACTION_OPERATIONS)
    for operation in table:
        path = operation.path.replace("{stream_id}", NOWHERE)
        for asked in (
            path.replace("{action_id}", ended["id"]),
            path.replace("{action_id}", NOWHERE),
        ):
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Origin": "https://evil.example"},
                {"Host": "attacker.example"},
            ):
                await client.request(operation.method, asked, headers=headers)
        await broken.request(operation.method, path.replace("{action_id}", NOWHERE))
        await client.request(operation.method, path, params={"limit": "x"})
    clip = f"/actions/{ended['id']}/evidence"
    for wanted in ("bytes=0-1", "bytes=99999999-", "bytes=x"):
        await client.request("GET", clip, headers={"Range": wanted})
    told = {
        (each.handler, status)
        for each in table
        for status in each.statuses(strict=strict)
        if status != LAST_DOOR
    }
    mine = {each.handler for each in table}
    # A WebSocket is no call of this client's.
    assert {s for s in client.seen if s[0] in mine} == told - {("watch", 101)}


async def test_names_and_prompts_of_strangers_come_back_as_they_are(
    start: Any, backend: ScriptedBackend
) -> None:
    client = await start(tracking=SOON, evidence=SHORT)
    name = "<img src=x onerror=alert(1)>"
    verdict = {"action": name, "detected": True, "confidence": 0.9}
    backend.text = json.dumps({"detected_actions": [verdict]})
    async with running(client) as stream_id:
        found: list[Any] = []
        while not found:
            found = (await client.call("GET", "/actions"))[1]["actions"]
        assert found[0]["action"] == name
        listed = (await client.call("GET", "/streams"))[1]["streams"]
        assert [(each["id"], each["actions"]) for each in listed] == [(stream_id, [name])]
