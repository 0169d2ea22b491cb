"""The WebRTC transport keeps the contract of transports, against a real gateway on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, pack_remb_fci

from overshoot.adapters.transports.webrtc.gateway_api import GatewayApi
from overshoot.adapters.transports.webrtc.transport import WebRtcTransport
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.ports.transport import Transport
from overshoot.testing.contracts.transport import (
    TTL,
    GatewayTransportContract,
    ScriptedFeed,
    asking,
    media,
)
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until

Form = Literal["webrtc", "source"]
Codec = Literal["VP8", "H264"]


class WebRtcHarness:
    def __init__(self, form: Form, codec: Codec) -> None:
        self.form: Form = form
        self.codec: Codec = codec
        self.backend = EchoInference()
        self.clock = ManualClock()
        settings = GatewaySettings(ice_addresses=("127.0.0.1",), lease_ttl_seconds=TTL)
        self.gateway = LocalGateway(settings=settings, backend=self.backend, clock=self.clock)
        self._apis: dict[int, GatewayApi] = {}

    def transport(self, *, key: str | None = None, steady: bool = False) -> WebRtcTransport:
        api = GatewayApi(self.gateway.url, key or self.gateway.api_key)
        transport = WebRtcTransport(api, form=self.form, codec=self.codec, steady=steady)
        self._apis[id(transport)] = api
        return transport

    def spoil_key(self, transport: Transport) -> None:
        self._apis[id(transport)]._api_key = "spoiled"

    async def disappear(self, transport: Transport) -> None:
        await self.gateway.stop()


@asynccontextmanager
async def running(form: Form, codec: Codec) -> AsyncIterator[WebRtcHarness]:
    made = WebRtcHarness(form, codec)
    with nothing_left():
        before = asyncio.all_tasks()
        async with made.gateway:
            yield made
        # On a busy machine an encoder may still be at its last picture; nothing waits for it.
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if left:
            await asyncio.wait(left, timeout=5)


@pytest.fixture
async def harness() -> AsyncIterator[WebRtcHarness]:
    async with running("webrtc", "VP8") as made:
        yield made


class TestWebRtcContract(GatewayTransportContract):
    pass


class TestWebRtcContractInTheSourceFormWithH264(GatewayTransportContract):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[WebRtcHarness]:
        async with running("source", "H264") as made:
            yield made


@pytest.mark.parametrize("form", ["webrtc", "source"])
@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_both_forms_of_the_request_and_both_codecs_carry_pictures(
    form: Form, codec: Codec
) -> None:
    async with running(form, codec) as harness:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed(12))
        await media(transport, "drained")
        assert chosen_codec(transport) == codec
        await until(lambda: any(r.frames[-1].index == 11 for r in harness.backend.requests))
        await transport.close()


@pytest.mark.parametrize(("codec", "most"), [("VP8", 1_500_000), ("H264", 3_000_000)])
@pytest.mark.parametrize("steady", [True, False])
async def test_a_steady_transport_passes_over_what_the_receiver_estimates(
    codec: Codec, most: int, steady: bool
) -> None:
    async with running("webrtc", codec) as harness:
        transport = harness.transport(steady=steady)
        await transport.open(asking(), ScriptedFeed())
        await until(lambda: len(harness.backend.requests) >= 3)
        assert transport._peer is not None
        sender: Any = transport._peer.getSenders()[0]
        estimate = pack_remb_fci(600_000, [sender._ssrc])
        # As the router of aiortc's DTLS transport hands it over.
        await sender._handle_rtcp_packet(RtcpPsfbPacket(RTCP_PSFB_APP, 1, 0, estimate))
        encoder = sender._RTCRtpSender__encoder
        assert encoder.target_bitrate == (most if steady else 600_000)
        await until(lambda: len(harness.backend.requests) >= 6)
        assert (encoder.codec.bit_rate == most) is steady
        await transport.close()


def chosen_codec(transport: WebRtcTransport) -> str:
    """The first one of the gateway's answer, which is the one that is sent."""
    assert transport._peer is not None
    answer: str = transport._peer.remoteDescription.sdp
    found = re.search(r"^m=video \d+ \S+ (\d+)", answer, re.MULTILINE)
    assert found is not None
    name = re.search(rf"^a=rtpmap:{found[1]} (\w+)/", answer, re.MULTILINE)
    assert name is not None
    return name[1]
