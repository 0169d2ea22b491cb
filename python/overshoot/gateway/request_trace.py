"""A span for every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from overshoot.gateway.request_log import request_id_of

if TYPE_CHECKING:
    from overshoot.gateway.guards import Handler
    from overshoot.ports.tracing import Tracing


def request_trace(tracing: Tracing) -> Callable[..., Awaitable[web.StreamResponse]]:
    """The middleware that spans requests; inside the one that gives them their ids."""

    @web.middleware
    async def span(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        # The pattern, not the path: a path is whatever a stranger writes.
        route = "unknown" if resource is None else resource.canonical
        request_id = request_id_of(request)
        with tracing.request(request.method, route, request.headers, request_id) as told:
            response = await handler(request)
            told.answered(response.status)
            return response

    return span
