"""Calls on kept actions: lists, counts, files, clips and pictures."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web

from overshoot.errors import NotFoundError, ValidationError, api_error
from overshoot.gateway.handlers import Handlers, json_answer
from overshoot.gateway.openapi.action_operations import ACTION_OPERATIONS, EXPORT_FORMATS
from overshoot.wire.action_query import decode_action_query, decode_search_text
from overshoot.wire.actions import encode_action, encode_action_summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot.application.serving import Serving
    from overshoot.domain.action import DetectedAction
    from overshoot.gateway.action_rooms import ActionRooms
    from overshoot.gateway.kept_clips import KeptClips
    from overshoot.gateway.requests import Keys
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock

_UNSATISFIABLE: Final = 416


class ActionRoutes(Handlers):
    """Handlers on top of the actions that a gateway keeps; whose key it is sees his own."""

    def __init__(
        self,
        *,
        serving: Serving,
        keys: Keys,
        settings: GatewaySettings,
        clock: Clock,
        rooms: ActionRooms,
    ) -> None:
        super().__init__(serving=serving, keys=keys, settings=settings, clock=clock)
        self._rooms = rooms

    def under(self, prefix: str) -> list[web.RouteDef]:
        """All routes with their paths under ``prefix``."""
        return self._routes(ACTION_OPERATIONS, prefix)

    async def actions(self, request: web.Request) -> web.Response:
        """A page of them."""
        owner = self._keys.authenticate(request)
        query, text = decode_action_query(request.query), decode_search_text(request.query)
        found = await self._rooms.archive.page(owner, query, text)
        listed = [encode_action(each) for each in found.actions]
        return json_answer({"actions": listed, "next_cursor": found.next_cursor})

    async def action_summary(self, request: web.Request) -> web.Response:
        """How many there are of each name."""
        owner = self._keys.authenticate(request)
        query, text = decode_action_query(request.query), decode_search_text(request.query)
        return json_answer(
            encode_action_summary(await self._rooms.archive.summary(owner, query, text))
        )

    async def export_actions(self, request: web.Request) -> web.Response:
        """A file of them."""
        owner = self._keys.authenticate(request)
        format = request.query.get("format", "json")
        if format not in EXPORT_FORMATS:
            msg = f"format must be one of {', '.join(EXPORT_FORMATS)}, got {format[:32]!r}"
            raise ValidationError(msg, details={"field": "format"})
        query, text = decode_action_query(request.query), decode_search_text(request.query)
        content = await self._rooms.archive.export(owner, query, text, format)
        day = datetime.fromtimestamp(self._clock.wall(), UTC).strftime("%Y%m%d-%H%M%S")
        headers = {
            "Content-Disposition": f'attachment; filename="actions-{day}.{format}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(
            body=content, content_type=EXPORT_FORMATS[format], charset="utf-8", headers=headers
        )

    async def action_evidence(self, request: web.Request) -> web.Response:
        """The clip of an action."""
        data = await self._file(request, lambda clips, action: clips.clip(action))
        return _answer(request, data, "video/mp4", ranges=True)

    async def action_thumbnail(self, request: web.Request) -> web.Response:
        """A picture of an action."""
        data = await self._file(request, lambda clips, action: clips.thumbnail(action))
        return _answer(request, data, "image/jpeg", ranges=False)

    async def _file(
        self, request: web.Request, find: Callable[[KeptClips, DetectedAction], Path | None]
    ) -> bytes:
        owner = self._keys.authenticate(request)
        action = await self._rooms.archive.action(owner, request.match_info["action_id"])
        clips = self._rooms.clips
        data = None if clips is None else await asyncio.to_thread(_read, clips, action, find)
        if data is None:
            msg = "no clip of this action is kept: it is none yet, or made room for newer ones"
            raise NotFoundError(msg, code="no_evidence")
        return data


def _read(
    clips: KeptClips,
    action: DetectedAction,
    find: Callable[[KeptClips, DetectedAction], Path | None],
) -> bytes | None:
    path = find(clips, action)
    try:
        return None if path is None else path.read_bytes()
    except FileNotFoundError:
        return None  # It has just made room.


def _answer(request: web.Request, data: bytes, media_type: str, *, ranges: bool) -> web.Response:
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    if not ranges:
        return web.Response(body=data, content_type=media_type, headers=headers)
    headers["Accept-Ranges"] = "bytes"
    try:
        asked = request.http_range
    except ValueError:
        # Of a form that is not served: the whole, as RFC 9110 has it.
        asked = slice(None)
    if asked == slice(None) or asked.start is None or "If-Range" in request.headers:
        return web.Response(body=data, content_type=media_type, headers=headers)
    first, end, _ = asked.indices(len(data))
    if first >= end:
        raise api_error(_UNSATISFIABLE, f"the clip has {len(data)} bytes")
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
    return web.Response(status=206, body=data[first:end], content_type=media_type, headers=headers)
