"""Connections that begin a request and never say what they want."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.web_protocol import RequestHandler

    from overshoot.ports.clock import Clock

_LOOK_SECONDS = 1.0


class RequestHeads:
    """Closes connections on which a request's head has begun and does not become whole in time.

    The first head is waited for from the moment of the connection, each later one from its first
    byte; between two requests a connection may lie idle as long as aiohttp lets it. aiohttp itself
    has no deadline for heads.
    """

    def __init__(self, app: web.Application, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._connections: dict[RequestHandler, _Connection] = {}
        app.middlewares.insert(0, self._notice())

    def watched(self, server: web.Server) -> Callable[[], asyncio.Protocol]:
        """A protocol factory like ``server``, whose connections this one knows of."""
        return lambda: _Connection(server(), self._connections, self._clock)

    async def watch(self) -> None:
        """Look again and again; runs until cancelled."""
        while True:
            now = self._clock.monotonic()
            for handler, connection in tuple(self._connections.items()):
                begun = connection.head_begun_at
                if begun is not None and now - begun >= self._seconds:
                    handler.force_close()
            await self._clock.sleep(min(_LOOK_SECONDS, self._seconds / 2))

    def _notice(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def notice(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            connection = self._connections.get(request.protocol)
            if connection is None:
                return await handler(request)
            connection.head_came()
            try:
                return await handler(request)
            finally:
                # What is left of the body belongs to this request, too.
                request.content.on_eof(connection.request_ended)

        return notice


class _Connection(asyncio.Protocol):
    """Hands everything on to aiohttp's protocol, and notes when a head begins."""

    def __init__(
        self, handler: RequestHandler, known: dict[RequestHandler, _Connection], clock: Clock
    ) -> None:
        self._handler = handler
        self._known = known
        self._clock = clock
        self._in_request = False
        self.head_begun_at: float | None = None

    def head_came(self) -> None:
        self._in_request = True
        self.head_begun_at = None

    def request_ended(self) -> None:
        self._in_request = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.head_begun_at = self._clock.monotonic()
        self._known[self._handler] = self
        self._handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._in_request and self.head_begun_at is None:
            self.head_begun_at = self._clock.monotonic()
        self._handler.data_received(data)

    def eof_received(self) -> None:
        self._handler.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._known.pop(self._handler, None)
        self._handler.connection_lost(exc)

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()


class WatchedRunner(web.AppRunner):
    """An application's runner whose sites accept connections through `RequestHeads`."""

    def __init__(self, app: web.Application, heads: RequestHeads, **options: Any) -> None:
        super().__init__(app, **options)
        self._heads = heads

    @property
    def server(self) -> web.Server | None:
        """What sites ask for connections; all they do is to call it."""
        server = super().server
        return None if server is None else cast("web.Server", self._heads.watched(server))
