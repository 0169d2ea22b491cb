"""Calls of the gateway's own page: which streams there are, tickets, and watching."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.gateway.handlers import Handlers, json_answer
from overshoot.gateway.openapi import CONSOLE_OPERATIONS
from overshoot.gateway.tickets import LIFE_SECONDS
from overshoot.wire.listing import encode_listed_stream

if TYPE_CHECKING:
    from aiohttp import web

    from overshoot.application.action_keeping import ActionKeeping
    from overshoot.application.serving import Serving
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.gateway.tickets import Tickets
    from overshoot.gateway.watch_socket import WatchSockets
    from overshoot.ports.clock import Clock


class ConsoleRoutes(Handlers):
    """Handlers for people who look at streams."""

    def __init__(
        self,
        *,
        serving: Serving,
        keys: Keys,
        settings: GatewaySettings,
        clock: Clock,
        tickets: Tickets,
        watching: WatchSockets,
        actions: ActionKeeping,
    ) -> None:
        super().__init__(serving=serving, keys=keys, settings=settings, clock=clock)
        self._tickets = tickets
        self._watching = watching
        self._actions = actions

    def under(self, prefix: str) -> list[web.RouteDef]:
        """All routes with their paths under ``prefix``."""
        return self._routes(CONSOLE_OPERATIONS, prefix)

    async def streams(self, request: web.Request) -> web.Response:
        """The running streams of this key."""
        owner = self._keys.authenticate(request)
        listed = [
            encode_listed_stream(
                stream.info(),
                stream.inference,
                created_at=stream.created_at,
                source=stream.source,
                actions=self._actions.names(stream),
            )
            for stream in self._serving.streams(owner)
        ]
        return json_answer({"streams": listed})

    async def issue_ticket(self, request: web.Request) -> web.Response:
        """Something that stands for the key once."""
        ticket = self._tickets.issue(self._keys.authenticate(request))
        response = json_answer({"ticket": ticket, "expires_in": LIFE_SECONDS}, status=201)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """The watch socket of a stream."""
        return await self._watching.handle(request)
