from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.kit import Client
    from overshoot.testing.manual_clock import ManualClock

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEAD + b"\r\n"


@asynccontextmanager
async def connection(client: Client) -> AsyncIterator[Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.gateway.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    await reader.readexactly(len(b'{"status":"ok"}'))


async def test_a_connection_that_asks_for_nothing_is_closed(start: Any, clock: ManualClock) -> None:
    client = await start(clock=clock)
    async with connection(client) as (reader, writer):
        writer.write(HEAD)
        assert (await client.call("GET", "/models"))[0] == 200
        await clock.advance(7)
        assert await reader.read() == b""
        assert (await client.call("GET", "/models"))[0] == 200


async def test_a_later_request_has_the_same_deadline(start: Any, clock: ManualClock) -> None:
    client = await start(clock=clock)
    async with connection(client) as (reader, writer):
        for _ in range(2):
            writer.write(WHOLE)
            await answered(reader)
            # Nothing is asked for meanwhile, and that may take its time.
            await clock.advance(30)
        writer.write(HEAD)
        assert (await client.call("GET", "/models"))[0] == 200
        await clock.advance(4)
        writer.write(b"X-More: y\r\n")
        assert (await client.call("GET", "/models"))[0] == 200
        assert not reader.at_eof()
        await clock.advance(3)
        assert await reader.read() == b""


async def test_bytes_of_a_body_nobody_reads_begin_no_head(start: Any, clock: ManualClock) -> None:
    client = await start(clock=clock)
    async with connection(client) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 4\r\n\r\nab")
        await answered(reader)
        writer.write(b"cd")
        assert (await client.call("GET", "/models"))[0] == 200
        await clock.advance(7)
        writer.write(WHOLE)
        await answered(reader)


async def test_a_request_that_takes_long_is_not_a_head(start: Any, clock: ManualClock) -> None:
    client = await start(clock=clock, hello_seconds=60.0)
    socket = await client.open_socket("x", hello=None)
    await clock.advance(7)
    await socket.send_json({"api_key": client.gateway.api_key})
    assert (await socket.receive()).extra == "no such stream"
