"""Where video is received: relays, fixed ports, and an address of somebody else's."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from gateway.kit import Client, NumberedTrack, Sender, create_body, read_to_end
from overshoot.domain.stream import IceServer
from overshoot.domain.turn import TurnSecret
from overshoot.errors import ConfigurationError
from overshoot.gateway import GatewaySettings
from overshoot.testing.manual_clock import ManualClock
from support.turn_server import TurnServer

HOST = "127.0.0.1"
PUBLIC = "127.0.0.2"


def candidates(sdp: str) -> list[tuple[str, str, int]]:
    """Type, address and port of the candidates of a description."""
    found = [line.split() for line in sdp.splitlines() if line.startswith("a=candidate:")]
    return [(line[7], line[4], int(line[5])) for line in found]


def without_candidates(sdp: str) -> str:
    lines = sdp.splitlines(keepends=True)
    return "".join(x for x in lines if not x.startswith(("a=candidate:", "a=end-of-candidates")))


async def stream_through(client: Client, *, hidden: bool) -> list[dict[str, Any]]:
    """Results of a video; a hidden sender must find the gateway, which cannot find it."""
    sender, track = Sender(), NumberedTrack(25, 10)
    try:
        offer = await sender.offer(track)
        if hidden:
            offer = without_candidates(offer)
        status, body = await client.call(
            "POST", "/streams", json=create_body(offer, interval_seconds=1.0)
        )
        assert status == 201, body
        results = await client.open_socket(body["stream_id"])
        await sender.accept(body["webrtc"]["sdp"])
        await sender.connected.wait()
        await track.finished.wait()
        await asyncio.sleep(0.1)
    finally:
        await sender.close()
    return (await read_to_end(results))[0]


def free_ports(count: int) -> tuple[int, int]:
    """Ports that nobody has now, one after the other."""
    for first in range(42_000, 60_000, count):
        held = []
        try:
            for port in range(first, first + count):
                for host in (HOST, PUBLIC):
                    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    held.append(taken)
                    taken.bind((host, port))
        except OSError:
            continue
        finally:
            for taken in held:
                taken.close()
        return first, first + count - 1
    raise AssertionError


async def test_every_stream_gets_its_own_credential_for_turn(
    start: Any, offer_sdp: str, clock: ManualClock
) -> None:
    server = TurnServer("north", clock.wall())
    url = await server.start()
    try:
        client = await start(clock=clock, turn=TurnSecret(url, "north", 600))
        _, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
        (told,) = body["turn_servers"]
        assert told["urls"] == url
        assert told["username"] == f"{int(clock.wall()) + 600}:{body['stream_id']}"
        assert server.usernames == {told["username"]}
        assert server.refused == 0
        kinds = [kind for kind, _, _ in candidates(body["webrtc"]["sdp"])]
        assert sorted(kinds) == ["host", "relay"]
        await client.gateway.stop()
    finally:
        await server.stop()


async def test_video_comes_through_the_relay(start: Any) -> None:
    server = TurnServer("north", 0)
    url = await server.start()
    try:
        # No address of this machine: the relay's is the only one.
        client = await start(turn=TurnSecret(url, "north"), ice_addresses=())
        results = await stream_through(client, hidden=False)
        assert len(results) >= 2
        (relay,) = server.relays.values()
        assert relay.packets > 25
        await client.gateway.stop()
    finally:
        await server.stop()


async def test_a_credential_that_ran_out_gives_no_relay(
    start: Any, offer_sdp: str, clock: ManualClock
) -> None:
    server = TurnServer("north", clock.wall() + 3601)
    url = await server.start()
    try:
        client = await start(clock=clock, turn=TurnSecret(url, "north"))
        _, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
        assert [kind for kind, _, _ in candidates(body["webrtc"]["sdp"])] == ["host"]
        assert server.refused
    finally:
        await server.stop()


async def test_servers_with_a_fixed_password_are_told_as_they_are(
    start: Any, offer_sdp: str
) -> None:
    server = TurnServer("north", 0)
    url = await server.start()
    try:
        (made,) = TurnSecret(url, "north").servers("anybody", 1e9)
        client = await start(ice_servers=(made,))
        _, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
        assert body["turn_servers"] == [
            {"urls": url, "username": made.username, "credential": made.credential}
        ]
        assert "relay" in {kind for kind, _, _ in candidates(body["webrtc"]["sdp"])}
        await client.gateway.stop()
    finally:
        await server.stop()


async def test_ports_are_of_the_range_until_none_is_left(start: Any, offer_sdp: str) -> None:
    ports = free_ports(2)
    client = await start(udp_ports=ports)
    used = set()
    ids = []
    for _ in range(2):
        _, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
        ids.append(body["stream_id"])
        used |= {port for _, _, port in candidates(body["webrtc"]["sdp"])}
    assert used == set(range(ports[0], ports[1] + 1))
    status, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
    assert (status, body["error"]) == (503, "no_free_port")
    await client.call("DELETE", "/streams/" + ids[0])
    # It is free again once the grace time is over and the peer is closed.
    async with asyncio.timeout(20):
        for pause in itertools.repeat(0.3):
            await asyncio.sleep(pause)
            if (await client.call("POST", "/streams", json=create_body(offer_sdp)))[0] == 201:
                break


async def test_an_address_that_is_not_ours_is_passed_over(start: Any, offer_sdp: str) -> None:
    client = await start(udp_ports=free_ports(2), ice_addresses=("192.0.2.1", HOST))
    _, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
    assert [address for _, address, _ in candidates(body["webrtc"]["sdp"])] == [HOST]


@pytest.mark.parametrize("ports", [False, True])
async def test_the_public_address_is_told_in_place_of_ours(
    start: Any, offer_sdp: str, ports: bool
) -> None:
    options = {"udp_ports": free_ports(2)} if ports else {}
    client = await start(public_address="192.0.2.7", **options)
    _, body = await client.call("POST", "/streams", json=create_body(offer_sdp))
    ((kind, address, _),) = candidates(body["webrtc"]["sdp"])
    assert (kind, address) == ("host", "192.0.2.7")
    assert HOST not in body["webrtc"]["sdp"].replace(f"IN IP4 {HOST}", "")


class Router(asyncio.DatagramProtocol):
    """Hands what comes to a public port on to the same port inside, and answers back."""

    def __init__(self, inside: tuple[str, int]) -> None:
        self.inside = inside
        self.doors: dict[Any, Any] = {}
        self.waiting: list[Any] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._hand_on(data, addr))
        self.waiting.append(task)

    async def _hand_on(self, data: bytes, addr: Any) -> None:
        if addr not in self.doors:
            loop = asyncio.get_running_loop()
            opening = loop.create_datagram_endpoint(
                lambda: Door(self.transport, addr), remote_addr=self.inside
            )
            self.doors[addr] = asyncio.ensure_future(opening)
        (await self.doors[addr])[0].sendto(data)

    async def stop(self) -> None:
        self.transport.close()
        await asyncio.gather(*self.waiting, return_exceptions=True)
        for door in self.doors.values():
            (await door)[0].close()


class Door(asyncio.DatagramProtocol):
    """The inside's view of one peer outside."""

    def __init__(self, outside: Any, peer: Any) -> None:
        self.outside, self.peer = outside, peer

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not self.outside.is_closing():
            self.outside.sendto(data, self.peer)


