from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from overshoot.errors import ConfigurationError, NetworkError
from overshoot.gateway import GatewaySettings, LocalGateway

if TYPE_CHECKING:
    from gateway.kit import ScriptedBackend


async def test_it_tells_where_it_is_and_with_which_key(backend: ScriptedBackend) -> None:
    async with LocalGateway(backend=backend) as gateway:
        assert gateway.url == f"http://127.0.0.1:{gateway.port}/api/v0.2"
        assert gateway.api_key.startswith("ovs_")
        assert gateway.settings.ice_addresses == ("127.0.0.1",)
        assert await gateway.start() is gateway


async def test_stopping_twice_and_starting_again(backend: ScriptedBackend) -> None:
    gateway = LocalGateway(backend=backend)
    await gateway.stop()
    for _ in range(2):
        await gateway.start()
        await gateway.stop()
        await gateway.stop()


async def test_a_port_in_use(backend: ScriptedBackend) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NetworkError, match="in use") as caught:
            await LocalGateway(backend=backend, port=port).start()
    assert isinstance(caught.value.cause, OSError)


async def test_a_host_of_another_machine(backend: ScriptedBackend) -> None:
    with pytest.raises(ConfigurationError, match="no address of this machine"):
        await LocalGateway(backend=backend, host="192.0.2.1").start()


@pytest.mark.parametrize(
    "options", [{"port": 70_000}, {"port": -1}, {"port": "80"}, {"port": True}, {"host": ""}]
)
def test_places_that_cannot_be(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        LocalGateway(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"lease_ttl_seconds": 0},
        {"api_keys": ("",)},
        {"api_keys": (7,)},
        {"api_keys": ("schlüssel",)},
        {"prefixes": ()},
        {"prefixes": ("api",)},
        {"prefixes": ("/api/",)},
        {"json_bytes": 0},
        {"ping_seconds": float("nan")},
    ],
)
def test_settings_that_cannot_be(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        GatewaySettings(**options)


async def test_it_listens_on_ipv6_where_there_is_one(backend: ScriptedBackend) -> None:
    try:
        async with LocalGateway(backend=backend, host="::1") as gateway:
            assert gateway.url.startswith("http://[::1]:")
    except ConfigurationError:
        pytest.skip("this machine has no IPv6 loopback")


async def test_its_own_backend_is_closed_with_it(
    monkeypatch: Any, backend: ScriptedBackend
) -> None:
    from overshoot import bootstrap

    closed = asyncio.Event()

    async def close() -> None:
        closed.set()

    monkeypatch.setattr(type(backend), "close", lambda self: close())
    monkeypatch.setattr(bootstrap, "inference_backend", {"local": backend}.__getitem__)
    async with LocalGateway():
        assert not closed.is_set()
    assert closed.is_set()
    closed.clear()
    async with LocalGateway(backend=backend):
        pass
    assert not closed.is_set()
