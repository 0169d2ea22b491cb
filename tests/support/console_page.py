"""The gateway's console in Chromium, and a model that says what a test wants it to have seen."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize

from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.inference import InferenceRequest
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.testing.waiting import until
from support.browser import NO_CHROMIUM

AXE = Path(__file__).parent / "npm_client" / "node_modules" / "axe-core" / "axe.min.js"
DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
WAIT_MS = 20_000

_IN_CI = os.environ.get("CI") == "true"
needs_chromium = pytest.mark.skipif(bool(NO_CHROMIUM) and not _IN_CI, reason=NO_CHROMIUM)
needs_axe = pytest.mark.skipif(
    not AXE.is_file() and not _IN_CI, reason="no npm package axe-core: make test installs it"
)

# What a policy keeps out is told to the page, and not always to the log.
_NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""

QUICK = GatewaySettings(
    ice_addresses=("127.0.0.1",),
    creation_burst=100,
    streams_per_key=50,
    tracking=TrackingRule(max_gap_seconds=0.7),
    evidence=EvidenceSettings(pre_roll_seconds=1.0, post_roll_seconds=0.3),
)
"""Actions that end, and have their clips, soon after they are not seen any more."""


class Model:
    """Answers for a `ScriptedInference`: ``seen`` are the actions it sees, ``says`` its text."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """See nothing, and say which prompt was asked."""
        self.seen: dict[str, float] = {}
        self.says: str | None = None

    def __call__(self, request: InferenceRequest) -> str | Mapping[str, Any]:
        """An answer to the schema for actions, or text."""
        if request.output_schema is None:
            return f"You asked: {request.prompt}" if self.says is None else self.says
        entry = request.output_schema["properties"]["detected_actions"]["items"]
        names = entry["properties"]["action"]["enum"]
        verdicts = [
            {"action": name, "detected": name in self.seen, "confidence": self.seen.get(name, 0.1)}
            for name in names
        ]
        return {"detected_actions": verdicts}


class ConsolePage:
    """The open page; a method each for what its user does.

    Attributes:
        faults: errors that the browser logged, or that the page threw.
        known: words of those that a test provokes; a browser logs each call that is refused.
    """

    def __init__(self, page: Page, gateway: LocalGateway) -> None:
        self.page = page
        self.gateway = gateway
        self.faults: list[str] = []
        self.known: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def open(self) -> None:
        """Open the page, at the gateway's root."""
        await self.page.add_init_script(_NOTE_VIOLATIONS)
        await self.page.goto(f"http://127.0.0.1:{self.gateway.port}/")

    async def sign_in(self, key: str | None = None) -> None:
        """Give a key; the gateway's own by default."""
        await self.page.get_by_label("API key").fill(key or self.gateway.api_key)
        await self.page.keyboard.press("Enter")

    async def publish(
        self, *, actions: str = "", prompt: str = "", file: Path | None = None, loop: bool = True
    ) -> None:
        """Send the fake camera, or a file; comes back when the picture is there."""
        if not await self.page.locator("#publish-dialog").is_visible():
            await self.button("Publish").click()
        form = self.page.locator("#publish-form")
        if file is not None:
            await form.get_by_label("Video file", exact=True).check()
            await form.locator("[name=file]").set_input_files(file)
        if not loop:
            await form.get_by_label("Play it again and again").uncheck()
        if actions:
            await form.get_by_label("Find actions").check()
            await form.get_by_label("Actions, one on each line").fill(actions)
        elif prompt:
            await form.get_by_label("Prompt").fill(prompt)
        await form.get_by_label("Clip length, s").fill("0.4")
        await form.get_by_label("A clip every, s").fill("0.4")
        await form.get_by_role("button", name="Start").click()
        await self.page.locator("#publish-dialog").wait_for(state="hidden", timeout=WAIT_MS)
        await self.button("Stop publishing").wait_for(timeout=WAIT_MS)

    async def leave(self) -> None:
        """Leave the page, and with it end what it publishes."""
        await self.page.goto("about:blank")

    async def ask(self, *, prompt: str | None = None, schema: str | None = None) -> None:
        """Change the question of the selected stream, and wait until it was taken."""
        if prompt is not None:
            await self.page.locator("#prompt").fill(prompt)
        if schema is not None:
            await self.page.locator("#schema").fill(schema)
        await self.button("Ask this").click()
        await self.text("Asked from the next clip on.").wait_for(timeout=WAIT_MS)

    def button(self, name: str) -> Locator:
        """By its name, all of it."""
        return self.page.get_by_role("button", name=name, exact=True)

    def text(self, words: str) -> Locator:
        """What says it, outside of the announcements for those who listen."""
        return self.page.locator("#console, #signin, dialog").get_by_text(words).first

    @property
    def newest_answer(self) -> Locator:
        """What stands over the picture."""
        return self.page.locator("#screen-answer")

    @property
    def bars(self) -> Locator:
        """Actions on the timeline."""
        return self.page.locator(".action-bar")

    async def shows_green(self, picture: str) -> None:
        """Wait until a canvas or a video has what Chromium's fake camera draws behind its clock."""
        await self.wait_until(
            "{ const canvas = new OffscreenCanvas(64, 64), context = canvas.getContext('2d');"
            f" context.drawImage(document.querySelector('{picture}'), 0, 0, 64, 64);"
            " const [red, green, blue] = context.getImageData(5, 5, 1, 1).data;"
            " return green > 100 && red < 80 && blue < 80; }"
        )

    async def wait_until(self, condition: str) -> None:
        """Until an expression in JavaScript holds, or the body of a function."""
        await self.page.wait_for_function(f"() => {condition}", timeout=WAIT_MS)

    async def blocked(self) -> list[str]:
        """What the content security policy kept out."""
        violations: list[str] = await self.page.evaluate("() => window.violations")
        return violations

    def unknown_faults(self) -> list[str]:
        """Those that no test provoked."""
        return [told for told in self.faults if not any(known in told for known in self.known)]

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)


@asynccontextmanager
async def open_console(
    browser: Browser,
    gateway: LocalGateway,
    *,
    ended: Callable[[], bool] = lambda: True,
    viewport: ViewportSize = DESK,
    **context: Any,
) -> AsyncIterator[ConsolePage]:
    """The page in a new window; in the end, nothing was blocked, and no unknown fault told.

    The page is left, and what it publishes is to have ``ended``, before the window is closed: with
    it goes what the page still wanted to send.
    """
    window = await browser.new_context(viewport=viewport, **context)
    page = ConsolePage(await window.new_page(), gateway)
    try:
        await page.open()
        yield page
        faults = [*await page.blocked(), *page.unknown_faults()]
        assert not faults, faults
        await page.leave()
        await until(ended)
    finally:
        await window.close()
