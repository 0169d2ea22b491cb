"""The console's key, its keyboard, its rules for everybody, its themes, and a gateway that goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from support.browser import chromium
from support.console_page import (
    AXE,
    PHONE,
    QUICK,
    ConsolePage,
    Model,
    needs_axe,
    needs_chromium,
    open_console,
)

pytestmark = [
    needs_chromium,
    pytest.mark.asyncio(loop_scope="module"),
    # A browser and a gateway on a machine that is busy.
    pytest.mark.timeout(180),
]

# Whether what has the focus is to be seen, and can be told from what has not.
# Null where it has left the page.
_FOCUS = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { width, height } = element.getBoundingClientRect();
  return {
    name: element.id || element.textContent.trim(),
    outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    seen: width > 0 && height > 0,
  };
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=20_000)
    async with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def backend(model: Model) -> ScriptedInference:
    return ScriptedInference(model)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(backend: ScriptedInference) -> AsyncIterator[LocalGateway]:
    async with LocalGateway(backend=backend, settings=QUICK) as running:
        yield running


async def violations(console: ConsolePage, **options: Any) -> list[dict[str, Any]]:
    """What axe-core finds against WCAG 2.2 A and AA: which rule, and where."""
    # The debugger's evaluation is not the page's: its policy lets nothing be loaded into it.
    await console.page.evaluate(await asyncio.to_thread(AXE.read_text))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await console.page.evaluate(
        "(options) => axe.run(document, { resultTypes: ['violations'], ...options })",
        {"runOnly": tags, **options},
    )
    return [
        {"rule": each["id"], "where": [node["html"][:160] for node in each["nodes"]]}
        for each in found["violations"]
    ]


async def contrasts(console: ConsolePage) -> list[dict[str, Any]]:
    """What cannot be told from its ground, in the light theme; the others were in the dark."""
    await console.page.emulate_media(color_scheme="light")
    found = await violations(console, runOnly=["color-contrast"])
    await console.page.emulate_media(color_scheme="dark")
    return found


async def test_a_wrong_key_is_told_and_the_right_one_is_kept_for_the_tab_only(
    browser: Browser, gateway: LocalGateway
) -> None:
    async with open_console(browser, gateway) as console:
        console.known.append("401")
        alert = console.page.get_by_role("alert")
        for wrong in ("ovs_wrong", "clé"):
            await console.sign_in(wrong)
            await expect(alert).to_have_text("This gateway does not know that key.")
        await expect(console.page.get_by_role("navigation")).to_be_hidden()
        await console.sign_in()
        await expect(console.text("No stream is running.")).to_be_visible()
        await console.page.reload()
        await expect(console.text("No stream is running.")).to_be_visible()
        # Not where other tabs would find it.
        assert await console.page.evaluate("() => localStorage.length") == 0
        assert gateway.api_key not in await console.page.content()
        other = await console.page.context.new_page()
        await other.goto(console.page.url)
        await expect(other.get_by_label("API key")).to_be_focused()
        await console.button("Sign out").click()
        await expect(console.page.get_by_label("API key")).to_be_focused()
        assert await console.page.evaluate("() => sessionStorage.getItem('overshoot.key')") is None


async def test_a_key_that_is_known_no_more_is_asked_for_again(
    browser: Browser, backend: ScriptedInference
) -> None:
    async with LocalGateway(backend=backend, settings=QUICK) as before:
        async with open_console(browser, before) as console:
            console.known += ["401", "ERR_CONNECTION", "WebSocket"]
            await console.sign_in()
            await expect(console.text("No stream is running.")).to_be_visible()
            await before.stop()
            await expect(console.text("The gateway does not answer.")).to_be_visible()
            async with LocalGateway(backend=backend, port=before.port):
                await console.button("Try now").click()
                alert = console.page.get_by_role("alert")
                await expect(alert).to_have_text("This gateway does not know that key.")


async def test_a_gateway_that_stops_is_told_and_its_return_is_noticed(
    browser: Browser, backend: ScriptedInference
) -> None:
    async with LocalGateway(backend=backend, settings=QUICK) as before:
        async with open_console(browser, before) as console:
            console.known += ["ERR_", "WebSocket"]
            await console.sign_in()
            await console.publish(prompt="Still there?")
            await before.stop()
            banner = console.page.locator("#banner")
            await expect(banner).to_contain_text("The gateway does not answer.")
            await expect(console.text("The stream is over")).to_be_visible()
            async with LocalGateway(backend=backend, settings=QUICK, port=before.port):
                await expect(banner).to_be_hidden()
                await console.publish(prompt="And now?")
                await expect(console.newest_answer).to_have_text("You asked: And now?")
                await console.button("Stop publishing").click()
                await expect(console.button("Stop publishing")).to_be_hidden()


async def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(
    browser: Browser, gateway: LocalGateway, model: Model
) -> None:
    model.reset()
    async with open_console(browser, gateway) as console:
        press = console.page.keyboard.press
        await console.sign_in()
        await console.publish(actions="waving hand\nclapping")
        model.seen = {"waving hand": 0.8, "clapping": 0.7}
        await expect(console.bars).to_have_count(2)
        model.seen = {}
        await expect(console.page.locator(".action-bar.open")).to_have_count(0)
        await console.page.locator(".skip").focus()
        reached: dict[str, dict[str, Any]] = {}
        for _ in range(60):
            await press("Tab")
            focus = await console.page.evaluate(_FOCUS)
            if focus is None:
                break
            reached[focus["name"]] = focus
        assert [each for each in reached.values() if not (each["outlined"] and each["seen"])] == []
        wanted = {"theme", "signout", "publish", "stop", "prompt", "schema", "schema-actions"}
        wanted |= {"timeline-span", "timeline-follow", "tab-answers", "answers", "charts-table"}
        assert wanted <= reached.keys(), reached.keys()

        bars = console.page.locator(".action-bar")
        await console.page.locator(".scroller").focus()
        await press("Home")
        first = await console.page.evaluate("() => document.activeElement.ariaLabel")
        await press("ArrowRight")
        second = await console.page.evaluate("() => document.activeElement.ariaLabel")
        assert {first.split(",")[0], second.split(",")[0]} == {"waving hand", "clapping"}
        await press("Enter")
        await expect(console.page.locator("#evidence")).to_be_visible()
        await press("Escape")
        await expect(console.page.locator("#evidence")).to_be_hidden()
        assert await console.page.evaluate("() => document.activeElement.ariaLabel") == second
        await expect(bars).to_have_count(2)

        await console.page.locator("#tab-answers").focus()
        await press("ArrowRight")
        await expect(console.page.get_by_role("tab", name="Stored actions")).to_be_focused()
        await expect(console.page.locator("#actions-rows tr")).to_have_count(2)
        await console.button("Publish").focus()
        await press("Enter")
        await expect(console.page.locator("#publish-dialog")).to_be_visible()
        await press("Escape")
        await expect(console.button("Publish")).to_be_focused()
        await console.button("Stop publishing").press("Enter")
        await expect(console.button("Stop publishing")).to_be_hidden()


@needs_axe
async def test_the_page_keeps_the_rules_of_accessibility(
    browser: Browser, gateway: LocalGateway, model: Model
) -> None:
    model.reset()
    options: dict[str, Any] = {"color_scheme": "dark", "reduced_motion": "reduce"}
    async with open_console(browser, gateway, **options) as console:
        await expect(console.page.get_by_label("API key")).to_be_focused()
        assert await violations(console) == []
        assert await contrasts(console) == []
        await console.sign_in()
        await console.button("Publish").click()
        assert await violations(console) == []
        await console.publish(actions="waving hand\nclapping")
        model.seen = {"waving hand": 0.8}
        await expect(console.bars).to_have_count(1)
        assert await violations(console) == []
        assert await contrasts(console) == []
        model.seen = {}
        await expect(console.page.locator(".action-bar.open")).to_have_count(0)
        await console.page.get_by_role("tab", name="Stored actions").click()
        await console.button("As a table").click()
        await expect(console.page.locator("#actions-rows tr").first).to_be_visible()
        await console.page.set_viewport_size(PHONE)
        assert await violations(console) == []
        assert await contrasts(console) == []
        await console.bars.first.click()
        await expect(console.page.locator("#evidence video")).to_be_visible()
        # Who asked for less motion starts the clip.
        assert await console.page.locator("#evidence video").evaluate("(video) => video.paused")
        assert await violations(console) == []
        await console.page.keyboard.press("Escape")
        await console.button("Stop publishing").click()
        await expect(console.button("Stop publishing")).to_be_hidden()


async def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    browser: Browser, gateway: LocalGateway, model: Model
) -> None:
    model.reset()
    phone: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    async with open_console(browser, gateway, **phone) as console:
        await console.sign_in()
        await console.publish(actions="waving hand\n" + "a name that is as long as it can be " * 3)
        await expect(console.newest_answer).to_contain_text("waving hand")
        width = "() => document.documentElement.scrollWidth"
        assert await console.page.evaluate(width) == PHONE["width"]
        await console.page.get_by_role("tab", name="Stored actions").tap()
        assert await console.page.evaluate(width) == PHONE["width"]
        for name in ("Publish", "Stop publishing", "Ask this", "Download"):
            box = await console.button(name).bounding_box()
            assert box is not None
            assert box["height"] >= 40
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
        await console.button("Stop publishing").tap()
        await expect(console.button("Stop publishing")).to_be_hidden()


async def test_the_theme_follows_the_system_until_another_is_chosen(
    browser: Browser, gateway: LocalGateway
) -> None:
    async with open_console(browser, gateway, color_scheme="light") as console:
        await console.sign_in()
        ground = "() => getComputedStyle(document.documentElement).backgroundColor"
        light = await console.page.evaluate(ground)
        await console.page.emulate_media(color_scheme="dark")
        dark = await console.page.evaluate(ground)
        assert dark != light
        toggle = console.page.locator("#theme")
        await toggle.click()
        assert await console.page.evaluate(ground) == dark
        await toggle.click()
        await expect(toggle).to_have_accessible_name("Theme: light. Change to as the system")
        assert await console.page.evaluate(ground) == light
        await console.page.reload()
        await expect(toggle).to_be_visible()
        assert await console.page.evaluate(ground) == light
