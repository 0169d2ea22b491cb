"""Publishing over WHIP (RFC 9725): OBS, GStreamer, FFmpeg and browsers without an SDK."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from overshoot.errors import NotFoundError, ServerError, ValidationError, api_error
from overshoot.gateway.handlers import Handlers, json_answer
from overshoot.gateway.openapi import WHIP_OPERATIONS
from overshoot.gateway.requests import read_text
from overshoot.gateway.whip_profile import (
    DEFAULT_PROFILE,
    WhipProfile,
    create_message,
    profile_name,
)
from overshoot.rtc import MAX_SDP_BYTES, parse_fragment
from overshoot.wire import decode_create

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.application.serving import Serving
    from overshoot.domain.stream import IceServer
    from overshoot.gateway.creation import Creation
    from overshoot.gateway.media_rooms import MediaRooms
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


class WhipRoutes(Handlers):
    """The endpoint that publishers post their offers to, and their sessions.

    A session is a stream like any other, under ``/streams/{stream_id}/whip``; its lease is renewed
    by its video. ICE is not restarted, so that one entity tag serves for its life.
    """

    def __init__(
        self,
        *,
        serving: Serving,
        creation: Creation,
        rooms: MediaRooms,
        keys: Keys,
        settings: GatewaySettings,
        clock: Clock,
    ) -> None:
        super().__init__(serving=serving, keys=keys, settings=settings, clock=clock)
        self._creation = creation
        self._rooms = rooms

    def under(self, prefix: str) -> list[web.RouteDef]:
        """All routes with their paths under ``prefix``."""
        return [
            web.route(each.method.upper(), prefix + each.path, getattr(self, each.handler))
            for each in WHIP_OPERATIONS
        ]

    async def publish(self, request: web.Request) -> web.Response:
        """Begin a stream and answer its offer."""
        owner = self._keys.authenticate(request)
        self._creation.admit(owner)
        _check_type(request, SDP)
        profile = self._profile(profile_name(request.query))
        offer_sdp = await self._text(request, self._settings.create_bytes)
        _check_media(offer_sdp)
        message = create_message(offer_sdp, request.query, profile, self._default_model())
        settings = self._settings
        wanted = decode_create(message, strict=settings.strict, limits=settings.limits)
        begun = await self._creation.begin(owner, wanted, "whip")
        answer = web.Response(
            status=HTTPStatus.CREATED, body=begun.answer_sdp.encode(), content_type=SDP
        )
        prefix = request.path.removesuffix("/whip")
        answer.headers["Location"] = f"{prefix}/streams/{begun.stream.id}/whip"
        answer.headers["ETag"] = _entity_tag(begun.stream)
        answer.headers["X-Stream-Id"] = begun.stream.id
        for server in begun.ice_servers:
            answer.headers.add("Link", _link(server))
        return answer

    async def trickle(self, request: web.Request) -> web.Response:
        """Try more of the publisher's addresses."""
        stream = self._session(request)
        _check_type(request, FRAGMENT)
        fragment = parse_fragment(await self._text(request, MAX_SDP_BYTES))
        _check_tag(request, stream)
        await self._rooms.trickle(stream, fragment)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def unpublish(self, request: web.Request) -> web.Response:
        """End a session, and the stream that it is."""
        owner = self._keys.authenticate(request)
        if self._serving.delete(owner, self._stream_id(request)):
            return json_answer({"status": "ok"})
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def look_at_endpoint(self, request: web.Request) -> web.Response:
        """Nothing, with success, as the RFC wants it."""
        self._keys.authenticate(request)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def look_at_session(self, request: web.Request) -> web.Response:
        """Nothing, with success, while the session runs."""
        self._session(request)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def endpoint_options(self, _: web.Request) -> web.Response:
        """What may be posted; asks for no key, since browsers send none here."""
        return web.Response(headers={"Allow": "GET, OPTIONS, POST", "Accept-Post": SDP})

    async def session_options(self, _: web.Request) -> web.Response:
        """What a session takes; asks for no key, and says nothing about whether there is one."""
        allow = "DELETE, GET, OPTIONS, PATCH"
        return web.Response(headers={"Allow": allow, "Accept-Patch": FRAGMENT})

    def _session(self, request: web.Request) -> ServedStream:
        stream = self._stream(request)
        if stream.source != "whip":
            msg = f"stream {stream.id!r} was not published over WHIP"
            raise NotFoundError(msg, code="stream_not_found")
        return stream

    def _profile(self, name: str) -> WhipProfile:
        profile = self._settings.whip.get(name)
        if profile is not None:
            return profile
        if name == DEFAULT_PROFILE:
            return WhipProfile()
        msg = f"the gateway has no whip profile {name[:64]!r}"
        raise NotFoundError(msg, code="profile_not_found")

    def _default_model(self) -> str:
        for model in self._serving.models():
            if model.ready:
                return model.model
        msg = "no model is ready"
        raise ServerError(msg, status_code=HTTPStatus.SERVICE_UNAVAILABLE, code="not_ready")

    async def _text(self, request: web.Request, limit: int) -> str:
        return await read_text(
            request, limit=limit, seconds=self._settings.body_seconds, clock=self._clock
        )


def _check_type(request: web.Request, wanted: str) -> None:
    if request.content_type != wanted:
        msg = f"the body must be {wanted}, got Content-Type {request.content_type[:64]!r}"
        raise api_error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, msg, code="unsupported_media_type")


def _check_media(offer_sdp: str) -> None:
    """RFC 9725 section 4.4.2: what is not understood as a whole is refused as a whole."""
    for kind in ("audio", "video"):
        if sum(line.startswith(f"m={kind} ") for line in offer_sdp.splitlines()) > 1:
            msg = f"the SDP offer has several m={kind} sections; a publisher sends one of each kind"
            raise ValidationError(msg, details={"field": "sdp"})


def _entity_tag(stream: ServedStream) -> str:
    return f'"{stream.id}"'


def _check_tag(request: web.Request, stream: ServedStream) -> None:
    tags = request.if_match
    if tags is None:
        msg = "the header If-Match is missing: send the ETag that came with the answer"
        raise api_error(HTTPStatus.PRECONDITION_REQUIRED, msg, code="precondition_required")
    # "*" is what aiohttp reads from both * and "*", as RFC 9725 section 4.3.3 writes it.
    if not any(tag.value in {"*", stream.id} and not tag.is_weak for tag in tags):
        msg = "If-Match names another ICE session than this stream's"
        raise api_error(HTTPStatus.PRECONDITION_FAILED, msg, code="precondition_failed")


def _link(server: IceServer) -> str:
    """RFC 9725 section 4.6."""
    parts = [f"<{server.urls}>", 'rel="ice-server"']
    if server.username is not None and server.credential is not None:
        username, credential = _quoted(server.username), _quoted(server.credential)
        parts += [f"username={username}", f"credential={credential}", 'credential-type="password"']
    return "; ".join(parts)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
