"""Who receives in the soak: our gateway with a model that does nothing, and stock aiortc alone."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any

from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.rtc import close_peer, create_peer, gather_on

LOOPBACK = ("127.0.0.1",)


class Nothing:
    """A model that answers at once and never looks."""

    name = "nothing"

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("nothing", ready=True, status="ready"),)

    async def start_session(self, model: str) -> Nothing:
        del model
        return self

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        del request
        return InferenceAnswer("nothing")

    async def close(self) -> None:
        pass


async def gateway() -> None:
    """Serve until standard input is closed."""
    settings = GatewaySettings(
        ice_addresses=LOOPBACK,
        streams=1000,
        streams_per_key=1000,
        creations_per_second=1000.0,
        creation_burst=1000,
    )
    async with LocalGateway(settings=settings, backend=Nothing()) as served:
        await _until_closed(served.url, served.api_key)


class StockAiortc:
    """The least that receives: a peer connection each, and a loop that takes its frames.

    It speaks as much of the API as the senders need to begin and to end.
    """

    def __init__(self) -> None:
        self._peers: dict[str, tuple[RTCPeerConnection, list[int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(self, request: web.Request) -> web.Response:
        offer = (await request.json())["webrtc"]["sdp"]
        peer, frames, stream_id = create_peer(), [0], str(uuid.uuid4())
        self._peers[stream_id] = (peer, frames)

        def on_track(track: Any) -> None:
            task = asyncio.create_task(self._take(track, frames))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        peer.on("track", on_track)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        gather_on(peer, LOOPBACK)
        await peer.setLocalDescription(await peer.createAnswer())
        answer = {"type": "answer", "sdp": peer.localDescription.sdp}
        lease = {"ttl_seconds": 86_400}
        return web.json_response({"stream_id": stream_id, "webrtc": answer, "lease": lease})

    async def info(self, request: web.Request) -> web.Response:
        return web.json_response({"frames_received": self._peers[request.match_info["id"]][1][0]})

    async def delete(self, request: web.Request) -> web.Response:
        await close_peer(self._peers.pop(request.match_info["id"])[0])
        return web.json_response({"status": "ok"})

    async def serve(self) -> None:
        """Until standard input is closed."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/streams", self.create),
                web.get("/streams/{id}/info", self.info),
                web.delete("/streams/{id}", self.delete),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await _until_closed(f"http://127.0.0.1:{runner.addresses[0][1]}", "none")
        await runner.cleanup()

    @staticmethod
    async def _take(track: Any, frames: list[int]) -> None:
        try:
            while True:
                await track.recv()
                frames[0] += 1
        except MediaStreamError:
            pass


async def _until_closed(url: str, key: str) -> None:
    print(json.dumps({"url": url, "key": key}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
