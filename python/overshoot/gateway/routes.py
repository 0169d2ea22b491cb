"""The calls of the API, one method each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from overshoot.errors import NotFoundError, ServerError, ValidationError
from overshoot.gateway.handlers import Handlers, config_answer, json_answer
from overshoot.gateway.openapi import OPERATIONS, Operation, document
from overshoot.wire import (
    decode_create,
    decode_feedback,
    decode_prompt,
    encode_created,
    encode_feedback_record,
    encode_info,
    encode_keepalive,
    encode_models,
)

if TYPE_CHECKING:
    from overshoot.application.serving import Serving
    from overshoot.gateway.billing import Billing
    from overshoot.gateway.creation import Creation
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.result_socket import ResultSockets
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock


class Routes(Handlers):
    """The calls of the API. Bodies are read where the API has one, and nowhere else: clients
    call a body JSON that they never send."""

    def __init__(
        self,
        *,
        serving: Serving,
        creation: Creation,
        sockets: ResultSockets,
        keys: Keys,
        billing: Billing,
        settings: GatewaySettings,
        clock: Clock,
    ) -> None:
        super().__init__(serving=serving, keys=keys, settings=settings, clock=clock)
        self._creation = creation
        self._sockets = sockets
        self._billing = billing

    def under(self, prefix: str) -> list[web.RouteDef]:
        """All routes with their paths under ``prefix``; the order is that of precedence."""
        return [self._route(operation, prefix) for operation in OPERATIONS]

    def at_root(self) -> list[web.RouteDef]:
        """The calls that supervisors and tools make without knowing of a prefix."""
        return [self._route(operation, "") for operation in OPERATIONS if operation.at_root]

    async def health(self, _: web.Request) -> web.Response:
        """Whether anybody is here; asks for no key."""
        return json_answer({"status": "ok"})

    async def ready(self, _: web.Request) -> web.Response:
        """Whether a new stream would be answered; asks for no key."""
        if not self._serving.ready():
            msg = "no model is ready, or the gateway is stopping"
            raise ServerError(msg, status_code=503, code="not_ready")
        return json_answer({"status": "ok"})

    async def openapi(self, request: web.Request) -> web.Response:
        """What this gateway answers to; asks for no key."""
        server = request.path.removesuffix("/openapi.json")
        if not server.endswith(self._settings.prefixes):
            server += self._settings.prefixes[0]
        return json_answer(document(strict=self._settings.strict, server=server or "/"))

    async def results(self, request: web.Request) -> web.StreamResponse:
        """The result socket of a stream."""
        return await self._sockets.handle(request)

    async def models(self, request: web.Request) -> web.Response:
        """What the backend offers."""
        self._keys.authenticate(request)
        return json_answer(encode_models(self._serving.models()))

    async def create(self, request: web.Request) -> web.Response:
        """Begin a stream and answer its offer."""
        owner = self._keys.authenticate(request)
        self._creation.admit(owner)
        settings = self._settings
        body = await self._body(request, settings.create_bytes)
        wanted = decode_create(body, strict=settings.strict, limits=settings.limits)
        begun = await self._creation.begin(owner, wanted)
        created = encode_created(
            begun.stream.id,
            begun.answer_sdp,
            begun.stream.lease.ttl_seconds,
            turn_servers=begun.ice_servers,
        )
        return json_answer(created, status=201)

    async def keepalive(self, request: web.Request) -> web.Response:
        """Renew the lease."""
        stream = self._stream(request)
        charge = self._billing.renew(stream)
        ttl = stream.renew_lease()
        return json_answer(encode_keepalive(stream.id, ttl, state=stream.state, charge=charge))

    async def update_prompt(self, request: web.Request) -> web.Response:
        """Ask something else from the next clip on."""
        stream = self._stream(request)
        body = await self._body(request, self._settings.json_bytes)
        stream.update_prompt(decode_prompt(body, limits=self._settings.limits))
        return config_answer(stream)

    async def delete(self, request: web.Request) -> web.Response:
        """End a stream; its sockets are closed a little later, once the client closed its own."""
        owner = self._keys.authenticate(request)
        if self._serving.delete(owner, self._stream_id(request)):
            return json_answer({"status": "ok"})
        return web.Response(status=204)

    async def info(self, request: web.Request) -> web.Response:
        """What is counted about a stream."""
        return json_answer(encode_info(self._stream(request).info()))

    async def feedback(self, request: web.Request) -> web.Response:
        """Keep an opinion."""
        try:
            return await self._keep_opinion(request)
        except NotFoundError as error:
            if not self._settings.strict:
                raise
            # The API's document knows no 404 for this call.
            raise ValidationError(error.message, status_code=400, code=error.code) from error

    async def all_feedback(self, request: web.Request) -> web.Response:
        """All opinions of this key's."""
        records = self._serving.feedback(self._keys.authenticate(request))
        return json_answer([encode_feedback_record(record) for record in records])

    async def spectate(self, request: web.Request) -> web.Response:
        """Refused: only rooms of the hosted gateway can be watched."""
        self._stream(request)
        msg = "the stream is not native: only video sent through a LiveKit room can be watched"
        raise ValidationError(msg, status_code=400, code="not_native")

    async def _keep_opinion(self, request: web.Request) -> web.Response:
        owner = self._keys.authenticate(request)
        stream = self._stream(request)
        body = await self._body(request, self._settings.json_bytes)
        settings = self._settings
        opinion = decode_feedback(body, strict=settings.strict, limits=settings.limits)
        self._serving.add_feedback(owner, stream.id, opinion)
        return json_answer({"status": "ok"})

    def _route(self, operation: Operation, prefix: str) -> web.RouteDef:
        handler = getattr(self, operation.handler)
        path = prefix + operation.path
        if operation.method == "get":
            return web.get(path, handler)
        return web.route(operation.method.upper(), path, handler)
