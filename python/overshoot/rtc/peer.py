"""Peer connections as both ends of this package make and end them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import ifaddr
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from overshoot.log import get_logger

if TYPE_CHECKING:
    from aioice import Candidate

    from overshoot.domain.stream import IceServer

_Gather: TypeAlias = "Callable[[int, list[str], int], Coroutine[Any, Any, list[Candidate]]]"

_log = get_logger(__name__)

CLOSE_SECONDS = 5.0


def create_peer(ice_servers: Sequence[IceServer] = ()) -> RTCPeerConnection:
    """A peer connection that asks only the servers named here.

    The list is always given, even when empty: left out, aiortc asks a public STUN server.
    """
    servers = [
        RTCIceServer(urls=server.urls, username=server.username, credential=server.credential)
        for server in ice_servers
    ]
    return RTCPeerConnection(RTCConfiguration(iceServers=servers))


def machine_addresses() -> list[str]:
    """Every IP address of this machine that a peer could reach, loopback last."""
    found = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    v4 = [ip.ip for ip in found if isinstance(ip.ip, str) and not ip.ip.startswith("127.")]
    # A scope id other than 0 is a link-local address, which no candidate line can carry.
    v6 = [ip.ip[0] for ip in found if not isinstance(ip.ip, str) and ip.ip[2] == 0]
    return [*v4, *(address for address in v6 if address != "::1"), "127.0.0.1"]


def gather_on(peer: RTCPeerConnection, addresses: Sequence[str] | None) -> None:
    """Let ``peer`` gather host candidates on these local addresses; None takes all, with loopback.

    To be called after its transceivers exist and before ``setLocalDescription``. aioice leaves out
    127.0.0.1, so a machine without a network could not talk to itself; it has no setting for that.
    This replaces one method of one connection and names no module state; the test suite connects
    two peers over loopback alone, so a release of aioice that moves the method is noticed.
    """
    chosen = list(machine_addresses() if addresses is None else addresses)
    for transceiver in peer.getTransceivers():
        gatherer = transceiver.receiver.transport.transport.iceGatherer
        connection = gatherer._connection  # pyright: ignore[reportPrivateUsage]
        bound = _bound_to(chosen, connection.get_component_candidates)
        connection.get_component_candidates = bound  # type: ignore[assignment,method-assign]


def _bound_to(chosen: list[str], gather: _Gather) -> _Gather:
    async def gather_on_chosen(
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109 - the signature is aioice's
    ) -> list[Candidate]:
        return await gather(component, chosen, timeout)

    return gather_on_chosen


async def close_peer(peer: RTCPeerConnection) -> None:
    """Close it, and come back even if aiortc does not: it has hung on tracks stopped before."""
    try:
        await asyncio.wait_for(peer.close(), CLOSE_SECONDS)
    except TimeoutError:
        _log.warning("peer_close_timed_out", seconds=CLOSE_SECONDS)
    connecting = _connecting(peer)
    for task in connecting:
        task.cancel()
    if connecting:
        await asyncio.wait(connecting, timeout=CLOSE_SECONDS)


def _connecting(peer: RTCPeerConnection) -> set[asyncio.Task[Any]]:
    """Tasks in which aiortc still connects ``peer``: it keeps no hand on them, and leaves them."""
    return {task for task in asyncio.all_tasks() if _connects(task.get_coro(), peer)}


def _connects(work: object, peer: RTCPeerConnection) -> bool:
    return (
        inspect.iscoroutine(work)
        and work.__qualname__ == "RTCPeerConnection.__connect"
        and inspect.getcoroutinelocals(work).get("self") is peer
    )
