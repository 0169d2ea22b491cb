"""What the gateway's tests share: a backend that tells what it saw, and a sender of frames."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import aiohttp
import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from attrs import define, field

from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo
from overshoot.errors import InferenceError
from overshoot.gateway.openapi import document
from overshoot.rtc import close_peer, create_peer, gather_on
from overshoot.wire.schema import CompiledSchema

if TYPE_CHECKING:
    from overshoot.gateway import LocalGateway

SIDE = 64
CELLS = 6
"""Frames carry their number as six bright or dark columns, which no codec can blur away."""


def numbered_frame(number: int, *, width: int = 96, height: int = SIDE) -> av.VideoFrame:
    cell = width // CELLS
    luma = np.full((height, width), 30, np.uint8)
    for bit in range(CELLS):
        if number >> bit & 1:
            luma[:, bit * cell : (bit + 1) * cell] = 220
    chroma = np.full((height // 2, width), 128, np.uint8)
    return av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")


def read_number(pixels: Any) -> int:
    cell = pixels.shape[1] // CELLS
    centres = [pixels[:, b * cell + cell // 4 : (b + 1) * cell - cell // 4] for b in range(CELLS)]
    return sum((int(centre.mean()) > 127) << bit for bit, centre in enumerate(centres))


class NumberedTrack(MediaStreamTrack):
    """Frames 0, 1, 2 … with exact time stamps, sent faster than real time; then the end."""

    kind = "video"

    def __init__(self, count: int, fps: int, *, pace: float = 0.004, **size: int) -> None:
        super().__init__()
        self._count = count
        self._ticks = 90_000 // fps
        self._pace = pace
        self._size = size
        self._next = 0
        self.finished = asyncio.Event()

    async def recv(self) -> av.VideoFrame:
        if self.readyState != "live" or self._next >= self._count:
            self.stop()
            self.finished.set()
            raise MediaStreamError
        await asyncio.sleep(self._pace)
        frame = numbered_frame(self._next % 2**CELLS, **self._size)
        frame.pts = self._next * self._ticks
        frame.time_base = Fraction(1, 90_000)
        self._next += 1
        return frame


@define
class Sender:
    """A client's peer with one offer."""

    peer: RTCPeerConnection = field(factory=create_peer)
    connected: asyncio.Event = field(factory=asyncio.Event)

    async def offer(self, track: MediaStreamTrack | None, *, codec: str | None = None) -> str:
        self.peer.on("connectionstatechange", self._on_state)
        if track is not None:
            self.peer.addTrack(track)
        else:
            self.peer.addTransceiver("video", direction="sendonly")
        if codec is not None:
            wanted = [
                c
                for c in RTCRtpSender.getCapabilities("video").codecs
                if c.mimeType.lower() == f"video/{codec}".lower()
            ]
            self.peer.getTransceivers()[0].setCodecPreferences(wanted)
        gather_on(self.peer, ("127.0.0.1",))
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def accept(self, answer_sdp: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(answer_sdp, "answer"))

    async def close(self) -> None:
        await close_peer(self.peer)

    def _on_state(self) -> None:
        if self.peer.connectionState == "connected":
            self.connected.set()


@define
class ScriptedSession:
    """Answers with the numbers it read; ``gate`` holds it, ``failure`` makes it raise."""

    backend: ScriptedBackend

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        self.backend.requests.append(request)
        self.backend.asked.set()
        await self.backend.gate.wait()
        if self.backend.failure is not None:
            raise self.backend.failure
        return InferenceAnswer(self.backend.text or request.prompt)

    async def close(self) -> None:
        self.backend.closed_sessions += 1
        if self.backend.stuck:
            await asyncio.Event().wait()


@define
class ScriptedBackend:
    """Every model but ``unknown``; remembers what it was asked.

    No session opens while ``opening`` is cleared.
    """

    requests: list[InferenceRequest] = field(factory=list)
    gate: asyncio.Event = field(factory=asyncio.Event)
    asked: asyncio.Event = field(factory=asyncio.Event)
    failure: Exception | None = None
    text: str | None = None
    closed_sessions: int = 0
    stuck: bool = False
    name: str = "scripted"
    opening: asyncio.Event = field(factory=asyncio.Event)
    broken: bool = False
    loading: bool = False

    def __attrs_post_init__(self) -> None:
        self.gate.set()
        self.opening.set()

    def models(self) -> tuple[ModelInfo, ...]:
        if self.broken:
            msg = "the secret place"
            raise RuntimeError(msg)
        if self.loading:
            return (ModelInfo("scripted", ready=False, status="unavailable"),)
        return (ModelInfo("scripted", ready=True, status="ready", can_tell=("numbers",)),)

    async def start_session(self, model: str) -> ScriptedSession:
        if model == "unknown":
            msg = "there is no model 'unknown'"
            raise InferenceError(msg)
        await self.opening.wait()
        return ScriptedSession(self)

    async def close(self) -> None:
        pass


