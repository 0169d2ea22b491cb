"""The loopback transport keeps the contract of transports, and fails as it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from overshoot.errors import NetworkError, RateLimitError
from overshoot.ports.transport import Transport
from overshoot.testing.contracts.transport import (
    TTL,
    GatewayTransportContract,
    ScriptedFeed,
    asking,
    closing,
    media,
    next_result,
)
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.loopback import LoopbackTransport
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left


class LoopbackHarness:
    def __init__(self) -> None:
        self.backend = EchoInference()
        self.clock = ManualClock()

    def transport(self, *, key: str | None = None) -> LoopbackTransport:
        return LoopbackTransport(
            self.backend,
            self.clock,
            api_key=key or "good",
            known_keys=["good"],
            lease_ttl_seconds=TTL,
        )

    def spoil_key(self, transport: Transport) -> None:
        assert isinstance(transport, LoopbackTransport)
        transport.known_keys.clear()

    async def disappear(self, transport: Transport) -> None:
        assert isinstance(transport, LoopbackTransport)
        transport.refuse_next(NetworkError("the gateway cannot be reached"))


@pytest.fixture
async def harness() -> AsyncIterator[LoopbackHarness]:
    with nothing_left():
        yield LoopbackHarness()


class TestLoopbackContract(GatewayTransportContract):
    pass


async def test_a_refusal_is_for_one_request(harness: LoopbackHarness) -> None:
    transport = harness.transport()
    await transport.open(asking(), ScriptedFeed())
    transport.refuse_next(RateLimitError("slowly"))
    with pytest.raises(RateLimitError):
        await transport.renew_lease()
    assert await transport.renew_lease() == TTL
    await transport.close()


@pytest.mark.parametrize("code", [None, 1006, 1011])
async def test_a_dropped_channel_can_be_opened_again(
    harness: LoopbackHarness, code: int | None
) -> None:
    transport = harness.transport()
    await transport.open(asking(), ScriptedFeed())
    await transport.connect_results()
    await next_result(transport)
    transport.drop_results(code, "dropped")
    closed = await closing(transport)
    assert (closed.code, closed.reason) == (code, "dropped")
    await transport.connect_results()
    await next_result(transport)
    await transport.close()


async def test_lost_media_end_the_stream(harness: LoopbackHarness) -> None:
    transport = harness.transport()
    await transport.open(asking(), ScriptedFeed())
    await transport.connect_results()
    transport.lose_media()
    await media(transport, "failed")
    assert (await closing(transport)).reason == "stream ended: webrtc_disconnected"
    assert transport.ended == "webrtc_disconnected"
    await transport.close()


async def test_a_lease_can_expire_at_once(harness: LoopbackHarness) -> None:
    transport = harness.transport()
    await transport.open(asking(), ScriptedFeed())
    await transport.connect_results()
    transport.expire_lease()
    assert (await closing(transport)).reason == "stream ended: lease_expired"
    await transport.close()


async def test_without_a_lease_it_lives_on(harness: LoopbackHarness) -> None:
    transport = LoopbackTransport(harness.backend, harness.clock, lease_ttl_seconds=None)
    opened = await transport.open(asking(), ScriptedFeed())
    assert opened.lease_ttl_seconds is None
    await harness.clock.advance(1e6)
    assert await transport.renew_lease() is None
    await transport.close()


async def test_a_slow_backend_is_asked_about_the_newest_clip(harness: LoopbackHarness) -> None:
    harness.backend.gate.clear()
    transport = harness.transport()
    feed = ScriptedFeed(30)
    await transport.open(asking(), feed)
    await transport.connect_results()
    await media(transport, "drained")
    assert len(harness.backend.requests) == 1
    harness.backend.gate.set()
    await closing(transport)
    assert [request.frames[-1].index for request in harness.backend.requests][1] >= 28
    await transport.close()


async def test_a_session_that_is_opened_for_nobody_is_closed(harness: LoopbackHarness) -> None:
    transport = harness.transport()
    opening = asyncio.create_task(transport.open(asking(), ScriptedFeed()))
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait({opening})
    await transport.close()
    assert harness.backend.open_sessions == 0
