"""A small HTTP server that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Seen:
    """A request as it arrived."""

    def __init__(self, request: web.Request, body: str) -> None:
        self.line = f"{request.method} {request.raw_path}"
        self.headers = request.headers.copy()
        self.cookies = dict(request.cookies)
        self.body = body


class ScriptedServer:
    """Answers every request with ``answer``; ``url`` is where, ``seen`` what came."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answer: Handler = self.json({"status": "ok"})
        self.url = ""

    @staticmethod
    def json(body: Any, status: int = 200, **headers: str) -> Handler:
        async def handler(_: web.Request) -> web.Response:
            return web.json_response(body, status=status, headers=headers)

        return handler

    @staticmethod
    def text(body: str, status: int = 200, **headers: str) -> Handler:
        async def handler(_: web.Request) -> web.Response:
            return web.Response(text=body, status=status, headers=headers)

        return handler

    @staticmethod
    def silence() -> Handler:
        async def handler(_: web.Request) -> web.Response:
            await asyncio.Event().wait()
            raise web.HTTPInternalServerError

        return handler

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(request, await request.text()))
        return await self.answer(request)


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v0.2"
    try:
        yield server
    finally:
        await runner.cleanup()
