"""The files of the console, as a browser is given them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Final

from aiohttp import web
from attrs import frozen

_FOLDER: Final = "console"
_INDEX: Final = "index.html"
_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_HEADERS: Final = {
    # What a model answers is a stranger's text: nothing that is not one of these files may run.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Permissions-Policy": "camera=(self), display-capture=(self), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked for again each time, and mostly answered with 304: an updated gateway shows its own.
    "Cache-Control": "no-cache",
}


@frozen
class _File:
    content: bytes
    media_type: str
    etag: str


class ConsoleFiles:
    """Serves the files that lie in this package's folder ``console``, and no others.

    They are read once: a name in a request is looked up among them and never opened.
    """

    def __init__(self) -> None:
        self._files = _read_all()

    def routes(self) -> list[web.RouteDef]:
        """The page at ``/``, and what it is made of under ``/console/``."""
        return [web.get("/", self.page), web.get("/console/{file}", self.file)]

    async def page(self, request: web.Request) -> web.Response:
        """The page itself; asks for no key, and holds none."""
        return self._answer(request, _INDEX)

    async def file(self, request: web.Request) -> web.Response:
        """One of the files it is made of."""
        return self._answer(request, request.match_info["file"])

    def _answer(self, request: web.Request, name: str) -> web.Response:
        found = self._files.get(name)
        if found is None:
            raise web.HTTPNotFound
        known = request.if_none_match or ()
        if any(etag.value in {found.etag, "*"} for etag in known):
            response = web.Response(status=304, headers=_HEADERS)
        else:
            response = web.Response(
                body=found.content, content_type=found.media_type, charset=_charset(found)
            )
            response.headers.update(_HEADERS)
        response.etag = found.etag
        return response


def _charset(file: _File) -> str | None:
    return "utf-8" if file.media_type.startswith("text/") else None


def _read_all() -> dict[str, _File]:
    found: dict[str, _File] = {}
    for entry in (files("overshoot.gateway") / _FOLDER).iterdir():
        media_type = _TYPES.get("." + entry.name.rpartition(".")[2])
        if media_type is not None and entry.is_file():
            content = entry.read_bytes()
            found[entry.name] = _File(content, media_type, hashlib.sha256(content).hexdigest())
    return found
