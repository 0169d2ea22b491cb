"""A web server on loopback through which FFmpeg reads an HLS stream, and nothing but that stream.

FFmpeg fetches whatever a playlist names, follows redirects wherever they lead, and has no setting
for which hosts it may reach. So it is given playlists whose every address points here; what they
named is fetched here, one address at a time, after a look at where that is.
"""

from __future__ import annotations

import http.client
import secrets
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from overshoot.adapters.sources.hls_playlist import rewritten
from overshoot.adapters.sources.playlist import HLS, playlist_kind
from overshoot.adapters.sources.web_address import (
    MOST_REDIRECTS,
    PORTS,
    REDIRECTS,
    is_global,
    is_public,
    request_headers,
    shown,
    split_address,
    unreachable,
)
from overshoot.errors import SourceError

LARGEST_PLAYLIST_BYTES: Final = 2 * 1024 * 1024
_REMEMBERED: Final = 20_000
_CHUNK_BYTES: Final = 64 * 1024
_SUFFIXES: Final = frozenset({".ts", ".m4s", ".mp4", ".m4v", ".cmfv", ".m2ts", ".mpegts", ".key"})
_PASSED_ON: Final = ("Content-Length", "Content-Range", "Accept-Ranges")


class HlsRelay:
    """Serves the stream whose playlist is at ``url`` at an address of its own, `address`.

    An address that the playlist names is fetched when it has the playlist's own host and port; or
    when both hosts are public: then the very IP address is dialled that was looked at. Otherwise it
    is refused, and `refusal` says why. Redirects follow the same rule, and none leads from https to
    http. User and password are sent to the playlist's own host and port alone.

    Args:
        url: of the playlist, an http or https address that the user has named or was led to.
        timeout_seconds: how long a server may be silent.
    """

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._home = split_address(url)
        self._home_is_public = is_public(self._home)
        self._timeout_seconds = timeout_seconds
        self._secret = secrets.token_urlsafe(16)
        self._lock = threading.Lock()
        self._upstream: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._count = 0
        self.refusal: str | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="overshoot-hls", daemon=True
        )
        self._thread.start()
        self.root: str = f"http://127.0.0.1:{self._server.server_port}"
        self.address: str = self.place(url, is_playlist=True)

    def close(self) -> None:
        """Stop serving; waits for answers under way."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def place(self, url: str, is_playlist: bool) -> str:
        """The address here that stands for ``url``; the same for the same one."""
        with self._lock:
            path = self._paths.get(url)
            if path is None:
                suffix = ".m3u8" if is_playlist else _suffix(url)
                path = f"/{self._secret}/{self._count}{suffix}"
                self._count += 1
                self._paths[url], self._upstream[path] = path, url
                if len(self._paths) > _REMEMBERED:  # A broadcast goes on for days.
                    oldest = next(iter(self._paths))
                    del self._upstream[self._paths.pop(oldest)]
        return self.root + path

    def upstream(self, path: str) -> str | None:
        """What a path here stands for."""
        with self._lock:
            return self._upstream.get(path)

    @contextmanager
    def fetch(
        self, url: str, byte_range: str | None
    ) -> Generator[tuple[str, http.client.HTTPResponse]]:
        """The answer of ``url`` and the address after redirects; `SourceError` when refused."""
        for _ in range(MOST_REDIRECTS + 1):
            parts = split_address(url)
            connection = self._dial(url, parts)
            try:
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", path, headers=request_headers(parts, byte_range))
                with connection.getresponse() as response:
                    place = response.getheader("Location")
                    if response.status not in REDIRECTS or not place:
                        yield url, response
                        return
                url = urljoin(url, place)
            except (OSError, http.client.HTTPException, UnicodeError) as error:
                raise unreachable(url, error, self._timeout_seconds) from error
            finally:
                connection.close()
        msg = f"{shown(url)} is redirected more than {MOST_REDIRECTS} times"
        raise SourceError(msg)

    def _dial(self, url: str, parts: SplitResult) -> http.client.HTTPConnection:
        """A connection to an address that may be fetched."""
        if parts.scheme not in ("http", "https") or (self._home.scheme, parts.scheme) == (
            *("https", "http"),
        ):
            msg = f"the playlist leads to {shown(url)}, which is not followed"
            raise SourceError(msg)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            ip = str(found[0][4][0])
            at_home = (host, port) == _host_and_port(self._home)
            if not at_home and not (self._home_is_public and is_global(ip)):
                msg = (
                    f"the playlist leads to {shown(url)}, which is not followed: it is neither its"
                    " own host and port, nor are both public"
                )
                raise SourceError(msg)
            plain = socket.create_connection((ip, port), self._timeout_seconds)
            connection = http.client.HTTPConnection(host, port, timeout=self._timeout_seconds)
            connection.sock = plain
            if parts.scheme == "https":
                context = ssl.create_default_context()
                connection.sock = context.wrap_socket(plain, server_hostname=host)
        except (OSError, UnicodeError) as error:
            raise unreachable(url, error, self._timeout_seconds) from error
        return connection


def _handler(relay: HlsRelay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = relay.upstream(urlsplit(self.path).path)
            if url is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                with relay.fetch(url, self.headers.get("Range")) as (found_at, response):
                    self._answer(found_at, response)
            except (BrokenPipeError, ConnectionResetError):
                return  # FFmpeg has seen enough.
            except SourceError as error:
                relay.refusal = error.message
                self.send_error(HTTPStatus.BAD_GATEWAY)

        def _answer(self, url: str, response: http.client.HTTPResponse) -> None:
            if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                self.send_error(response.status)
                return
            head = response.read(_CHUNK_BYTES)
            self.send_response(response.status)
            if playlist_kind(head) == HLS:
                text = (head + response.read(LARGEST_PLAYLIST_BYTES)).decode("utf-8-sig", "replace")
                body = rewritten(text, url, relay.place).encode()
                self.send_header("Content-Type", "application/vnd.apple.mpegurl")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            for name in _PASSED_ON:
                if (value := response.getheader(name)) is not None:
                    self.send_header(name, value)
            self.end_headers()
            while head:
                self.wfile.write(head)
                head = response.read(_CHUNK_BYTES)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: errors are raised, and addresses may carry secrets."""

    return Handler


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def _suffix(url: str) -> str:
    """FFmpeg goes by the suffix of a segment; where it says nothing, MPEG-TS is what HLS means."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    return suffix if suffix in _SUFFIXES else ".ts"