@asynccontextmanager
async def router(ports: tuple[int, int]) -> AsyncIterator[list[Router]]:
    loop = asyncio.get_running_loop()
    routers = []
    for port in range(ports[0], ports[1] + 1):
        _, made = await loop.create_datagram_endpoint(
            partial(Router, (HOST, port)), local_addr=(PUBLIC, port)
        )
        routers.append(made)
    try:
        yield routers
    finally:
        for made in routers:
            await made.stop()


async def test_video_comes_through_a_router_that_hands_ports_on(start: Any) -> None:
    ports = free_ports(3)
    client = await start(public_address=PUBLIC, udp_ports=ports)
    async with router(ports) as routers:
        results = await stream_through(client, hidden=True)
        assert len(results) >= 2
        assert sum(bool(each.doors) for each in routers) == 1
        await client.gateway.stop()


@pytest.mark.parametrize(
    "options",
    [
        {"public_address": "gateway.example"},
        {"udp_ports": (0, 10)},
        {"udp_ports": (20, 10)},
        {"udp_ports": (60_000, 70_000)},
        {"ice_servers": (IceServer("http://x"),)},
        {"ice_servers": (IceServer("turn:x:3478"),)},
        {"turn": TurnSecret("stun:x:3478", "north")},
    ],
)
def test_places_that_cannot_be(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        GatewaySettings(**options)
