from __future__ import annotations

import asyncio
import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiortc import AudioStreamTrack

from gateway.kit import (
    Client,
    NumberedTrack,
    ScriptedBackend,
    Sender,
    create_body,
    read_number,
    read_to_end,
    stream_video,
)
from overshoot.adapters.clocks import SystemClock
from overshoot.errors import ValidationError
from overshoot.gateway.peer import ReceivingPeer
from overshoot.rtc import Gathering


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_clips_are_exactly_what_the_rule_says(
    client: Client, backend: ScriptedBackend, codec: str
) -> None:
    track = NumberedTrack(60, 15)
    results, code, reason = await stream_video(
        client,
        track,
        codec=codec,
        fps=15,
        sampling_ratio=0.34,
        clip_length_seconds=1,
        delay_seconds=1,
    )
    assert (code, reason) == (1001, "stream ended: webrtc_disconnected")
    clips = [[read_number(f.pixels) for f in request.frames] for request in backend.requests]
    assert clips[:3] == [[3, 6, 9, 12, 15], [18, 21, 24, 27, 30], [33, 36, 39, 42, 45]]
    assert clips[3][:3] == [48, 51, 54]
    for request, result in zip(backend.requests, results, strict=True):
        indices = [frame.index for frame in request.frames]
        assert indices == [read_number(frame.pixels) for frame in request.frames]
        assert (result["frame_start"], result["frame_end"]) == (indices[0], indices[-1])
        assert result["timestamp"] == pytest.approx(indices[-1] / 15, abs=1e-4)
        assert {frame.pixels.shape for frame in request.frames} == {(64, 96, 3)}
    assert [result["seq"] for result in results] == list(range(len(results)))


async def test_frame_mode_asks_about_one_frame_an_interval(
    client: Client, backend: ScriptedBackend
) -> None:
    results, _, _ = await stream_video(client, NumberedTrack(40, 10), interval_seconds=1.0)
    assert [read_number(r.frames[0].pixels) for r in backend.requests] == [0, 10, 20, 30]
    assert all(len(request.frames) == 1 for request in backend.requests)
    assert {result["mode"] for result in results} == {"frame"}


async def test_large_video_reaches_the_model_at_720p(
    client: Client, backend: ScriptedBackend
) -> None:
    track = NumberedTrack(12, 10, pace=0.03, width=1920, height=1080)
    await stream_video(client, track, interval_seconds=0.5)
    assert backend.requests[0].frames[0].pixels.shape == (720, 1280, 3)
    assert read_number(backend.requests[0].frames[0].pixels) == 0


async def test_a_slow_backend_never_holds_up_the_video(
    client: Client, backend: ScriptedBackend
) -> None:
    backend.gate.clear()
    sending = asyncio.create_task(
        stream_video(
            client, NumberedTrack(60, 10), target_fps=5, clip_length_seconds=1, delay_seconds=1
        )
    )
    await backend.asked.wait()
    await asyncio.sleep(0.5)
    backend.gate.set()
    results, _, _ = await sending
    assert next(r.frames[-1].index for r in backend.requests) == 10
    assert len(results) == len(backend.requests)
    assert results[-1]["frame_end"] >= 50


async def test_other_parts_of_an_offer_are_tolerated(
    client: Client, backend: ScriptedBackend
) -> None:
    sender = Sender()
    sender.peer.addTrack(AudioStreamTrack())
    sender.peer.createDataChannel("chat")
    sending = sender.offer(NumberedTrack(25, 10))
    try:
        status, body = await client.call(
            "POST", "/streams", json=create_body(await sending, interval_seconds=1.0)
        )
        assert status == 201
        socket = await client.open_socket(body["stream_id"])
        await sender.accept(body["webrtc"]["sdp"])
        first = await socket.receive_json()
        assert first["ok"]
    finally:
        await sender.close()
    assert (await read_to_end(socket))[2] == "stream ended: webrtc_disconnected"


