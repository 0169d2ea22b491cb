"""A STUN server in the test's own process that answers, or not, as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aioice import stun


class StunServer(asyncio.DatagramProtocol):
    """Answers binding requests after the first ``silent_for`` of them, with ``seen_as``."""

    def __init__(self, silent_for: int = 0, seen_as: tuple[str, int] | None = None) -> None:
        self.silent_for = silent_for
        self.seen_as = seen_as
        self.asked = 0
        self.url = ""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        if self.asked <= self.silent_for:
            return
        request = stun.parse_message(data)
        stranger = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE
        )
        answer = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = self.seen_as or addr
        # Noise and somebody else's answer come before it.
        for sent in (b"noise", bytes(stranger), bytes(answer)):
            self.transport.sendto(sent, addr)


@asynccontextmanager
async def stun_server(
    silent_for: int = 0, seen_as: tuple[str, int] | None = None
) -> AsyncIterator[StunServer]:
    server = StunServer(silent_for, seen_as)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", 0))
    server.url = f"stun:127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    try:
        yield server
    finally:
        transport.close()
        await asyncio.sleep(0)
