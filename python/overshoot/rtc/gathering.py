"""Where a peer receives, and which addresses it tells the other side."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import random
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import ifaddr
from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, server_reflexive_candidate
from aioice.turn import UDP_SOCKET_BUFFER_SIZE
from attrs import frozen

from overshoot.errors import ServerError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from aioice import Connection
    from aiortc import RTCPeerConnection

_log = get_logger(__name__)

_Gather: TypeAlias = Callable[[int, list[str], int], Coroutine[Any, Any, list[Candidate]]]


@frozen
class Gathering:
    """How a peer gathers its candidates.

    Attributes:
        addresses: local addresses to receive on; None for all, with loopback.
        udp_ports: the first and the last port to receive on; None lets the system choose.
        public_address: told to the other side in place of every local address of its family: that
            of a router or a container's host which hands the same ports on.
    """

    addresses: Sequence[str] | None = None
    udp_ports: tuple[int, int] | None = None
    public_address: str | None = None

    def local_addresses(self) -> list[str]:
        """The addresses to receive on."""
        if self.addresses is not None:
            return list(self.addresses)
        found = machine_addresses()
        if self.public_address is None:
            return found
        alike = [a for a in found if _family(a) == _family(self.public_address)]
        return [a for a in alike if not ipaddress.ip_address(a).is_loopback] or alike


def machine_addresses() -> list[str]:
    """Every IP address of this machine that a peer could reach, loopback last."""
    found = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    v4 = [ip.ip for ip in found if isinstance(ip.ip, str) and not ip.ip.startswith("127.")]
    # A scope id other than 0 is a link-local address, which no candidate line can carry.
    v6 = [ip.ip[0] for ip in found if not isinstance(ip.ip, str) and ip.ip[2] == 0]
    return [*v4, *(address for address in v6 if address != "::1"), "127.0.0.1"]


def gather_on(peer: RTCPeerConnection, how: Gathering | Sequence[str] | None) -> None:
    """Let ``peer`` gather as ``how`` says; addresses alone, or None for all, are a short form.

    To be called after its transceivers exist and before ``setLocalDescription``. aioice leaves out
    127.0.0.1, so a machine without a network could not talk to itself; it has no setting for that,
    nor for ports. This replaces one method of one connection and names no module state; the test
    suite connects two peers over loopback alone, so a release of aioice that moves the method is
    noticed.
    """
    chosen = how if isinstance(how, Gathering) else Gathering(addresses=how)
    for transceiver in peer.getTransceivers():
        gatherer = transceiver.receiver.transport.transport.iceGatherer
        connection = gatherer._connection  # pyright: ignore[reportPrivateUsage]
        bound = _bound_to(chosen, connection, connection.get_component_candidates)
        connection.get_component_candidates = bound  # type: ignore[assignment,method-assign]


def _bound_to(how: Gathering, connection: Connection, gather: _Gather) -> _Gather:
    async def gather_on_chosen(
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109 - the signature is aioice's
    ) -> list[Candidate]:
        chosen = how.local_addresses()
        if how.udp_ports is None:
            found = await gather(component, chosen, timeout)
        else:
            hosts = await _bind(connection, component, chosen, how.udp_ports)
            others, relayed = await asyncio.gather(
                _reflexive(connection, hosts, timeout), gather(component, [], timeout)
            )
            found = [*(host.local_candidate for host in hosts), *others, *relayed]
        return [_announced(candidate, how.public_address) for candidate in found]

    return gather_on_chosen


async def _bind(
    connection: Connection, component: int, addresses: Sequence[str], ports: tuple[int, int]
) -> list[StunProtocol]:
    """A socket on each address; what aioice does, with a port of our choice."""
    hosts: list[StunProtocol] = []
    for address in addresses:
        protocol = await _bind_one(connection, address, ports)
        if protocol is None:
            continue
        host, port = protocol.transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=host,
            port=port,
            type="host",
        )
        hosts.append(protocol)
        # From here on it is closed with its connection.
        connection._protocols.append(protocol)  # pyright: ignore[reportPrivateUsage]
    return hosts


async def _bind_one(
    connection: Connection, address: str, ports: tuple[int, int]
) -> StunProtocol | None:
    """None for an address that cannot be used; `ServerError` when every port of it is."""
    loop = asyncio.get_running_loop()
    first, last = ports
    count = last - first + 1
    start = random.randrange(count)  # noqa: S311 - to spread them, not to hide them
    for step in range(count):
        port = first + (start + step) % count
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: StunProtocol(connection), local_addr=(address, port)
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            _log.info("address_unusable", address=address, why=error.strerror)
            return None
        receiving: socket.socket = transport.get_extra_info("socket")
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_SOCKET_BUFFER_SIZE)
        return protocol
    msg = f"all UDP ports from {first} to {last} of {address} are in use; try again later"
    raise ServerError(msg, status_code=503, code="no_free_port")


async def _reflexive(
    connection: Connection, hosts: Sequence[StunProtocol], seconds: int
) -> list[Candidate]:
    server = connection.stun_server
    asked = [
        asyncio.create_task(server_reflexive_candidate(host, server))
        for host in hosts
        if server is not None and _family(host.local_candidate.host) == 4  # noqa: PLR2004
    ]
    if not asked:
        return []
    done, pending = await asyncio.wait(asked, timeout=seconds)
    for task in pending:
        task.cancel()
    return [task.result()[0] for task in done if task.exception() is None]


def _announced(candidate: Candidate, public_address: str | None) -> Candidate:
    """What the other side is told; the socket keeps the address it has."""
    if (
        public_address is None
        or candidate.type != "host"
        or _family(candidate.host) != _family(public_address)
    ):
        return candidate
    return Candidate(
        foundation=candidate_foundation("host", "udp", public_address),
        component=candidate.component,
        transport=candidate.transport,
        priority=candidate.priority,
        host=public_address,
        port=candidate.port,
        type=candidate.type,
    )


def _family(address: str) -> int:
    return ipaddress.ip_address(address).version
