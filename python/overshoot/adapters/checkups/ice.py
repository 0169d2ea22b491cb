"""STUN and TURN servers: whether they answer, and let us in."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from aioice import stun
from aioice.turn import create_turn_endpoint
from aiortc.rtcicetransport import parse_stun_turn_uri

from overshoot.domain.checkup import Finding, broken, fine, passed_over
from overshoot.rtc.gathering import machine_addresses

if TYPE_CHECKING:
    from overshoot.domain.stream import IceServer

STUN_SECONDS: Final = (0.5, 1.0, 2.0)
"""A datagram may be lost; so long is waited after the first, second and third."""
TURN_SECONDS: Final = 6.0
GIVING_BACK_SECONDS: Final = 2.0
_NO_UDP: Final = "check host and port, and that UDP to it is let through by firewalls"
_UNAUTHORIZED: Final = 401


class IceCheck:
    """Each STUN and TURN server that is in force."""

    name = "ice"

    def __init__(
        self, servers: Sequence[IceServer], stun_seconds: Sequence[float] = STUN_SECONDS
    ) -> None:
        self._servers = servers
        self._stun_seconds = stun_seconds

    async def findings(self) -> AsyncIterator[Finding]:
        """One a server."""
        if not self._servers:
            yield passed_over(
                self.name,
                "no STUN or TURN server is named; a gateway on a public address needs none",
                "name one with --ice-server where media finds no way",
            )
        for server in self._servers:
            yield await self._of(server)

    async def _of(self, server: IceServer) -> Finding:
        kind = server.urls.partition(":")[0].lower()
        try:
            where: dict[str, Any] = parse_stun_turn_uri(server.urls)
        except ValueError as error:
            remedy = "write it as stun:host:3478 or turn:host:3478?transport=udp"
            return broken(kind, f"{server.urls} is no address of one: {error}", remedy)
        hop = f"{kind} {where['host']}:{where['port']}"
        try:
            address = await _address(where["host"], where["port"])
        except OSError:
            return broken(f"{hop} name", f"there is no host {where['host']!r}", "check DNS")
        if kind.startswith("stun"):
            return await self._stun(hop, address)
        return await _turn(hop, address, where, server)

    async def _stun(self, hop: str, address: tuple[str, int]) -> Finding:
        loop = asyncio.get_running_loop()
        try:
            transport, asking = await loop.create_datagram_endpoint(_Binding, remote_addr=address)
        except OSError as error:
            return broken(hop, f"no datagram can be sent to it ({error.strerror})", _NO_UDP)
        try:
            for seconds in self._stun_seconds:
                transport.sendto(bytes(asking.request))
                done, _ = await asyncio.wait({asking.answered}, timeout=seconds)
                if done:
                    return _seen_as(hop, asking.answered)
        finally:
            transport.close()
            asking.answered.cancel()
        told = f"it gave no answer in {sum(self._stun_seconds):g} s"
        return broken(hop, told, _NO_UDP)


class _Binding(asyncio.DatagramProtocol):
    """A binding request, and the address in its answer."""

    def __init__(self) -> None:
        self.request = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST
        )
        self.answered: asyncio.Future[tuple[str, int]] = asyncio.Future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        mapped = message.attributes.get("XOR-MAPPED-ADDRESS")
        ours = message.transaction_id == self.request.transaction_id
        if ours and mapped is not None and not self.answered.done():
            self.answered.set_result(mapped)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_exception(exc)


def _seen_as(hop: str, answered: asyncio.Future[tuple[str, int]]) -> Finding:
    fault = answered.exception()
    if fault is not None:
        return broken(hop, f"nothing listens there ({type(fault).__name__})", _NO_UDP)
    host, port = answered.result()
    behind = "" if host in machine_addresses() else ", behind a router that translates"
    return fine(hop, f"it sees us at {host}{behind}", address=host, port=port)


class _Relayed(asyncio.DatagramProtocol):
    """Tells when its relay is gone."""

    def __init__(self) -> None:
        self.gone: asyncio.Future[None] = asyncio.Future()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)


async def _turn(
    hop: str, address: tuple[str, int], where: dict[str, Any], server: IceServer
) -> Finding:
    """Ask for a relay, and give it back."""
    if not (server.username and server.credential):
        remedy = "give --turn-username, and OVERSHOOT_TURN_CREDENTIAL or --turn-credential-file"
        return broken(hop, "it needs a user and a password", remedy)
    over = where.get("transport", "udp")
    # TLS is between names, not addresses.
    place = address if over == "udp" else (where["host"], where["port"])
    secure = ssl.create_default_context() if where["scheme"] == "turns" else None
    try:
        async with asyncio.timeout(TURN_SECONDS):
            transport, relay = await create_turn_endpoint(
                _Relayed,
                server_addr=place,
                username=server.username,
                password=server.credential,
                ssl=secure,
                transport=over,
            )
    except (TimeoutError, stun.TransactionTimeout):
        return broken(hop, f"it gave no answer in {TURN_SECONDS:g} s", _NO_UDP)
    except stun.TransactionFailed as refused:
        return _refused(hop, refused.response)
    except OSError as error:
        return broken(hop, f"it cannot be reached ({error.strerror or error})", _NO_UDP)
    relayed = transport.get_extra_info("sockname")
    transport.close()
    # It is given back to the server first; one that does not answer frees it by itself.
    await asyncio.wait({relay.gone}, timeout=GIVING_BACK_SECONDS)
    return fine(hop, f"it relays for us from {relayed[0]}", relayed=f"{relayed[0]}:{relayed[1]}")


def _refused(hop: str, answer: stun.Message) -> Finding:
    code, words = answer.attributes.get("ERROR-CODE", (0, ""))
    if code == _UNAUTHORIZED:
        remedy = "check user and password; those with a time in them run out"
        return broken(hop, "it refuses user or password (401)", remedy)
    return broken(hop, f"it refuses a relay: {code} {words}", "look at the log of the TURN server")


async def _address(host: str, port: int) -> tuple[str, int]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    # As aioice has it, which asks over IPv4.
    found.sort(key=lambda each: each[0] != socket.AF_INET)
    return str(found[0][4][0]), port
