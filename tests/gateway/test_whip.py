"""Publishing over WHIP as HTTP: what RFC 9725 asks of a server, call by call."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.kit import Client, NumberedTrack, ScriptedBackend, Sender, read_number, read_to_end
from overshoot.domain.stream import IceServer
from overshoot.errors import ConfigurationError
from overshoot.gateway import WhipProfile
from overshoot.gateway.openapi import WHIP_OPERATIONS
from overshoot.gateway.settings_file import read_settings

if TYPE_CHECKING:
    from overshoot.testing.manual_clock import ManualClock

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
ASKED = "/whip?prompt=read"
NOWHERE = "5f0e4a1c-0000-4000-8000-000000000000"
# The last door before the network, which every call has and only a mistake of ours leads to.
LAST_DOOR = 500


async def publish(client: Client, sdp: str, path: str = ASKED, **headers: str) -> Any:
    """The answer to an offer."""
    return await client.request("POST", path, data=sdp.encode(), headers={**SDP, **headers})


async def refusal(client: Client, sdp: str, path: str = ASKED, **headers: str) -> tuple[int, Any]:
    response = await publish(client, sdp, path, **headers)
    return response.status, await response.json()


def session(response: Any) -> str:
    """The path of a session under the gateway's prefix."""
    location: str = response.headers["Location"]
    assert location.startswith("/api/v0.2/streams/")
    return location.removeprefix("/api/v0.2")


def fragment(sdp: str, *candidates: str, ufrag: str | None = None) -> bytes:
    """The credentials of an offer, with candidates."""
    lines = [line for line in sdp.splitlines() if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))]
    if ufrag is not None:
        lines[0] = f"a=ice-ufrag:{ufrag}"
    section = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0"]
    return "\r\n".join([*lines[:2], *section, *candidates, ""]).encode()


async def patch(client: Client, path: str, body: bytes, **headers: str) -> Any:
    return await client.request("PATCH", path, data=body, headers={**FRAGMENT, **headers})


async def test_an_offer_is_answered_with_a_session(client: Client, offer_sdp: str) -> None:
    response = await publish(client, offer_sdp)
    assert response.status == 201
    assert response.headers["Content-Type"] == "application/sdp"
    answer = (await response.text()).splitlines()
    assert answer[0] == "v=0"
    # Nothing can be told after the answer, so that it has all addresses.
    assert [line.split()[4] for line in answer if line.startswith("a=candidate:")] == ["127.0.0.1"]
    assert "a=recvonly" in answer
    stream_id = response.headers["X-Stream-Id"]
    assert session(response) == f"/streams/{stream_id}/whip"
    tag = response.headers["ETag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert "Link" not in response.headers
    listed = (await client.call("GET", "/streams"))[1]["streams"]
    assert [(each["id"], each["source"]) for each in listed] == [(stream_id, "whip")]


async def test_it_is_published_watched_and_asked_like_any_other(
    client: Client, backend: ScriptedBackend
) -> None:
    sender = Sender()
    try:
        offer = await sender.offer(NumberedTrack(30, 10))
        answer = await publish(client, offer, ASKED + "&target_fps=5&delay_seconds=2")
        stream = "/streams/" + answer.headers["X-Stream-Id"]
        socket = await client.open_socket(answer.headers["X-Stream-Id"])
        changed = await client.call("PATCH", stream + "/config/prompt", json={"prompt": "count"})
        assert changed[0] == 200
        await sender.accept(await answer.text())
        async with asyncio.timeout(20):
            results = [await socket.receive_json()]
            assert (await client.call("GET", stream + "/info"))[1]["frames_received"] > 0
            opinion = {"rating": 1, "category": "x"}
            assert (await client.call("POST", stream + "/feedback", json=opinion))[0] == 200
            await client.request("DELETE", session(answer))
            rest, code, reason = await read_to_end(socket)
    finally:
        await sender.close()
    assert (code, reason) == (1001, "stream ended: client_requested")
    assert {each["prompt"] for each in (*results, *rest)} == {"count"}
    numbers = [read_number(frame.pixels) for frame in backend.requests[0].frames]
    assert numbers == list(range(numbers[0], numbers[0] + 10, 2))


async def test_the_address_says_what_is_asked(start: Any, offer_sdp: str) -> None:
    door = WhipProfile(prompt="Is the door open?", model="scripted", interval_seconds=2.0)
    client = await start(
        whip={"default": WhipProfile(prompt="Who is there?"), "door": door}, streams_per_key=20
    )

    async def asked(**query: str) -> dict[str, Any]:
        answer = await client.request(
            "POST", "/whip", data=offer_sdp.encode(), headers=SDP, params=query
        )
        assert answer.status == 201, await answer.text()
        listed: dict[str, Any] = (await client.call("GET", "/streams"))[1]["streams"][0]
        assert listed["id"] == answer.headers["X-Stream-Id"]
        return listed

    assert (await asked())["prompt"] == "Who is there?"
    assert (await asked())["model"] == "scripted"
    assert (await asked(prompt="123"))["prompt"] == "123"
    assert (await asked(profile="door"))["prompt"] == "Is the door open?"
    # A clip in place of the profile's single frames, and the other way round.
    assert (await asked(profile="door", clip_length_seconds="1"))["model"] == "scripted"
    assert (await asked(interval_seconds="0.5", max_output_tokens="9"))["model"] == "scripted"
    schema = {"type": "object", "properties": {"open": {"type": "boolean"}}}
    assert (await asked(output_schema_json=json.dumps(schema)))["output_schema"] == schema


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("", (422, "?prompt=")),
        ("?prompt=", (422, "prompt")),
        ("?prompt=x&promt=y", (422, "'promt'")),
        ("?prompt=x&target_fps=often", (422, "target_fps")),
        ("?prompt=x&target_fps=31", (422, "target_fps")),
        ("?prompt=x&delay_seconds=nan", (422, "delay_seconds")),
        ("?prompt=x&clip_length_seconds=60&delay_seconds=0.1", (422, "frames/s to the model")),
        ("?prompt=x&interval_seconds=1&target_fps=5", (422, "target_fps")),
        ("?prompt=x&output_schema_json={", (422, "output_schema_json")),
        ("?prompt=x&output_schema_json=[]", (422, "output_schema_json")),
        ("?prompt=x&max_output_tokens=100000", (422, "max_output_tokens")),
        ("?prompt=x&model=unknown", (422, "unknown")),
        ("?profile=door", (404, "'door'")),
    ],
)
async def test_an_address_that_says_something_else_is_refused(
    start: Any, offer_sdp: str, strict: bool, query: str, refused: tuple[int, str]
) -> None:
    client = await start(strict=strict)
    found, body = await refusal(client, offer_sdp, "/whip" + query)
    assert found == refused[0]
    assert refused[1] in body["message"]
    assert (await client.call("GET", "/streams"))[1]["streams"] == []


