"""A page on the npm package `@overshoot/sdk`, served on loopback and opened in Chromium.

The package is installed by ``make test`` beside the page. Where it, npm or Chromium is missing,
tests that need them are skipped and say so; in CI they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from support.browser import NO_CHROMIUM

HERE = Path(__file__).parent / "npm_client"
PACKAGE = HERE / "node_modules" / "@overshoot" / "sdk" / "dist"


def _missing() -> str:
    if NO_CHROMIUM:
        return NO_CHROMIUM
    if not PACKAGE.is_dir():
        why = "make test installs it" if shutil.which("npm") else "there is no npm to install it"
        return f"no npm package @overshoot/sdk: {why}"
    return ""


MISSING = _missing()

needs_npm_client = pytest.mark.skipif(
    bool(MISSING) and os.environ.get("CI") != "true", reason=MISSING
)


class NpmError(Exception):
    """What the package threw, or gave to its error callback."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told['name']}: {told['message']}")
        self.name: str = told["name"]
        self.message: str = told["message"]
        self.status_code: int | None = told.get("statusCode")
        self.request_id: str | None = told.get("requestId")
        self.is_api_error: bool = told["isApiError"]


class NpmPage:
    """The open page; a method each for what its user can do.

    Attributes:
        answered: method and last word of the path of every call that was answered, with its status.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answered: list[tuple[str, str, int]] = []
        page.on("response", lambda answer: self._note(answer.request.method, answer))

    async def start(self, url: str, key: str, prompt: str, **config: Any) -> str:
        """Begin a stream from the chosen file, or else from the camera; its id."""
        config = {"apiUrl": url, "apiKey": key, "prompt": prompt, **config}
        stream_id: str = await self.do("start", config)
        return stream_id

    async def do(self, name: str, *arguments: Any) -> Any:
        """Call a function of the page; `NpmError` when it throws."""
        outcome = await self.page.evaluate(
            "([name, given]) => window.page[name](...given)", [name, list(arguments)]
        )
        if "error" in outcome:
            raise NpmError(outcome["error"])
        return outcome.get("value")

    async def call(self, url: str, key: str, method: str, *arguments: Any) -> Any:
        """One call of the API, by the package's own client of single calls."""
        return await self.do("call", {"baseUrl": url, "apiKey": key}, method, *arguments)

    async def choose(self, video: Path) -> None:
        """Choose a file as a user does."""
        await self.page.set_input_files("#file", video)

    async def results(self, condition: str = "true", *, count: int = 1) -> list[dict[str, Any]]:
        """Those for which a condition on ``result``, in JavaScript, holds; waits for ``count``."""
        matching = f"window.page.seen.results.filter((result) => {condition})"
        await self.page.wait_for_function(f"() => {matching}.length >= {count}", timeout=20_000)
        found: list[dict[str, Any]] = await self.page.evaluate(matching)
        return found

    async def errors(self, count: int = 0) -> list[NpmError]:
        """What the error callback was given; waits for ``count``."""
        seen = "window.page.seen.errors"
        await self.page.wait_for_function(f"() => {seen}.length >= {count}", timeout=20_000)
        return [NpmError(told) for told in await self.page.evaluate(seen)]

    async def is_active(self) -> bool:
        active: bool = await self.page.evaluate("window.page.isActive()")
        return active

    def statuses(self, method: str, word: str) -> list[int]:
        """Of the calls with that method and that last word of the path."""
        return [status for *call, status in self.answered if call == [method, word]]

    def _note(self, method: str, answer: Any) -> None:
        self.answered.append((method, answer.url.rpartition("/")[2], answer.status))


@asynccontextmanager
async def serve_page() -> AsyncIterator[str]:
    """Serve page and package while the block runs; gives their origin."""
    assert not MISSING, MISSING
    app = web.Application()
    app.add_routes([web.get("/", _index), web.static("/sdk", PACKAGE), web.static("/", HERE)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "page.html")


@asynccontextmanager
async def open_page(browser: Browser, origin: str) -> AsyncIterator[NpmPage]:
    """The page, in a new window that shares nothing with others."""
    context = await browser.new_context()
    try:
        page = NpmPage(await context.new_page())
        await page.page.goto(origin)
        await page.page.wait_for_function("() => window.page")
        yield page
    finally:
        await context.close()
