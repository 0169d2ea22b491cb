"""What media need on this machine: UDP, codecs, a WebRTC connection, the frame path."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from aiortc import RTCPeerConnection, RTCRtpCodecParameters
from aiortc.codecs import get_decoder, get_encoder
from aiortc.jitterbuffer import JitterFrame
from av.error import FFmpegError

from overshoot.domain.checkup import Finding, broken, doubtful, fine
from overshoot.framepath import simd_level, to_i420
from overshoot.rtc import close_peer, create_peer, gather_on
from overshoot.rtc.gathering import machine_addresses

LOOPBACK: Final = "127.0.0.1"
SECONDS: Final = 5.0
_CLOCK_RATE: Final = 90_000
_SIDE: Final = 256
_MOST_OFF: Final = 24.0
"""Levels of 255 by which a flat picture may differ after a lossy codec."""
_REINSTALL: Final = "reinstall the package, and report it with your system and Python version"


class FramePathCheck:
    """Whether the Rust part works, and how fast."""

    name = "frame path"

    async def findings(self) -> AsyncIterator[Finding]:
        """One."""
        microseconds = await asyncio.to_thread(_microseconds)
        level = simd_level()
        told = f"{level} kernels turn a 1280x720 picture in {microseconds / 1000:.2f} ms"
        yield fine(self.name, told, level=level, microseconds=round(microseconds))


def _microseconds(times: int = 5) -> float:
    pixels = np.zeros((720, 1280, 3), np.uint8)
    spent: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        to_i420(pixels)
        spent.append(time.perf_counter() - began)
    return min(spent) * 1e6


class UdpCheck:
    """Whether datagrams come back over loopback, and whether there is a way out."""

    name = "udp"

    async def findings(self) -> AsyncIterator[Finding]:
        """Two."""
        told = await _echoed()
        if told:
            remedy = "let firewalls on this machine pass UDP to 127.0.0.1"
            yield broken(f"{self.name} loopback", told, remedy)
            return
        yield fine(f"{self.name} loopback", "datagrams come back")
        outward = [each for each in machine_addresses() if each != LOOPBACK]
        if outward:
            yield fine(f"{self.name} outward", f"sent from {', '.join(outward)}", addresses=outward)
        else:
            told = "this machine has no address but loopback"
            remedy = "connect it to a network, unless all runs on it"
            yield doubtful(f"{self.name} outward", told, remedy)


class _Echo(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: asyncio.Future[bytes] = asyncio.Future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self.received.done():
            self.received.set_result(data)


async def _echoed() -> str:
    """What went wrong; ``""`` where nothing did."""
    loop = asyncio.get_running_loop()
    try:
        receiving, echo = await loop.create_datagram_endpoint(_Echo, local_addr=(LOOPBACK, 0))
    except OSError as error:
        return f"no UDP port can be had ({error.strerror})"
    try:
        port = receiving.get_extra_info("sockname")[1]
        sending, _ = await loop.create_datagram_endpoint(_Echo, remote_addr=(LOOPBACK, port))
        try:
            sending.sendto(b"overshoot")
            await asyncio.wait_for(echo.received, SECONDS)
        finally:
            sending.close()
    except (TimeoutError, OSError) as error:
        return f"a datagram to itself did not arrive ({type(error).__name__})"
    finally:
        receiving.close()
    return ""


class CodecCheck:
    """Whether each codec gives back a picture that it was given."""

    name = "codec"
    codecs: tuple[str, ...] = ("VP8", "H264")

    async def findings(self) -> AsyncIterator[Finding]:
        """One a codec; a gateway may want either."""
        for codec in self.codecs:
            yield await asyncio.to_thread(_round_trip, codec)


def _round_trip(name: str) -> Finding:
    hop = f"codec {name}"
    parameters = RTCRtpCodecParameters(mimeType=f"video/{name}", clockRate=_CLOCK_RATE)
    grey = np.full((_SIDE, _SIDE, 3), 128, np.uint8)
    picture: Any = av.VideoFrame.from_ndarray(grey, format="bgr24").reformat(format="yuv420p")
    picture.pts, picture.time_base = 0, Fraction(1, _CLOCK_RATE)
    try:
        payloads, timestamp = get_encoder(parameters).encode(picture, force_keyframe=True)
        encoded = JitterFrame(data=_depayloaded(parameters, payloads), timestamp=timestamp)
        decoded: list[Any] = get_decoder(parameters).decode(encoded)
    except (FFmpegError, ValueError, RuntimeError, OSError) as error:
        return broken(hop, f"it cannot be used ({type(error).__name__}: {error})", _REINSTALL)
    if not decoded:
        return broken(hop, "it gave no picture back", _REINSTALL)
    off = float(np.abs(decoded[0].to_ndarray(format="bgr24").astype(int) - 128).mean())
    if off > _MOST_OFF:
        return broken(hop, f"the picture it gave back is another one ({off:.0f} off)", _REINSTALL)
    return fine(hop, "it encodes and decodes")


def _depayloaded(parameters: RTCRtpCodecParameters, payloads: list[bytes]) -> bytes:
    from aiortc.codecs import depayload

    return b"".join(depayload(parameters, payload) for payload in payloads)


class WebRtcCheck:
    """Whether two peers in this process find each other: ICE, DTLS and a media path."""

    name = "webrtc"

    async def findings(self) -> AsyncIterator[Finding]:
        """One."""
        peers = create_peer(), create_peer()
        try:
            began = time.perf_counter()
            await asyncio.wait_for(_connect(*peers), SECONDS)
            spent = time.perf_counter() - began
        except (TimeoutError, ConnectionError, OSError):
            where = f"ICE is {peers[0].iceConnectionState}, the connection {_state(peers[0])}"
            remedy = "let firewalls on this machine pass UDP between its own programs"
            yield broken(self.name, f"two peers on loopback did not connect: {where}", remedy)
        else:
            yield fine(self.name, f"two peers on loopback connected in {spent:.2f} s")
        finally:
            for peer in peers:
                await close_peer(peer)


def _state(peer: RTCPeerConnection) -> str:
    return peer.connectionState


async def _connect(offering: RTCPeerConnection, answering: RTCPeerConnection) -> None:
    connected = asyncio.Event()

    def look() -> None:
        if offering.connectionState in {"connected", "failed"}:
            connected.set()

    offering.on("connectionstatechange", look)
    offering.addTransceiver("video", direction="sendrecv")
    gather_on(offering, (LOOPBACK,))
    await offering.setLocalDescription(await offering.createOffer())
    await answering.setRemoteDescription(offering.localDescription)
    gather_on(answering, (LOOPBACK,))
    await answering.setLocalDescription(await answering.createAnswer())
    await offering.setRemoteDescription(answering.localDescription)
    await connected.wait()
    if offering.connectionState != "connected":
        raise ConnectionError
