"""A TURN server in the test's own process: one allocation a client, channels, UDP on loopback.

It knows one shared secret, and lets in whoever has a password made with it that has not run out
(draft-uberti-behave-turn-rest-00).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import struct
from typing import Any

from aioice import stun
from aioice.turn import is_channel_data, make_integrity_key

HOST = "127.0.0.1"
REALM = "test"
UNAUTHORIZED = (401, "Unauthorized")


class Relay(asyncio.DatagramProtocol):
    """The relayed address of one client."""

    def __init__(self, server: TurnServer, client: Any) -> None:
        self.server, self.client = server, client
        self.channels: dict[int, Any] = {}
        self.packets = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for channel, peer in self.channels.items():
            if peer == addr:
                self.packets += 1
                header = struct.pack("!HH", channel, len(data))
                self.server.transport.sendto(header + data, self.client)


class TurnServer(asyncio.DatagramProtocol):
    """Remembers who asked for a relay, and with which usernames."""

    def __init__(self, secret: str, now: float) -> None:
        self.secret, self.now = secret, now
        self.relays: dict[Any, Relay] = {}
        self.usernames: set[str] = set()
        self.refused = 0

    async def start(self) -> str:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        port = self.transport.get_extra_info("sockname")[1]
        return f"turn:{HOST}:{port}?transport=udp"

    async def stop(self) -> None:
        for relay in self.relays.values():
            relay.transport.close()
        self.transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if is_channel_data(data):
            channel, length = struct.unpack("!HH", data[:4])
            relay = self.relays[addr]
            relay.packets += 1
            relay.transport.sendto(data[4 : 4 + length], relay.channels[channel])
            return
        message = stun.parse_message(data)
        asyncio.get_running_loop().create_task(self._answer(message, addr))

    async def _answer(self, message: Any, addr: Any) -> None:
        key = self._key_of(message)
        answer = stun.Message(
            message_method=message.message_method,
            message_class=stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
        )
        if key is None:
            answer.message_class = stun.Class.ERROR
            answer.attributes["ERROR-CODE"] = UNAUTHORIZED
            answer.attributes["NONCE"] = b"once"
            answer.attributes["REALM"] = REALM
        else:
            await self._serve(message, answer, addr)
            answer.add_message_integrity(key)
        self.transport.sendto(bytes(answer), addr)

    def _key_of(self, message: Any) -> bytes | None:
        """The key of a good credential, or None."""
        username = message.attributes.get("USERNAME")
        if username is None:
            return None
        self.usernames.add(username)
        digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
        key = make_integrity_key(username, REALM, base64.b64encode(digest).decode())
        try:
            good = message.check_message_integrity(key)
            good = good and int(username.partition(":")[0]) > self.now
        except ValueError:
            good = False
        self.refused += not good
        return key if good else None

    async def _serve(self, message: Any, answer: Any, addr: Any) -> None:
        if message.message_method == stun.Method.ALLOCATE:
            loop = asyncio.get_running_loop()
            _, relay = await loop.create_datagram_endpoint(
                lambda: Relay(self, addr), local_addr=(HOST, 0)
            )
            self.relays[addr] = relay
            answer.attributes["LIFETIME"] = 600
            answer.attributes["XOR-MAPPED-ADDRESS"] = addr
            answer.attributes["XOR-RELAYED-ADDRESS"] = relay.transport.get_extra_info("sockname")
        elif message.message_method == stun.Method.CHANNEL_BIND:
            channel = message.attributes["CHANNEL-NUMBER"]
            self.relays[addr].channels[channel] = message.attributes["XOR-PEER-ADDRESS"]
        elif message.message_method == stun.Method.REFRESH:
            answer.attributes["LIFETIME"] = message.attributes["LIFETIME"]