@pytest.mark.parametrize(
    ("sdp", "word"),
    [
        ("hello", "v=0"),
        ("v=0\r\n", "no video"),
        ("v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 5, "media sections"),
        ("v=0\r\nm=video 9 x y\r\n" + "a=candidate:x\r\n" * 65, "candidates"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", "no video"),
        ("v=0\r\n" + "x" * 65_536, "bytes"),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "cannot be answered"),
    ],
)
async def test_an_offer_that_cannot_be_answered_says_why(
    client: Client, sdp: str, word: str
) -> None:
    status, body = await client.call("POST", "/streams", json=create_body(sdp))
    assert (status, body["error"]) == (422, "validation_error")
    assert word in body["message"]
    # It took no place.
    for _ in range(6):
        assert (await client.call("POST", "/streams", json=create_body(sdp)))[0] == 422


async def test_h264_in_interleaved_packets_alone_is_refused_with_a_sentence(client: Client) -> None:
    sender = Sender()
    try:
        offer = await sender.offer(None, codec="H264")
    finally:
        await sender.close()
    interleaved = offer.replace("packetization-mode=1", "packetization-mode=2")
    status, body = await client.call("POST", "/streams", json=create_body(interleaved))
    assert status == 422
    assert "packetization" in body["message"]


async def test_h264_in_any_profile_is_answered_with_the_one_that_was_offered(
    client: Client,
) -> None:
    sender = Sender()
    try:
        offer = await sender.offer(None, codec="H264")
    finally:
        await sender.close()
    high = offer.replace("profile-level-id=42001f", "profile-level-id=64001f")
    high = high.replace("profile-level-id=42e01f", "profile-level-id=4d0028")
    high = high.replace("packetization-mode=1;profile-level-id=4d", "profile-level-id=4d")
    status, body = await client.call("POST", "/streams", json=create_body(high))
    assert status == 201
    told = [each for each in body["webrtc"]["sdp"].splitlines() if "profile-level-id" in each]
    assert [each.partition(" ")[2] for each in told] == [
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
        "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d0028",
    ]


async def test_an_offer_that_sends_nothing_says_so(client: Client, offer_sdp: str) -> None:
    for direction in ("recvonly", "inactive"):
        offer = offer_sdp.replace("a=sendonly", "a=" + direction)
        status, body = await client.call("POST", "/streams", json=create_body(offer))
        assert status == 422
        assert "sends no video" in body["message"]


def mutations(sdp: str, count: Any, seed: Any = 7) -> Any:
    dice = random.Random(seed)  # noqa: S311
    lines = sdp.splitlines(keepends=True)
    for _ in range(count):
        changed = list(lines)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(changed))
            kind = dice.randrange(5)
            if kind == 0:
                del changed[at]
            elif kind == 1:
                changed.insert(dice.randrange(len(changed)), changed[at])
            elif kind == 2:
                changed[at] = changed[at][: dice.randrange(len(changed[at]))] + "\r\n"
            elif kind == 3:
                spot = dice.randrange(len(changed[at]))
                changed[at] = (
                    changed[at][:spot] + dice.choice("\0é-9:;= ") + changed[at][spot + 1 :]
                )
            else:
                dice.shuffle(changed)
        yield "".join(changed)


async def test_mutated_offers_are_answered_or_refused_and_leave_nothing(offer_sdp: str) -> None:
    answered = refused = 0
    with ThreadPoolExecutor(1) as executor:
        for sdp in mutations(offer_sdp, 150):
            peer = ReceivingPeer(
                executor,
                clock=SystemClock(),
                gathering=Gathering(("127.0.0.1",)),
                ice_servers=(),
                connect_seconds=15,
            )
            try:
                await peer.answer(sdp)
                answered += 1
            except ValidationError:
                refused += 1
            await peer.close()
    assert answered > 10
    assert refused > 10


async def test_a_reader_that_never_reads_is_let_go_and_holds_up_nobody(
    start: Any, backend: ScriptedBackend
) -> None:
    client = await start(send_seconds=0.2)
    # Larger than what the sockets of a machine hold on the way.
    backend.text = "x" * 4_000_000
    sender = Sender()
    track = NumberedTrack(10_000, 10, pace=0.02)
    try:
        body = create_body(await sender.offer(track), interval_seconds=0.5)
        _, answer = await client.call("POST", "/streams", json=body)
        stream_id = answer["stream_id"]
        reader = await client.open_socket(stream_id)
        _, never = await idle_socket(client, stream_id)
        await subscribers(client, stream_id, 2)
        await sender.accept(answer["webrtc"]["sdp"])
        for _ in range(5):
            assert len((await reader.receive_json())["result"]) == 4_000_000
        await subscribers(client, stream_id, 1)
        assert (await reader.receive_json())["ok"]
        never.close()
    finally:
        await sender.close()


async def idle_socket(client: Client, stream_id: str) -> Any:
    """A result socket that has sent its key and takes no byte beyond its buffers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.gateway.port, limit=1024)
    hello = json.dumps({"api_key": client.gateway.api_key}).encode()
    writer.write(
        f"GET /v0.2/ws/streams/{stream_id} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        # One masked text frame whose mask is zero (RFC 6455 section 5.2).
        + bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0])
        + hello
    )
    await writer.drain()
    return reader, writer


async def subscribers(client: Client, stream_id: str, count: int) -> None:
    while True:
        _, info = await client.call("GET", f"/streams/{stream_id}/info")
        if info["subscribers"] == count:
            return
        await asyncio.sleep(0.02)
