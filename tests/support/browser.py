"""Chromium, as tests run it: headless, with a profile of its own, a camera that draws, no names."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

CHROMIUM = shutil.which("chromium")
NO_CHROMIUM = "" if CHROMIUM else "no Chromium: on Debian, apt-get install chromium"

_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    # It asks for its maker's servers at every start, whatever else is switched off.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """A browser while the block runs."""
    assert CHROMIUM is not None, NO_CHROMIUM
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*_FLAGS, *flags], chromium_sandbox=False
        )
        try:
            yield browser
        finally:
            await browser.close()
