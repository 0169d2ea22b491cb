from __future__ import annotations

import asyncio
import threading
from typing import Any

import aiohttp
import pytest

from gateway.kit import Client, ScriptedBackend, Sender
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.ports.store import Store
from overshoot.testing.manual_clock import ManualClock

LOOPBACK = ("127.0.0.1",)


@pytest.fixture(autouse=True)
async def nothing_left_running() -> Any:
    before = set(threading.enumerate())
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        # aiohttp lets a connection that was cut in mid-body linger for a moment.
        _, left = await asyncio.wait(left, timeout=2)
    assert not left
    ours = {t for t in set(threading.enumerate()) - before if t.name.startswith("overshoot")}
    assert not ours


@pytest.fixture
def backend() -> Any:
    return ScriptedBackend()


@pytest.fixture
def clock() -> Any:
    return ManualClock()


@pytest.fixture
async def start(backend: ScriptedBackend, nothing_left_running: Any) -> Any:
    """Starts a gateway with settings of one's own; several may be started."""
    opened = []

    async def start(
        *, clock: ManualClock | None = None, own_store: Store | None = None, **settings: Any
    ) -> Any:
        chosen = GatewaySettings(**{"ice_addresses": LOOPBACK, **settings})
        gateway = LocalGateway(settings=chosen, backend=backend, clock=clock, store=own_store)
        await gateway.start()
        client = Client(gateway, aiohttp.ClientSession())
        opened.append(client)
        return client

    yield start
    for client in opened:
        await client.http.close()
        await client.gateway.stop()


@pytest.fixture
async def client(start: Any) -> Any:
    return await start()


@pytest.fixture(scope="session")
def offer_sdp() -> Any:
    """An offer whose sender never connects."""

    async def make() -> Any:
        sender = Sender()
        try:
            return await sender.offer(None)
        finally:
            await sender.close()

    return asyncio.run(make())
