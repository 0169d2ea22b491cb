from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from gateway.kit import Client


async def test_a_request_that_is_no_http_leaves_no_key_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reader, writer = await asyncio.open_connection("127.0.0.1", client.gateway.port)
    try:
        writer.write(
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
            b"Authorization: Bearer ovs_canary\x00\r\n\r\n"
        )
        assert b" 400 " in await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()
    lines = [record for record in caplog.records if record.name == "overshoot.gateway.http"]
    assert [record.levelno for record in lines] == [logging.INFO]
    assert "ovs_canary" not in caplog.text
    assert "Traceback" not in caplog.text