def create_body(sdp: str, **processing: Any) -> dict[str, Any]:
    return {
        "webrtc": {"type": "offer", "sdp": sdp},
        "processing": processing
        or {"target_fps": 5, "clip_length_seconds": 1.0, "delay_seconds": 1.0},
        "inference": {"prompt": "read", "model": "scripted"},
    }


class Contract:
    """The gateway's own document, which every answer that a test sees has to keep to."""

    def __init__(self, strict: bool) -> None:
        self._document = document(strict=strict, server="/")
        self._operations = [
            (re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in self._document["paths"]
        ]
        self._schemas: dict[str, CompiledSchema] = {}

    @staticmethod
    @cache
    def of(strict: bool) -> Contract:
        return Contract(strict)

    def operation(self, method: str, path: str) -> Any:
        """The operation that a request is for, or None: paths without parameters come first."""
        path = path.partition("?")[0]
        for pattern, template in sorted(self._operations, key=lambda each: "{" in each[1]):
            found = self._document["paths"][template].get(method.lower())
            if found is not None and pattern.fullmatch(path):
                return found
        return None

    def check(self, operation: Any, response: Any) -> None:
        status = response.status
        assert str(status) in operation["responses"], (operation["operationId"], status)
        content = operation["responses"][str(status)].get("content")
        body = response._body
        if content is None:
            assert not body
            return
        assert response.content_type in content
        schema = content[response.content_type].get("schema")
        if schema is None:
            assert body
            return
        name = schema["$ref"].rpartition("/")[2]
        assert not self._schema(name).faults(json.loads(body)), (name, status)

    def check_result(self, result: dict[str, Any]) -> None:
        """A message of a result socket has the fields that are documented and no others."""
        name = "StreamInferenceResult"
        assert set(result) == set(self._document["components"]["schemas"][name]["properties"])
        assert not self._schema(name).faults(result)

    def _schema(self, name: str) -> CompiledSchema:
        if name not in self._schemas:
            components = self._document["components"]
            whole = {**components["schemas"][name], "components": components}
            self._schemas[name] = CompiledSchema(whole)
        return self._schemas[name]


@define
class Client:
    """Calls of one gateway, with its key."""

    gateway: LocalGateway
    http: aiohttp.ClientSession
    key: str | None = None
    seen: set[tuple[str, int]] = field(factory=set)
    """Operations and the statuses they answered with."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key or self.gateway.api_key}"}

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        response = await self.request(method, path, **options)
        text = await response.text()
        return response.status, json.loads(text) if text else None

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        async with self.http.request(
            method, self.gateway.url + path, headers=headers, **options
        ) as response:
            await response.read()
        contract = Contract.of(self.gateway.settings.strict)
        operation = contract.operation(method, path)
        if operation is not None:
            contract.check(operation, response)
            self.seen.add((operation["operationId"], response.status))
        return response

    async def create(self, sdp: str, **processing: Any) -> str:
        status, body = await self.call("POST", "/streams", json=create_body(sdp, **processing))
        assert status == 201, body
        return str(body["stream_id"])

    async def open_socket(self, stream_id: str, *, hello: Any = ...) -> Any:
        socket = await self.http.ws_connect(f"{self.gateway.url}/ws/streams/{stream_id}")
        if hello is ...:
            hello = {"api_key": self.key or self.gateway.api_key}
        if hello is not None:
            await socket.send_json(hello)
        return socket


@asynccontextmanager
async def running(
    client: Client, *, inference: Mapping[str, Any] | None = None, **processing: Any
) -> AsyncIterator[str]:
    """A stream whose video goes on."""
    sender = Sender()
    track = NumberedTrack(100_000, 10, pace=0.01)
    try:
        chosen = processing or {"interval_seconds": 0.3}
        body = create_body(await sender.offer(track), **chosen)
        body["inference"] |= inference or {}
        status, answer = await client.call("POST", "/streams", json=body)
        assert status == 201, answer
        await sender.accept(answer["webrtc"]["sdp"])
        await sender.connected.wait()
        yield answer["stream_id"]
    finally:
        await sender.close()


async def read_to_end(socket: Any) -> tuple[list[dict[str, Any]], int, str]:
    """All results of a result socket, and how it was closed."""
    results = []
    while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        results.append(json.loads(message.data))
        Contract.of(False).check_result(results[-1])
    assert message.type is aiohttp.WSMsgType.CLOSE, message
    return results, int(message.data), str(message.extra)


async def stream_video(
    client: Client, track: Any, *, codec: str | None = None, **processing: Any
) -> Any:
    """Send a whole video; the results, and how the result socket was closed."""
    sender = Sender()
    try:
        offer = await sender.offer(track, codec=codec)
        status, body = await client.call("POST", "/streams", json=create_body(offer, **processing))
        assert status == 201, body
        socket = await client.open_socket(body["stream_id"])
        await sender.accept(body["webrtc"]["sdp"])
        await sender.connected.wait()
        await track.finished.wait()
        # The receiver gives a frame out once the next has begun, so the last needs a moment.
        await asyncio.sleep(0.1)
    finally:
        await sender.close()
    return await read_to_end(socket)
