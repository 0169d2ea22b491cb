"""The senders of the soak: many streams of one process, whose video was encoded once.

Each stream is an ordinary one: an offer, SRTP over UDP, keepalives, a result socket, a DELETE. Only
the pictures are the same few seconds of VP8 again and again, so that what is measured is whoever
receives. Every result is held to its order as it comes.
"""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction
from typing import Any

import aiohttp
import av
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.source import SyntheticSource
from overshoot.rtc import close_peer, create_peer, gather_on

CLOCK = 90_000
LOOP_SECONDS = 4.0
BIT_RATE = 500_000
_NO_CONTENT = 204
ASK = {"target_fps": 6, "clip_length_seconds": 0.5, "delay_seconds": 0.5}
"""As the published JavaScript client asks by default."""


def encoded_scene(width: int, height: int, fps: int) -> list[bytes]:
    """Some seconds of VP8 that can be repeated, as they begin with a key frame; one each second."""
    source = SyntheticScene(
        SyntheticSource(width=width, height=height, fps=fps, duration_seconds=LOOP_SECONDS)
    )
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = Fraction(1, fps)
    codec.bit_rate, codec.gop_size = BIT_RATE, fps
    # Threads of this encoder wait for each other by spinning, for ages where cores are busy.
    codec.thread_count = 1
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets: list[bytes] = []
    source.open()
    while (frame := source.read()) is not None:
        picture = av.VideoFrame.from_ndarray(frame.pixels, format="bgr24").reformat(
            format="yuv420p"
        )
        picture.pts = len(packets)
        packets += [bytes(packet) for packet in codec.encode(picture)]
    source.close()
    return packets


class LoopedTrack(MediaStreamTrack):
    """Encoded frames at their times, over and over; aiortc sends packets as they are."""

    kind = "video"

    def __init__(self, packets: list[bytes], fps: int, delay: float) -> None:
        super().__init__()
        self._packets = packets
        self._fps = fps
        self._begins_at = asyncio.get_running_loop().time() + delay
        self.sent = 0
        self.ended = False

    async def recv(self) -> Any:
        due = self._begins_at + self.sent / self._fps
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        if self.ended:
            # Not the end of the track: with it the stream would go, and its counts.
            await asyncio.Event().wait()
        packet = av.Packet(self._packets[self.sent % len(self._packets)])
        packet.pts = self.sent * CLOCK // self._fps
        packet.time_base = Fraction(1, CLOCK)
        self.sent += 1
        return packet


class SoakStream:
    """One stream and what came of it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, key: str) -> None:
        self._http = http
        self._url = url
        self._key = key
        self._peer: RTCPeerConnection = create_peer()
        self._id = ""
        self._ttl = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self.results = 0
        self.faults: list[str] = []
        self._next_seq = 0
        self._last_end = -1
        self.track: LoopedTrack | None = None

    async def start(self, track: LoopedTrack, *, with_results: bool) -> None:
        self.track = track
        self._peer.addTrack(track)
        codecs = RTCRtpSender.getCapabilities("video").codecs
        vp8 = [codec for codec in codecs if codec.mimeType == "video/VP8"]
        self._peer.getTransceivers()[0].setCodecPreferences(vp8)
        gather_on(self._peer, ("127.0.0.1",))
        await self._peer.setLocalDescription(await self._peer.createOffer())
        body = {
            "webrtc": {"type": "offer", "sdp": self._peer.localDescription.sdp},
            "processing": ASK,
            "inference": {"prompt": "nothing", "model": "nothing"},
        }
        made = await self._call("POST", "/streams", json=body)
        assert made is not None, self.faults
        self._id = made["stream_id"]
        self._ttl = made["lease"]["ttl_seconds"]
        if with_results:
            socket = await self._http.ws_connect(f"{self._url}/ws/streams/{self._id}")
            await socket.send_json({"api_key": self._key, "notices": True})
            self._tasks.append(asyncio.create_task(self._read(socket)))
        self._tasks.append(asyncio.create_task(self._keep_alive()))
        await self._peer.setRemoteDescription(
            RTCSessionDescription(made["webrtc"]["sdp"], "answer")
        )

    def stop_sending(self) -> None:
        assert self.track is not None
        self.track.ended = True

    async def counted(self) -> dict[str, Any]:
        return await self._call("GET", f"/streams/{self._id}/info") or {}

    async def end(self) -> None:
        await self._call("DELETE", f"/streams/{self._id}")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await close_peer(self._peer)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            told = json.loads(message.data)
            if told.get("type") == "gap":
                self.faults.append(f"{told['dropped']} results were missing")
                continue
            self.results += 1
            if told["seq"] != self._next_seq:
                self.faults.append(f"seq {told['seq']} came for {self._next_seq}")
            if not self._last_end < told["frame_start"] <= told["frame_end"]:
                self.faults.append(f"frames {told['frame_start']} after {self._last_end}")
            if not told["ok"]:
                self.faults.append(f"failed: {told['error']}")
            self._next_seq, self._last_end = told["seq"] + 1, told["frame_end"]

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._ttl / 2)
            await self._call("POST", f"/streams/{self._id}/keepalive")

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key}"}
        async with self._http.request(
            method, self._url + path, headers=headers, **options
        ) as response:
            if response.ok:
                return await response.json() if response.status != _NO_CONTENT else None
            self.faults.append(f"{method} {path}: {response.status} {await response.text()}")
            return None


async def send(
    url: str,
    key: str,
    *,
    streams: int,
    seconds: float,
    size: tuple[int, int],
    fps: int,
    with_results: bool,
) -> dict[str, Any]:
    """Run ``streams`` streams that long; the sums of what was sent, counted and found wrong."""
    packets = encoded_scene(*size, fps)
    async with aiohttp.ClientSession() as http:
        running = [SoakStream(http, url, key) for _ in range(streams)]
        for number, stream in enumerate(running):
            # Not all in the same instant: that would be nobody's streams.
            track = LoopedTrack(packets, fps, number / streams / fps)
            await stream.start(track, with_results=with_results)
        print(json.dumps({"running": streams}), flush=True)
        await asyncio.sleep(seconds)
        for stream in running:
            stream.stop_sending()
        # What is on the network and at the model comes to its end.
        await asyncio.sleep(1.0)
        infos = [await stream.counted() for stream in running]
        # A stream that is gone has told its fault, and has no counts.
        there = [number for number, info in enumerate(infos) if info]
        told = {
            "sent": sum(stream.track.sent for stream in running if stream.track is not None),
            "results": sum(stream.results for stream in running),
            "faults": [fault for stream in running for fault in stream.faults],
            "infos": [infos[number] for number in there],
            "results_by_stream": [running[number].results for number in there],
        }
        for stream in running:
            await stream.end()
        return told
