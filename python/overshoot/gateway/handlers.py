"""What the handlers of all calls begin and end with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from overshoot.gateway.requests import read_json, stream_id_in
from overshoot.wire import encode_stream_config, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot.application.served_stream import ServedStream
    from overshoot.application.serving import Serving
    from overshoot.gateway.openapi import Operation
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock


class Handlers:
    """Handlers of one gateway, which know who asks and about which stream."""

    def __init__(
        self, *, serving: Serving, keys: Keys, settings: GatewaySettings, clock: Clock
    ) -> None:
        self._serving = serving
        self._keys = keys
        self._settings = settings
        self._clock = clock

    def _routes(self, operations: Iterable[Operation], prefix: str) -> list[web.RouteDef]:
        """Routes of a table with their paths under ``prefix``; the order is that of precedence.

        Without HEAD, which not every GET can answer: some have no end that it could wait for.
        """
        return [
            web.route(each.method.upper(), prefix + each.path, getattr(self, each.handler))
            for each in operations
        ]

    def _stream(self, request: web.Request) -> ServedStream:
        owner = self._keys.authenticate(request)
        return self._serving.get(owner, self._stream_id(request))

    def _stream_id(self, request: web.Request) -> str:
        return stream_id_in(request, strict=self._settings.strict)

    async def _body(self, request: web.Request, limit: int) -> Any:
        return await read_json(
            request, limit=limit, seconds=self._settings.body_seconds, clock=self._clock
        )


def json_answer(body: Any, *, status: int = 200) -> web.Response:
    """A body as JSON."""
    return web.json_response(body, status=status, dumps=to_json)


def config_answer(stream: ServedStream) -> web.Response:
    """What a stream asks from now on."""
    return json_answer(
        encode_stream_config(
            stream.id,
            stream.inference,
            created_at=stream.created_at,
            updated_at=stream.updated_at,
            prompt_version=stream.prompt_version,
            schema_version=stream.schema_version,
        )
    )
