"""Peer connections as both ends of this package make and end them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from overshoot.log import get_logger
from overshoot.rtc.dtls import take_rsa

if TYPE_CHECKING:
    from aiortc import RTCRtpReceiver

    from overshoot.domain.stream import IceServer

_log = get_logger(__name__)

CLOSE_SECONDS = 5.0


def create_peer(ice_servers: Sequence[IceServer] = ()) -> RTCPeerConnection:
    """A peer connection that asks only the servers named here, and takes certificates of any key.

    The list is always given, even when empty: left out, aiortc asks a public STUN server.
    """
    servers = [
        RTCIceServer(urls=server.urls, username=server.username, credential=server.credential)
        for server in ice_servers
    ]
    peer = RTCPeerConnection(RTCConfiguration(iceServers=servers))
    take_rsa(peer)
    return peer


def leave_unread(receiver: RTCRtpReceiver) -> None:
    """Have what comes for ``receiver`` thrown away undecoded; to be called before it connects.

    aiortc decodes everything that it has agreed to receive, in a thread for each receiver. This
    replaces one method of one receiver and names no module state.
    """

    async def receive(_: object) -> None:
        """Its packets find no receiver, and are dropped."""

    cast("Any", receiver).receive = receive


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
