"""The WebRTC transport before gateways that err, hang, or mean no good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from overshoot.adapters.transports.webrtc import gateway_api
from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi
from overshoot.adapters.transports.webrtc.track import FrameTrack
from overshoot.adapters.transports.webrtc.transport import WebRtcTransport
from overshoot.domain.stream import IceServer
from overshoot.errors import (
    ApiError,
    ConfigurationError,
    NetworkError,
    NotFoundError,
    ProtocolError,
)
from overshoot.ports.transport import MessageUnreadable, ResultReceived, ResultsClosed
from overshoot.testing.contracts.transport import ScriptedFeed, asking
from overshoot.testing.waiting import nothing_left
from support.scripted_server import ScriptedServer, scripted_server

KEY = "ovs_canary_key_0123456789"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    with nothing_left():
        async with scripted_server() as running:
            yield running


@pytest.fixture
def transport(server: ScriptedServer) -> WebRtcTransport:
    return WebRtcTransport(GatewayApi(server.url, KEY))


@pytest.fixture
async def listening(transport: WebRtcTransport) -> AsyncIterator[WebRtcTransport]:
    """A transport that has a stream, as far as its result channel is concerned."""
    transport._stream_id = "s-1"
    yield transport
    await transport.close(delete=False)


def socket_that(
    act: Callable[[web.WebSocketResponse], Awaitable[None]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Greets, waits for the key, then does as told."""

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert json.loads(await socket.receive_str()) == {"api_key": KEY}
        await act(socket)
        return socket

    return handler


# --- opening -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"stream_id": "s-1"}, "no WebRTC answer"),
        ({"stream_id": "s-1", "livekit": {"url": "wss://x", "token": "t"}}, "LiveKit"),
        ({"stream_id": "s-1", "webrtc": {"type": "answer", "sdp": "hello"}}, "cannot be used"),
        ({"stream_id": "s-1", "webrtc": {"type": "answer", "sdp": "v=0\r\n"}}, "cannot be used"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_a_protocol_error_and_the_stream_is_deleted(
    transport: WebRtcTransport, server: ScriptedServer, answer: dict[str, Any], said: str
) -> None:
    server.answer = server.json(answer, 201)
    with pytest.raises(ProtocolError, match=said):
        await transport.open(asking(), ScriptedFeed())
    assert [seen.line for seen in server.seen] == [
        "POST /api/v0.2/streams",
        "DELETE /api/v0.2/streams/s-1",
    ]


@pytest.mark.parametrize("answer", [{}, {"stream_id": ""}, {"stream_id": 7}, [], "text", None])
async def test_an_answer_without_a_stream_is_a_protocol_error(
    transport: WebRtcTransport, server: ScriptedServer, answer: object
) -> None:
    server.answer = server.json(answer, 201)
    with pytest.raises(ProtocolError):
        await transport.open(asking(), ScriptedFeed())
    assert len(server.seen) == 1


async def test_a_gateway_that_says_no_is_not_asked_to_delete(
    transport: WebRtcTransport, server: ScriptedServer
) -> None:
    server.answer = server.json({"error": "nothing here"}, 404)
    with pytest.raises(NotFoundError):
        await transport.open(asking(), ScriptedFeed())
    assert len(server.seen) == 1


async def test_an_ice_server_that_is_none_is_a_configuration_error(server: ScriptedServer) -> None:
    transport = WebRtcTransport(
        GatewayApi(server.url, KEY), ice_servers=[IceServer("turn-host", "me", "hunter2")]
    )
    with pytest.raises(ConfigurationError) as caught:
        await transport.open(asking(), ScriptedFeed())
    assert caught.value.details == {"field": "ice_servers"}
    assert "hunter2" not in str(caught.value)
    assert server.seen == []


async def test_the_offer_names_no_server_of_anybody_else_and_only_loopback(
    transport: WebRtcTransport, server: ScriptedServer
) -> None:
    with pytest.raises(ProtocolError):
        await transport.open(asking(), ScriptedFeed())
    sdp = json.loads(server.seen[0].body)["webrtc"]["sdp"]
    candidates = [line.split()[4] for line in sdp.splitlines() if line.startswith("a=candidate")]
    assert set(candidates) == {"127.0.0.1"}


# --- the result channel --------------------------------------------------------------------------


async def test_messages_arrive_as_results_or_as_unreadable_in_order(
    listening: WebRtcTransport, server: ScriptedServer
) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"result": "one", "ok": true}')
        await socket.send_str("no json")
        await socket.send_bytes(b'{"result": "two"}')
        await socket.send_bytes(b"\xff\xfe")
        await socket.send_str('{"result": "three"}')
        await socket.close(code=1011, message=b"enough")

    server.answer = socket_that(talk)
    await listening.connect_results()
    events = [await asyncio.wait_for(listening.receive(), 20) for _ in range(6)]
    assert [type(event) for event in events] == [
        ResultReceived,
        MessageUnreadable,
        ResultReceived,
        MessageUnreadable,
        ResultReceived,
        ResultsClosed,
    ]
    results = [event.result.result for event in events if isinstance(event, ResultReceived)]
    assert results == ["one", "two", "three"]
    assert events[-1] == ResultsClosed(1011, "enough")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1008, "wrong key"), (1001, "stream ended: lease_expired"), (1000, ""), (4999, "odd")],
)
async def test_the_code_and_reason_of_a_close_come_through(
    listening: WebRtcTransport, server: ScriptedServer, code: int, reason: str
) -> None:
    async def close(socket: web.WebSocketResponse) -> None:
        await socket.close(code=code, message=reason.encode())

    server.answer = socket_that(close)
    await listening.connect_results()
    event = await asyncio.wait_for(listening.receive(), 20)
    assert event == ResultsClosed(code, reason)


