"""Connections on which nobody ever asks for anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.web_protocol import RequestHandler

    from overshoot.ports.clock import Clock

_LOOK_SECONDS = 1.0


class SilentConnections:
    """Closes connections that bring no whole request head in time.

    aiohttp gives the first head of a connection as long as it lets a used connection lie idle.
    """

    def __init__(self, app: web.Application, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._spoke: set[RequestHandler] = set()
        app.middlewares.insert(0, self._notice())

    async def watch(self, runner: web.AppRunner) -> None:
        """Look again and again; runs until cancelled."""
        first_seen: dict[RequestHandler, float] = {}
        while (server := runner.server) is not None:
            now = self._clock.monotonic()
            connected = set(server.connections)
            self._spoke &= connected
            silent = connected - self._spoke
            first_seen = {handler: first_seen.get(handler, now) for handler in silent}
            for handler, since in first_seen.items():
                if now - since >= self._seconds:
                    handler.force_close()
            await self._clock.sleep(min(_LOOK_SECONDS, self._seconds / 2))

    def _notice(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def notice(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            self._spoke.add(request.protocol)
            return await handler(request)

        return notice
