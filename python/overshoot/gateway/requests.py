"""Reading requests: who asks, and what."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web

from overshoot.application.waiting import within
from overshoot.errors import ApiError, ProtocolError, UnauthorizedError, ValidationError, api_error
from overshoot.wire import from_json

if TYPE_CHECKING:
    from overshoot.gateway.tickets import Tickets
    from overshoot.ports.clock import Clock

_BEARER = "bearer "
_TOO_LARGE = 413
_TIMED_OUT = 408


class Keys:
    """The API keys of a gateway, and the tickets that stand for them where something is read."""

    def __init__(self, api_keys: tuple[str, ...], tickets: Tickets) -> None:
        self._keys = [key.encode() for key in api_keys]
        self._tickets = tickets

    def owner_of(self, api_key: object) -> str | None:
        """Whose key it is, or None; takes as long for a nearly right key as for a wrong one."""
        given = api_key.encode(errors="surrogatepass") if isinstance(api_key, str) else b""
        matches = [hmac.compare_digest(given, key) for key in self._keys]
        return f"key-{matches.index(True)}" if any(matches) else None

    def authenticate(self, request: web.Request) -> str:
        """Whose bearer token the request carries; `UnauthorizedError` without a right one.

        A GET may bring a ticket in its query instead, which is used up by that.
        """
        header = request.headers.get("Authorization", "")
        if not header and request.method == "GET" and "ticket" in request.query:
            owner = self._tickets.redeem(request.query["ticket"])
            if owner is None:
                msg = "the ticket is unknown, was used, or is older than a minute"
                raise UnauthorizedError(msg)
            return owner
        if not header.lower().startswith(_BEARER):
            msg = "no API key: send the header Authorization: Bearer <key>"
            raise UnauthorizedError(msg)
        owner = self.owner_of(header[len(_BEARER) :].strip())
        if owner is None:
            msg = "the API key is not one of this gateway's"
            raise UnauthorizedError(msg)
        return owner


def stream_id_in(request: web.Request, *, strict: bool) -> str:
    """The stream a path names; `ValidationError` (400) where ``strict`` and it is no UUID."""
    stream_id = request.match_info["stream_id"]
    if strict:
        try:
            UUID(stream_id)
        except ValueError as error:
            msg = f"stream_id must be a UUID, got {stream_id[:64]!r}"
            raise ValidationError(msg, status_code=400) from error
    return stream_id


async def read_json(request: web.Request, *, limit: int, seconds: float, clock: Clock) -> Any:
    """The JSON value of the body; raises as `read_body`, and a 400 for what is no JSON."""
    body = await read_body(request, limit=limit, seconds=seconds, clock=clock)
    try:
        return from_json(body)
    except ProtocolError as error:
        raise ValidationError(f"the body: {error.message}", status_code=400) from error


async def read_text(request: web.Request, *, limit: int, seconds: float, clock: Clock) -> str:
    """The body as text; raises as `read_body`, and a 400 for what is no UTF-8."""
    body = await read_body(request, limit=limit, seconds=seconds, clock=clock)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        msg = "the body is no UTF-8"
        raise ValidationError(msg, status_code=400) from error


async def read_body(request: web.Request, *, limit: int, seconds: float, clock: Clock) -> bytes:
    """The bytes of the body.

    Raises:
        ApiError: 413 for more than ``limit`` bytes, 408 when they take too long to arrive.
        ValidationError: 400 for a body that is broken.
    """
    declared = request.content_length
    if declared is not None and declared > limit:
        raise _too_large(limit)
    try:
        return await within(clock, seconds, _read(request, limit))
    except TimeoutError:
        msg = f"the body did not arrive within {seconds:g} s"
        raise api_error(_TIMED_OUT, msg) from None


async def _read(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    try:
        # After decompression, so that a small body cannot grow without limit here.
        while chunk := await request.content.readany():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except web.RequestPayloadError as error:
        msg = "the body is broken"
        raise ValidationError(msg, status_code=400) from error
    return bytes(body)


def _too_large(limit: int) -> ApiError:
    return api_error(_TOO_LARGE, f"the body is longer than {limit} bytes")
