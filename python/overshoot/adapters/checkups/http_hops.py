"""One HTTP request, and at which hop it broke where it did."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp
from attrs import frozen
from yarl import URL

from overshoot.domain.checkup import Finding, broken

SECONDS: Final = 10.0
MOST_BYTES: Final = 1 << 20


@frozen
class Answered:
    """An HTTP answer.

    Attributes:
        status: of HTTP.
        headers: its headers.
        body: at most the first mebibyte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def good(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the success class of HTTP

    @property
    def elsewhere(self) -> bool:
        """3xx, which is not followed: it would carry the key to another host."""
        return 300 <= self.status < 400  # noqa: PLR2004 - the redirects of HTTP


async def asked(
    session: aiohttp.ClientSession, hop: str, url: str, headers: Mapping[str, str] | None = None
) -> Answered | Finding:
    """The answer to a GET, or where it broke: name, port, TLS or answer."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with session.get(
            url, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            body = await answer.content.read(MOST_BYTES)
            return Answered(answer.status, answer.headers, body)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _broken_at(hop, URL(url), error)


def _broken_at(hop: str, url: URL, error: Exception) -> Finding:
    place = f"{url.host}:{url.port}"
    if isinstance(error, aiohttp.ClientConnectorDNSError) or _is(error, socket.gaierror):
        told, remedy = f"there is no host {url.host!r}", "check the address, and DNS"
        return broken(f"{hop} name", told, remedy)
    if isinstance(error, aiohttp.ClientSSLError) or _is(error, ssl.SSLError):
        told = f"{place} speaks no TLS that can be trusted"
        remedy = "check https or http in the address, its certificate, and this machine's clock"
        return broken(f"{hop} TLS", told, remedy)
    if isinstance(error, TimeoutError):
        told = f"{place} gave no answer in {SECONDS:g} s"
        return broken(f"{hop} port", told, "check firewalls between here and there")
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = error.os_error.errno == errno.ECONNREFUSED
        told = f"nothing listens at {place}" if refused else f"{place} cannot be reached"
        return broken(f"{hop} port", told, "check the port, that it runs, and firewalls")
    told = f"{place} cut the connection or speaks no HTTP ({type(error).__name__})"
    return broken(f"{hop} answer", told, "check that the address is that of the server")


def _is(error: BaseException, kind: type[BaseException]) -> bool:
    causes = (error, error.__cause__, getattr(error, "os_error", None))
    return any(isinstance(each, kind) for each in causes)
