"""Ids of requests, and a log that machines can read."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.kit import Client, NumberedTrack, ScriptedBackend, Sender, create_body
from overshoot.domain.turn import TurnSecret
from overshoot.log import get_logger, write_log

CANARY = "canary"


@pytest.fixture
def lines() -> Iterator[Any]:
    """Everything that is logged, from DEBUG on, as JSON lines; a call gives what came so far."""
    root, ours = logging.getLogger(), logging.getLogger("overshoot")
    before = root.handlers[:], root.level, ours.level
    write_log("json", "debug")
    root.setLevel(logging.DEBUG)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)
    try:
        yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    finally:
        root.handlers[:], root.level = before[0], before[1]
        ours.setLevel(before[2])


@pytest.mark.parametrize("given", ["abc-1.2_3", "A" * 64])
async def test_a_clients_own_id_is_kept(client: Client, lines: Any, given: str) -> None:
    response = await client.request("GET", "/models", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] == given
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert (line["request_id"], line["operation"], line["status"]) == (given, "models", 200)
    assert line["logger"] == "overshoot.gateway.request_log"
    assert line["level"] == "info"


@pytest.mark.parametrize("given", ["", "A" * 65, "with space", "ünï", "-first", "a/b"])
async def test_an_id_that_is_not_sane_is_replaced(client: Client, given: str) -> None:
    response = await client.request("GET", "/models", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["X-Request-Id"])


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/streams/nothing/info", {}, 404),
        ("/models", {"Authorization": "Bearer wrong"}, 401),
        ("/models", {"Origin": "https://evil.example"}, 403),
        ("/models", {"Host": "evil.example"}, 421),
        ("/nowhere", {}, 404),
    ],
)
async def test_errors_tell_the_id_in_body_and_header(
    client: Client, path: str, headers: dict[str, str], status: int
) -> None:
    headers = {"X-Request-Id": "mine", **headers}
    response = await client.request("GET", path, headers=headers)
    assert response.status == status
    assert response.headers["X-Request-Id"] == "mine"
    assert (await response.json())["request_id"] == "mine"


async def test_a_socket_has_an_id_as_well(client: Client, offer_sdp: str, lines: Any) -> None:
    stream_id = await client.create(offer_sdp)
    url = f"{client.gateway.url}/ws/streams/{stream_id}"
    async with client.http.ws_connect(url, headers={"X-Request-Id": "sock"}) as socket:
        assert socket._response.headers["X-Request-Id"] == "sock"
        await socket.send_json({"api_key": "wrong"})
        await socket.receive()
    await client.gateway.stop()
    (line,) = [line for line in lines() if line.get("operation") == "results"]
    assert (line["request_id"], line["status"]) == ("sock", 101)


async def test_lines_of_a_stream_name_it_and_the_request_that_made_it(
    client: Client, offer_sdp: str, lines: Any
) -> None:
    response = await client.request(
        "POST", "/streams", json=create_body(offer_sdp), headers={"X-Request-Id": "made-here"}
    )
    stream_id = (await response.json())["stream_id"]
    await client.gateway.stop()
    about = {line["event"]: line for line in lines() if line.get("stream_id") == stream_id}
    assert {"stream_created", "stream_ended"} <= set(about)
    assert about["stream_created"]["request_id"] == "made-here"


async def test_a_failure_of_ours_is_one_line_with_its_traceback(
    client: Client, backend: ScriptedBackend, lines: Any
) -> None:
    backend.broken = True
    response = await client.request("GET", "/models", headers={"X-Request-Id": "odd"})
    assert response.status == 500
    (line,) = [line for line in lines() if line["event"] == "request_failed"]
    assert (line["level"], line["request_id"]) == ("error", "odd")
    assert "RuntimeError" in line["exception"]


def test_others_are_told_the_same_way_and_masked(lines: Any) -> None:
    try:
        raise ValueError("Bearer " + CANARY)
    except ValueError:
        logging.getLogger("somebody.else").exception("a=ice-pwd:%s", CANARY)
    get_logger("overshoot.test").warning("ours", api_key=CANARY, note="see https://me:pw@host/")
    theirs, ours = lines()
    assert (theirs["logger"], theirs["event"], theirs["level"]) == ("somebody.else", "***", "error")
    assert "ValueError: ***" in theirs["exception"]
    assert (ours["api_key"], ours["note"]) == ("***", "see https://***@host/")
    assert CANARY not in json.dumps([theirs, ours])


async def test_nothing_secret_is_in_a_whole_streams_log(
    start: Any, backend: ScriptedBackend, lines: Any
) -> None:
    secrets = {
        "api_keys": ("ovs_canary_key",),
        "turn": TurnSecret(urls=("turn:127.0.0.1:9?transport=udp",), secret="canary_turn_secret"),
    }
    client = await start(**secrets)
    sender, track = Sender(), NumberedTrack(30, 10)
    try:
        offer = await sender.offer(track)
        body = create_body(offer, interval_seconds=1.0)
        body["inference"]["prompt"] = "canary_prompt"
        backend.text = "canary_answer"
        status, made = await client.call("POST", "/streams", json=body)
        assert status == 201
        socket = await client.open_socket(made["stream_id"])
        await sender.accept(made["webrtc"]["sdp"])
        await socket.receive()
        wrong = {"Authorization": "Bearer ovs_canary_wrong"}
        await client.call("GET", "/models", headers=wrong)
        await client.call("GET", "/models?api_key=canary_query&ticket=canary_ticket")
        await client.call("POST", "/streams", data=b'{"canary_body"')
        await client.call("POST", "/streams", json=create_body("v=0 canary_sdp"))
        backend.failure = RuntimeError("Bearer canary_failure")
        assert not json.loads((await socket.receive()).data).get("nothing")
        await client.call("DELETE", f"/streams/{made['stream_id']}")
    finally:
        await sender.close()
    await client.gateway.stop()
    # aiortc and aioice tell of every packet at DEBUG, which nobody is offered.
    told = [
        line
        for line in lines()
        if line["logger"].startswith("overshoot") or line["level"] in {"warning", "error"}
    ]
    events = {"gateway_started", "stream_created", "backend_failed", "stream_ended", "request"}
    assert events <= {line["event"] for line in told}
    text = json.dumps(told)
    assert CANARY not in text
    for name in ("ice-pwd", "ice-ufrag", "fingerprint"):
        for session in (offer, made["webrtc"]["sdp"]):
            assert re.findall(rf"a={name}:(\S+)", session)[0] not in text
    for server in made["turn_servers"]:
        assert server["credential"] not in text
