"""A look at what a URL leads to before FFmpeg is given it: FFmpeg only ever says "no".

Who answers, with which status, whether it is a playlist, and where redirects end.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import socket
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from attrs import frozen

from overshoot.adapters.sources.playlist import HEAD_BYTES, HLS, playlist_kind
from overshoot.errors import SourceError

PORTS: Final = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
MOST_REDIRECTS: Final = 3
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REASONS: Final[dict[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "it asks for a user name and password (scheme://user:password@host/…)",
    HTTPStatus.FORBIDDEN: "it does not allow this",
    HTTPStatus.NOT_FOUND: "there is nothing at this path",
    HTTPStatus.GONE: "what was at this path is gone",
}


def shown(url: str) -> str:
    """The URL without user, password, query and fragment, for messages and logs."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return "a URL"
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{port}{parts.path}" + ("?…" if parts.query else "")


@frozen
class Reached:
    """Where a URL has led: the address after redirects, and whether an HLS playlist is there."""

    url: str
    is_hls: bool = False


def reach(url: str, timeout_seconds: float, *, allow_playlists: bool = False) -> Reached:
    """The URL to give to FFmpeg, after redirects.

    For rtsp and rtmp a connection is tried and closed. For http and https the first bytes are asked
    for. A redirect may lead to http or https, not from https back to http, and not from a public
    address to one of a private network.

    Raises:
        SourceError: nothing is there, it says no, or it is not a video; a playlist is none, but for
            an HLS playlist where ``allow_playlists`` says so.
    """
    for _ in range(MOST_REDIRECTS + 1):
        parts = split_address(url)
        if parts.scheme not in ("http", "https"):
            _connect(url, parts, timeout_seconds)
            return Reached(url)
        target = _ask(url, parts, timeout_seconds, allow_playlists)
        if isinstance(target, Reached):
            return target
        _refuse_crossing(url, parts, target)
        url = target
    msg = f"{shown(url)} is redirected more than {MOST_REDIRECTS} times"
    raise SourceError(msg)


def split_address(url: str) -> SplitResult:
    """The parts of an address that can be used; `SourceError` for another."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.scheme in PORTS and parts.port != 0
    except ValueError:
        usable, parts = False, SplitResult("", "", "", "", "")
    if not usable or any(ord(letter) <= ord(" ") for letter in url):
        msg = f"{shown(url)} is not a usable address; it needs the form scheme://host:port/path"
        raise SourceError(msg)
    return parts


def _connect(url: str, parts: SplitResult, timeout_seconds: float) -> None:
    address = (parts.hostname or "", parts.port or PORTS[parts.scheme])
    try:
        socket.create_connection(address, timeout_seconds).close()
    except (OSError, UnicodeError) as error:
        raise unreachable(url, error, timeout_seconds) from error


def _ask(
    url: str, parts: SplitResult, timeout_seconds: float, allow_playlists: bool
) -> Reached | str:
    """Ask for the first bytes; where it redirects to, if it does."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_seconds)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=request_headers(parts, f"bytes=0-{HEAD_BYTES - 1}"))
        with connection.getresponse() as response:
            if response.status in REDIRECTS and (place := response.getheader("Location")):
                return urljoin(url, place)
            if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                reason = _REASONS.get(response.status, "see the server's log")
                msg = f"{shown(url)} was refused with HTTP status {response.status}: {reason}"
                raise SourceError(msg)
            return Reached(url, is_hls=_look(url, response, allow_playlists))
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise unreachable(url, error, timeout_seconds) from error
    finally:
        connection.close()


def request_headers(parts: SplitResult, byte_range: str | None) -> dict[str, str]:
    """What is sent with a request: the range that is asked for, and who asks."""
    headers = {"User-Agent": "overshoot"}
    if byte_range is not None:
        headers["Range"] = byte_range
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


def _look(url: str, response: http.client.HTTPResponse, allow_playlists: bool) -> bool:
    """Whether it is an HLS playlist that may be followed; other text is refused."""
    if response.getheader("Content-Type", "").lower().startswith("text/html"):
        msg = f"{shown(url)} is a web page, not a video; give the address of the video itself"
        raise SourceError(msg)
    try:
        head = response.read1(HEAD_BYTES)
    except TimeoutError:
        return False  # A live stream may have nothing to show yet.
    kind = playlist_kind(head)
    if kind == HLS and allow_playlists:
        return True
    if kind is not None:
        way = "Set allow_playlists=True to follow it, or give" if kind == HLS else "Give"
        msg = (
            f"{shown(url)} is {kind}; playlists are not followed, because they make this machine"
            f" fetch whatever they name. {way} the address of the stream itself"
        )
        raise SourceError(msg)
    return False


def _refuse_crossing(url: str, parts: SplitResult, target: str) -> None:
    there = split_address(target)
    if there.scheme not in ("http", "https") or (parts.scheme, there.scheme) == ("https", "http"):
        msg = f"{shown(url)} is redirected to {shown(target)}, which is not followed"
        raise SourceError(msg)
    if is_public(parts) and not is_public(there):
        msg = f"{shown(url)} is redirected into a private network, which is not followed"
        raise SourceError(msg)


def is_public(parts: SplitResult) -> bool:
    """Whether all addresses of a host are of the public network."""
    try:
        found = socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(is_global(str(entry[4][0])) for entry in found)


def is_global(address: str) -> bool:
    """Whether an IP address is of the public network."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def unreachable(url: str, error: Exception, timeout_seconds: float) -> SourceError:
    """The error for what went wrong when ``url`` was asked."""
    place = shown(url)
    match error:
        case ConnectionRefusedError():
            return SourceError(f"{place} refused the connection: nothing listens at that port")
        case socket.gaierror() | UnicodeError():
            return SourceError(f"{place} has a host name that is not known; check its spelling")
        case TimeoutError():
            return SourceError(f"{place} did not answer within {timeout_seconds:g} s")
        case _:
            return SourceError(f"{place} cannot be reached ({type(error).__name__}: {error})")