async def test_a_cut_connection_closes_the_channel(
    listening: WebRtcTransport, server: ScriptedServer
) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_str()
        assert request.transport is not None
        request.transport.abort()
        return socket

    server.answer = cut
    await listening.connect_results()
    event = await asyncio.wait_for(listening.receive(), 20)
    assert isinstance(event, ResultsClosed)
    assert event.code in {None, 1006}


async def test_a_message_that_is_too_large_closes_the_channel_and_not_the_program(
    listening: WebRtcTransport, server: ScriptedServer
) -> None:
    async def flood(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"result": "' + "x" * gateway_api.MAX_MESSAGE_BYTES + '"}')
        await socket.receive()

    server.answer = socket_that(flood)
    await listening.connect_results()
    event = await asyncio.wait_for(listening.receive(), 20)
    assert isinstance(event, ResultsClosed)
    assert event.code == 1009


async def test_a_key_refused_at_the_handshake_is_a_close_with_1008(
    listening: WebRtcTransport, server: ScriptedServer
) -> None:
    server.answer = server.text("no", 401)
    await listening.connect_results()
    event = await asyncio.wait_for(listening.receive(), 20)
    assert isinstance(event, ResultsClosed)
    assert event.code == 1008


@pytest.mark.parametrize("status", [200, 403, 404, 429, 503])
async def test_a_refused_handshake_keeps_its_status(
    listening: WebRtcTransport, server: ScriptedServer, status: int
) -> None:
    server.answer = server.text("no", status)
    with pytest.raises(ApiError) as caught:
        await listening.connect_results()
    assert caught.value.status_code == status


async def test_a_channel_that_is_sent_elsewhere_does_not_carry_the_key_there(
    listening: WebRtcTransport, server: ScriptedServer
) -> None:
    received: list[str] = []

    async def thief(socket: web.WebSocketResponse) -> None:
        received.append("the key")

    async with scripted_server() as elsewhere:
        elsewhere.answer = socket_that(thief)
        server.answer = server.text("", 307, Location=f"{elsewhere.url}/ws/streams/s-1")
        with pytest.raises(NetworkError, match="elsewhere"):
            await listening.connect_results()
        assert elsewhere.seen == []
    assert received == []


async def test_a_gateway_that_never_answers_the_handshake_is_given_up(
    listening: WebRtcTransport, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_api, "CONNECT_SECONDS", 0.05)
    server.answer = server.silence()
    with pytest.raises(NetworkError, match="in time"):
        await listening.connect_results()


async def test_the_route_cookie_goes_with_the_handshake(
    listening: WebRtcTransport, server: ScriptedServer
) -> None:
    async def baker(_: web.Request) -> web.Response:
        answer = web.json_response({"ttl_seconds": 30})
        answer.set_cookie("media-gateway-route", "node-7")
        return answer

    async def wait(socket: web.WebSocketResponse) -> None:
        assert (await socket.receive()).type in {WSMsgType.CLOSE, WSMsgType.CLOSING}

    server.answer = baker
    assert await listening.renew_lease() == 30.0
    server.answer = socket_that(wait)
    await listening.connect_results()
    assert server.seen[-1].cookies == {"media-gateway-route": "node-7"}
    assert "Authorization" not in server.seen[-1].headers


@pytest.mark.parametrize("ttl", [None, 90, 0.5])
async def test_a_renewal_gives_the_new_ttl_or_none(
    listening: WebRtcTransport, server: ScriptedServer, ttl: float | None
) -> None:
    server.answer = server.json({"status": "ok", "ttl_seconds": ttl})
    assert await listening.renew_lease() == ttl


@pytest.mark.parametrize("body", ["[]", "hello", '{"ttl_seconds": -1}', '{"ttl_seconds": "x"}'])
async def test_a_renewal_that_is_none_is_a_protocol_error(
    listening: WebRtcTransport, server: ScriptedServer, body: str
) -> None:
    server.answer = server.text(body)
    with pytest.raises(ProtocolError):
        await listening.renew_lease()


# --- the track -----------------------------------------------------------------------------------


def sent_stamp(frame: VideoFrame) -> int:
    """The RTP time stamp that a frame goes out with."""
    _, stamp = Vp8Encoder().encode(frame)
    return stamp


async def test_the_track_gives_each_frame_once_and_the_last_one_again() -> None:
    drained: list[bool] = []
    track = FrameTrack(ScriptedFeed(3), lambda: drained.append(track.drained))
    assert [sent_stamp(await track.recv()) for _ in range(4)] == [0, 9000, 18000, 21000]
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert drained == [True]
    assert track.readyState == "ended"
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert drained == [True], "the end is told once"


async def test_the_clock_of_the_track_only_goes_forward() -> None:
    class Jumpy(ScriptedFeed):
        async def next_frame(self) -> Any:
            frame = await super().next_frame()
            times = {0: 5.0, 1: 5.0, 2: 1.0, 3: 5.0 + 9 / 90_000, 4: 5.0 + 12_001 / 90_000}
            if frame is not None:
                object.__setattr__(frame, "timestamp", times[frame.index])
            return frame

    track = FrameTrack(Jumpy(5), lambda: None)
    assert [sent_stamp(await track.recv()) for _ in range(5)] == [0, 1, 2, 9, 12_001]


async def test_an_empty_video_ends_without_a_frame() -> None:
    drained: list[bool] = []
    track = FrameTrack(ScriptedFeed(0), lambda: drained.append(True))
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert drained == [True]
