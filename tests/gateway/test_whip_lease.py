"""Publishers send no keepalives: their video renews the lease, and pays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from gateway.kit import ScriptedBackend
from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.credit import Prepaid
from overshoot.domain.sampling import ClipSampling
from overshoot.domain.serving import ServeRequest
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.gateway.billing import Billing
from overshoot.gateway.media_lease import renew_while_video_comes
from overshoot.testing.manual_clock import ManualClock

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream

TTL = 40.0
REQUEST = ServeRequest(
    ClipSampling(1, 1.0, 1.0), StreamInferenceConfig(prompt="read", model="scripted"), source="whip"
)


@pytest.fixture
async def published(clock: ManualClock) -> Any:
    """A publisher's stream, which costs a cent a second, of 200."""
    serving = Serving(ScriptedBackend(), clock=clock, settings=ServingSettings(TTL))
    accounts = Prepaid(200, 60)
    billing = Billing(accounts, clock)
    stream = await serving.create("owner", REQUEST)
    billing.begin("owner", stream)
    renewing = asyncio.create_task(renew_while_video_comes(stream, billing, clock))
    yield stream, accounts
    renewing.cancel()
    await asyncio.wait({renewing})
    await serving.stop()


async def play(stream: ServedStream, clock: ManualClock, seconds: int) -> None:
    """A frame each second."""
    for _ in range(seconds):
        await clock.advance(1)
        arrival = stream.arrived(int(clock.monotonic() * 90_000), 16, 16)
        if arrival.wanted:
            stream.add(arrival, np.zeros((16, 16, 3), np.uint8))


async def test_it_lasts_as_long_as_the_video_and_its_time_after_the_last_frame(
    clock: ManualClock, published: Any
) -> None:
    stream, _ = published
    await play(stream, clock, 90)
    last = clock.monotonic()
    assert stream.reason is None
    await clock.advance(15)
    assert stream.lease.deadline == last + TTL
    await clock.advance(TTL - 15 - 0.5)
    assert stream.reason is None
    await clock.advance(1)
    assert stream.reason == "lease_expired"


async def test_without_a_frame_it_ends_as_it_began(clock: ManualClock, published: Any) -> None:
    stream, accounts = published
    await clock.advance(TTL - 1)
    assert stream.reason is None
    await clock.advance(1)
    assert stream.reason == "lease_expired"
    assert accounts.has_any("owner")


async def test_it_is_paid_for_until_nothing_is_left(clock: ManualClock, published: Any) -> None:
    stream, accounts = published
    await play(stream, clock, 195)
    assert accounts.has_any("owner")
    await play(stream, clock, 10)
    assert not accounts.has_any("owner")
    assert stream.reason is None
    await play(stream, clock, int(TTL))
    assert stream.reason == "insufficient_credits"