def test_profiles_are_read_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        """
        [whip.default]
        prompt = "Who is there?"

        [whip.door]
        prompt = "Is the door open?"
        interval_seconds = 2
        output_schema_json = { type = "object" }
        """
    )
    door = WhipProfile(
        prompt="Is the door open?", interval_seconds=2, output_schema_json={"type": "object"}
    )
    assert read_settings(file)["whip"] == {
        "default": WhipProfile(prompt="Who is there?"),
        "door": door,
    }
    for text, word in [
        ("whip = 3", "table of tables"),
        ("[whip]\nprompt = 'x'", "whip.prompt"),
        ("[whip.door]\npromt = 'x'", "whip.door"),
        ("[whip.door]\ntarget_fps = 99", "target_fps"),
        ("[whip.door]\ninterval_seconds = 1\ntarget_fps = 5", "leave out target_fps"),
    ]:
        file.write_text(text)
        with pytest.raises(ConfigurationError, match=word):
            read_settings(file)


async def test_it_is_admitted_counted_and_paid_for_like_any_other(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(
        clock=clock,
        streams_per_key=2,
        credit_cents=100,
        cents_per_minute=10,
        connect_seconds=3600.0,
        lease_ttl_seconds=3600.0,
    )
    stream = "/streams/" + await client.create(offer_sdp)
    answer = await publish(client, offer_sdp)
    full, body = await refusal(client, offer_sdp)
    assert (full, body["error"]) == (429, "rate_limited")
    assert (await client.request("DELETE", session(answer))).status == 200
    await clock.advance(1000)
    assert (await client.call("POST", stream + "/keepalive"))[0] == 402
    assert (await refusal(client, offer_sdp))[0] == 402


async def test_what_cannot_be_answered_takes_no_place(start: Any, offer_sdp: str) -> None:
    client = await start(streams_per_key=1)
    for sdp, word in [
        ("hello", "v=0"),
        (offer_sdp.replace("m=video", "m=audio"), "no video"),
        (offer_sdp + offer_sdp[offer_sdp.index("m=video") :], "several m=video"),
        (offer_sdp.replace("a=sendonly", "a=recvonly"), "sends no video"),
        (offer_sdp.replace("a=ice-pwd", "a=ice-pw"), "cannot be answered"),
    ]:
        status, body = await refusal(client, sdp)
        assert status == 422
        assert word in body["message"]
    for kind in ("application/json", "text/plain", "application/sdp-x"):
        status, body = await refusal(client, offer_sdp, **{"Content-Type": kind})
        assert (status, body["error"]) == (415, "unsupported_media_type")
    answer = await publish(client, offer_sdp, **{"Content-Type": "Application/SDP; charset=utf-8"})
    assert answer.status == 201


async def test_servers_to_use_are_told_as_links(start: Any, offer_sdp: str) -> None:
    servers = (
        IceServer("stun:127.0.0.1:1"),
        IceServer("turn:127.0.0.1:1?transport=udp", 'a "name"', "back\\slash"),
    )
    client = await start(ice_servers=servers)
    answer = await publish(client, offer_sdp)
    assert answer.headers.getall("Link") == [
        '<stun:127.0.0.1:1>; rel="ice-server"',
        '<turn:127.0.0.1:1?transport=udp>; rel="ice-server"; username="a \\"name\\"";'
        ' credential="back\\\\slash"; credential-type="password"',
    ]


CANDIDATE = "a=candidate:1 1 udp 2122260223 127.0.0.1 9 typ host generation 0"


async def test_candidates_are_taken_by_the_session_they_are_for(
    client: Client, offer_sdp: str
) -> None:
    answer = await publish(client, offer_sdp)
    path, tag = session(answer), answer.headers["ETag"]
    body = fragment(offer_sdp, CANDIDATE)
    assert (await patch(client, path, body)).status == 428
    assert (await patch(client, path, body, **{"If-Match": '"other"'})).status == 412
    assert (await patch(client, path, body, **{"If-Match": f"W/{tag}"})).status == 412
    for match in (tag, f'"other", {tag}', "*"):
        taken = await patch(client, path, body, **{"If-Match": match})
        assert (taken.status, taken._body) == (204, b"")
        assert "ETag" not in taken.headers
    # Clients that resolve the session against their own address keep its query.
    assert (await patch(client, path + "?prompt=read", body, **{"If-Match": tag})).status == 204
    wrong = {**FRAGMENT, "Content-Type": "application/sdp"}
    assert (await patch(client, path, body, **wrong, **{"If-Match": tag})).status == 415
    for broken in (b"a=candidate:1 1 udp x 127.0.0.1 9 typ host", b"hello", b"a=candidate:1"):
        assert (await patch(client, path, broken, **{"If-Match": tag})).status == 422


async def test_an_ice_restart_is_refused_and_the_session_goes_on(
    client: Client, offer_sdp: str
) -> None:
    answer = await publish(client, offer_sdp)
    restart = fragment(offer_sdp, CANDIDATE, ufrag="another")
    refused = await patch(client, session(answer), restart, **{"If-Match": "*"})
    assert refused.status == 422
    assert (await refused.json())["error"] == "ice_restart_unsupported"
    assert (await client.request("GET", session(answer))).status == 204


async def test_a_session_is_its_owners_alone_and_ends_once(start: Any, offer_sdp: str) -> None:
    client = await start(api_keys=("ovs_one", "ovs_two"))
    answer = await publish(client, offer_sdp)
    path = session(answer)
    stranger = {"Authorization": "Bearer ovs_two"}
    tag = {"If-Match": answer.headers["ETag"]}
    body = fragment(offer_sdp, CANDIDATE)
    for method in ("GET", "DELETE"):
        assert (await client.request(method, path, headers=stranger)).status == 404
    assert (await patch(client, path, body, **stranger, **tag)).status == 404
    assert (await client.request("GET", path)).status == 204
    # An entity tag says nothing about whether a session may end.
    assert (await client.request("DELETE", path, headers={"If-Match": '"x"'})).status == 200
    assert (await client.request("DELETE", path)).status == 204
    assert (await client.request("GET", path)).status == 404
    assert (await patch(client, path, body, **tag)).status == 404


async def test_a_stream_of_the_api_is_no_session(client: Client, offer_sdp: str) -> None:
    path = f"/streams/{await client.create(offer_sdp)}/whip"
    assert (await client.request("GET", path)).status == 404
    taken = await patch(client, path, fragment(offer_sdp), **{"If-Match": "*"})
    assert taken.status == 404


async def test_both_say_what_they_take(start: Any, offer_sdp: str) -> None:
    page = "https://studio.example"
    client = await start(allowed_origins=(page,))
    answer = await publish(client, offer_sdp, Origin=page)
    exposed = answer.headers["Access-Control-Expose-Headers"].split(",")
    assert {"ETag", "Link", "Location", "Retry-After", "X-Stream-Id"} <= set(exposed)
    for path, header, value in [
        ("/whip", "Accept-Post", "application/sdp"),
        (session(answer), "Accept-Patch", "application/trickle-ice-sdpfrag"),
    ]:
        url = client.gateway.url + path
        async with client.http.options(url) as asked:
            assert (asked.status, asked.headers[header]) == (200, value)
        preflight = {
            "Origin": page,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,if-match",
        }
        async with client.http.options(url, headers=preflight) as asked:
            assert (asked.status, asked.headers[header]) == (200, value)
            assert asked.headers["Access-Control-Allow-Origin"] == page
            assert "if-match" in asked.headers["Access-Control-Allow-Headers"]
        async with client.http.options(url, headers={"Origin": "https://evil.example"}) as asked:
            assert asked.status == 403
        async with client.http.put(url, headers=client.headers) as asked:
            assert asked.status == 405
            assert "OPTIONS" in asked.headers["Allow"]
    for path in ("/whip", session(answer)):
        looked = await client.request("GET", path)
        assert (looked.status, looked._body) == (204, b"")


@pytest.mark.parametrize("strict", [False, True])
async def test_every_status_of_the_table_is_met_and_no_other(
    start: Any, clock: ManualClock, backend: ScriptedBackend, offer_sdp: str, strict: bool
) -> None:
    client = await start(
        strict=strict,
        clock=clock,
        streams_per_key=1,
        creation_burst=100,
        credit_cents=100,
        cents_per_minute=10,
        connect_seconds=3600.0,
        lease_ttl_seconds=3600.0,
    )
    answer = await publish(client, offer_sdp)
    live, tag = session(answer), {"If-Match": answer.headers["ETag"]}
    await whatever_is_asked_of_strangers(client)
    await whatever_bodies_go_wrong(client, live, clock)
    assert (await refusal(client, offer_sdp))[0] == 429
    for match in ({}, {"If-Match": '"x"'}, tag):
        await patch(client, live, fragment(offer_sdp, CANDIDATE), **match)
    for path in ("/whip", live):
        assert (await client.request("GET", path)).status == 204
        assert (await client.request("OPTIONS", path)).status == 200
    assert (await client.request("DELETE", live)).status == 200
    assert (await client.request("DELETE", live)).status == 204
    stream = "/streams/" + (await publish(client, offer_sdp)).headers["X-Stream-Id"]
    backend.loading = True
    assert (await refusal(client, offer_sdp))[0] == 503
    await clock.advance(1000)
    assert (await client.call("POST", stream + "/keepalive"))[0] == 402
    assert (await refusal(client, offer_sdp))[0] == 402
    told = {
        (each.handler, status)
        for each in WHIP_OPERATIONS
        for status in each.statuses(strict=strict)
        if status != LAST_DOOR
    }
    mine = {each.handler for each in WHIP_OPERATIONS}
    assert {each for each in client.seen if each[0] in mine} == told


async def whatever_is_asked_of_strangers(client: Client) -> None:
    for operation in WHIP_OPERATIONS:
        kind = {"Content-Type": operation.body_type}
        for name in (NOWHERE, "no-uuid"):
            path = operation.path.replace("{stream_id}", name)
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Origin": "https://evil.example"},
                {"Host": "attacker.example"},
            ):
                await client.request(operation.method, path, headers={**kind, **headers})
    await client.request("POST", "/whip?profile=none", headers=SDP)


async def whatever_bodies_go_wrong(client: Client, live: str, clock: ManualClock) -> None:
    async def never() -> Any:
        yield b"v"
        await asyncio.Event().wait()

    for method, path, kind in [("POST", ASKED, SDP), ("PATCH", live, FRAGMENT)]:
        for data in (b"\xff", b"hello", b"x" * (128 * 1024 + 1)):
            await client.request(method, path, data=data, headers=kind)
        await client.request(method, path, data=b"{}", headers={"Content-Type": "text/plain"})
        call = asyncio.create_task(client.request(method, path, data=never(), headers=kind))
        while not call.done():
            await clock.advance(1)
            await asyncio.sleep(0.005)
        assert (await call).status == 408
