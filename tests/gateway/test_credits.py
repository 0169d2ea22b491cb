from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.kit import Client, create_body, read_to_end
from overshoot.domain.credit import Charge
from overshoot.gateway import GatewaySettings, LocalGateway

if TYPE_CHECKING:
    from gateway.kit import ScriptedBackend
    from overshoot.testing.manual_clock import ManualClock


async def test_minutes_are_charged_until_nothing_is_left(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(clock=clock, credit_cents=25, cents_per_minute=10, connect_seconds=3600.0)
    stream_id = await client.create(offer_sdp)
    socket = await client.open_socket(stream_id)
    keepalive = f"/streams/{stream_id}/keepalive"
    for left in (15, 5):
        await clock.advance(60)
        status, body = await client.call("POST", keepalive)
        assert (status, body["credits_remaining_cents"]) == (200, left)
        assert (body["cost_cents"], body["seconds_charged"]) == pytest.approx((10, 60), abs=0.5)
    await clock.advance(60)
    for _ in range(2):
        status, body = await client.call("POST", keepalive)
        assert (status, body["error"]) == (402, "insufficient_credits")
    status, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
    assert (status, body["error"]) == (402, "insufficient_credits")
    # The lease was not renewed, and this is why the stream ends with it.
    await clock.advance(31)
    assert await read_to_end(socket) == ([], 1001, "stream ended: insufficient_credits")


async def test_each_key_pays_for_itself(start: Any, clock: ManualClock, offer_sdp: str) -> None:
    client = await start(
        clock=clock, api_keys=("ovs_one", "ovs_two"), credit_cents=1, cents_per_minute=60
    )
    stream_id = await client.create(offer_sdp)
    await clock.advance(2)
    assert (await client.call("POST", f"/streams/{stream_id}/keepalive"))[0] == 402
    other = Client(client.gateway, client.http, "ovs_two")
    await other.create(offer_sdp)


class Ledger:
    """A user's own accounts."""

    def __init__(self) -> None:
        self.charged: list[tuple[str, float]] = []

    def has_any(self, owner: str) -> bool:
        return owner == "key-0"

    def charge(self, owner: str, seconds: float) -> Charge:
        self.charged.append((owner, seconds))
        return Charge(seconds, 0.0, 100.0)


async def test_accounts_of_ones_own_are_charged_for_the_rest_as_well(
    backend: ScriptedBackend, clock: ManualClock, offer_sdp: str
) -> None:
    import aiohttp

    ledger = Ledger()
    settings = GatewaySettings(api_keys=("ovs_one", "ovs_two"), ice_addresses=("127.0.0.1",))
    async with (
        LocalGateway(settings=settings, backend=backend, accounts=ledger, clock=clock) as gateway,
        aiohttp.ClientSession() as http,
    ):
        client, poor = Client(gateway, http), Client(gateway, http, "ovs_two")
        assert (await poor.call("POST", "/streams", json=create_body(offer_sdp)))[0] == 402
        stream_id = await client.create(offer_sdp)
        await clock.advance(10)
        await client.call("POST", f"/streams/{stream_id}/keepalive")
        await clock.advance(4)
        await client.call("DELETE", f"/streams/{stream_id}")
    assert {owner for owner, _ in ledger.charged} == {"key-0"}
    assert sum(seconds for _, seconds in ledger.charged) == pytest.approx(14, abs=0.1)
    assert len(ledger.charged) == 2


async def test_a_key_that_asks_too_often_waits(start: Any, clock: ManualClock) -> None:
    client = await start(clock=clock, creations_per_second=0.1, creation_burst=2)
    for _ in range(2):
        assert (await client.call("POST", "/streams", json={}))[0] == 422
    response = await client.request("POST", "/streams", json={})
    assert (response.status, response.headers["Retry-After"]) == (429, "10")
    await clock.advance(10)
    assert (await client.call("POST", "/streams", json={}))[0] == 422
