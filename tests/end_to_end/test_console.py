"""The console in a real browser: publish, read, ask, find actions, play them, take them away."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from overshoot.domain.action_question import action_prompt, action_schema
from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import until
from support.browser import chromium
from support.console_page import QUICK, ConsolePage, Model, needs_chromium, open_console
from support.videos import write_scene

pytestmark = [
    needs_chromium,
    pytest.mark.asyncio(loop_scope="module"),
    # A browser and a gateway on a machine that is busy.
    pytest.mark.timeout(180),
]

HOSTILE = '<img src=x onerror="hacked()"><script>hacked()</script>{{7*7}}'


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


@pytest_asyncio.fixture(loop_scope="module")
async def console(
    browser: Browser, gateway: LocalGateway, model: Model, backend: ScriptedInference
) -> AsyncIterator[ConsolePage]:
    model.reset()

    def ended() -> bool:
        return backend.open_sessions == 0

    async with open_console(browser, gateway, ended=ended) as page:
        await page.sign_in()
        yield page


async def one_action(console: ConsolePage, model: Model, name: str) -> None:
    """Let an action begin and end, and wait until the timeline has it whole."""
    model.seen = {name: 0.9}
    await expect(console.bars.and_(console.page.locator(".open"))).to_have_count(1)
    model.seen = {}
    await expect(console.bars.and_(console.page.locator(".open"))).to_have_count(0)


async def test_the_camera_is_described_and_a_new_prompt_stands_beside_the_old_one(
    console: ConsolePage,
) -> None:
    await expect(console.text("No stream is running.")).to_be_visible()
    await console.publish(prompt="What is green?")
    await expect(console.newest_answer).to_have_text("You asked: What is green?")
    await expect(console.page.locator("#screen-state")).to_have_text("live")
    await console.shows_green("#screen")
    await console.ask(prompt="What is round?")
    await expect(console.newest_answer).to_have_text("You asked: What is round?")
    columns = console.page.locator("#answers .column")
    await expect(columns).to_have_count(2)
    for place, prompt, version in ((0, "What is round?", 1), (1, "What is green?", 0)):
        column = columns.nth(place)
        await expect(column.locator("h3")).to_contain_text(f"prompt v{version}")
        await expect(column.locator(".answer-text").first).to_have_text(f"You asked: {prompt}")
    label = await console.page.locator(".chart").first.get_attribute("aria-label")
    assert label is not None
    assert "total" in label
    await console.button("As a table").click()
    await expect(console.page.locator(".chart-table tbody tr").first).to_be_visible()


async def test_an_action_appears_plays_its_clip_is_found_and_exported(
    console: ConsolePage, model: Model
) -> None:
    await console.publish(actions="waving hand\nclapping")
    await expect(console.text("None of the actions was seen yet.")).to_be_visible()
    await one_action(console, model, "waving hand")
    await expect(console.bars).to_have_count(1)
    label = await console.bars.get_attribute("aria-label")
    assert label is not None
    assert label.startswith("waving hand, from 0:0")
    assert label.endswith("90 % sure")

    await console.bars.click()
    dialog = console.page.get_by_role("dialog", name="waving hand")
    await expect(dialog).to_be_visible()
    await expect(dialog.locator("video")).to_be_visible()
    await console.wait_until("document.querySelector('#evidence video').currentTime > 0.1")
    await console.shows_green("#evidence video")
    await expect(dialog.get_by_text("90 %")).to_be_visible()
    await console.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()

    await one_action(console, model, "clapping")
    await console.page.get_by_role("tab", name="Stored actions").click()
    rows = console.page.locator("#actions-rows tr")
    await expect(rows).to_have_count(2)
    search = console.page.get_by_role("search", name="Stored actions")
    await search.get_by_label("Action", exact=True).fill("clapping")
    await search.get_by_role("button", name="Search").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("clapping")
    await console.page.get_by_label("Export as").select_option("csv")
    async with console.page.expect_download() as download:
        await console.button("Download").click()
    file = await (await download.value).path()
    (line,) = csv.DictReader(io.StringIO(file.read_text()))
    assert line["action"] == "clapping"
    assert (await download.value).suggested_filename == "actions.csv"

    await search.get_by_label("Confidence, % ≥").fill("95")
    await search.get_by_role("button", name="Search").click()
    await expect(console.text("No stored action fits.")).to_be_visible()
    await search.get_by_label("Confidence, % ≥").fill("often")
    await search.get_by_role("button", name="Search").click()
    await expect(console.text("“Confidence” is a number, not “often”.")).to_be_visible()


async def test_actions_are_asked_for_while_the_stream_runs(
    console: ConsolePage, model: Model, backend: ScriptedInference
) -> None:
    await console.publish(prompt="Anything?")
    await expect(console.text("The question does not ask for actions.")).to_be_visible()
    console.known.append("422")
    schema, ask = console.page.locator("#schema"), console.button("Ask this")
    await expect(ask).to_be_disabled()
    await schema.fill('{"type": ')
    await expect(console.text("This is not JSON")).to_be_visible()
    await expect(ask).to_be_disabled()
    await schema.fill("[1]")
    await expect(console.text("A schema is a JSON object")).to_be_visible()
    await schema.fill('{"a":' * 100 + "1" + "}" * 100)
    await ask.click()
    await expect(console.page.locator("#schema-error")).to_contain_text("output_schema_json")

    await console.button("Actions…").click()
    dialog = console.page.get_by_role("dialog", name="Ask for actions")
    await dialog.get_by_label("Actions, one on each line").fill("jumping\nJumping")
    await dialog.get_by_role("button", name="Fill in").click()
    await expect(dialog.get_by_role("alert")).to_have_text("“Jumping” is there twice.")
    await dialog.get_by_label("Actions, one on each line").fill("jumping\nthumbs up")
    await dialog.get_by_role("button", name="Fill in").click()
    await ask.click()
    await expect(console.text("Asked from the next clip on.")).to_be_visible()
    await one_action(console, model, "thumbs up")
    # What the page asks is what an `ActionDetector` asks.
    asked = backend.requests[-1]
    assert asked.output_schema == action_schema(["jumping", "thumbs up"])
    assert asked.prompt == action_prompt(["jumping", "thumbs up"])


async def test_a_dropped_video_is_published_and_is_over_when_it_ends(
    console: ConsolePage, tmp_path: Path
) -> None:
    video = write_scene(tmp_path / "scene.mp4", seconds=4.0)
    data = base64.b64encode(video.read_bytes()).decode()
    carried = await console.page.evaluate_handle(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const carried = new DataTransfer();
          carried.items.add(new File([bytes], "scene.mp4", { type: "video/mp4" }));
          return carried;
        }""",
        data,
    )
    await console.page.dispatch_event("body", "drop", {"dataTransfer": carried})
    await expect(console.page.get_by_role("dialog", name="Publish")).to_be_visible()
    await expect(console.page.locator("#publish-file-name")).to_contain_text("scene.mp4")
    await console.publish(prompt="What is shown?", loop=False)
    await expect(console.newest_answer).to_have_text("You asked: What is shown?")
    await expect(console.page.locator("#monitor-line")).to_contain_text(
        "640\N{MULTIPLICATION SIGN}480"
    )
    await expect(console.text("The stream is over")).to_be_visible()
    await expect(console.button("Stop publishing")).to_be_hidden()


async def test_a_file_that_is_no_video_is_refused_in_words(
    console: ConsolePage, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.mp4"
    wrong.write_text("no video")
    await console.button("Publish").click()
    form = console.page.locator("#publish-form")
    await form.get_by_label("Video file", exact=True).check()
    start, alert = form.get_by_role("button", name="Start"), form.get_by_role("alert")
    await start.click()
    await expect(alert).to_have_text("Choose a video file first.")
    await form.locator("[name=file]").set_input_files(wrong)
    await start.click()
    await expect(alert).to_have_text("This browser cannot play “notes.mp4”.")
    await form.get_by_label("Frames per second").fill("99")
    await start.click()
    await expect(alert).to_have_text("Frames per second is a number from 1 to 30.")
    await form.get_by_role("button", name="Cancel").click()
    await expect(form).to_be_hidden()


async def test_what_models_and_callers_write_is_shown_and_never_run(
    console: ConsolePage, model: Model
) -> None:
    await console.page.evaluate("() => { window.hacked = () => { window.wasHacked = true; }; }")
    model.says = HOSTILE
    await console.publish(prompt=HOSTILE)
    await expect(console.newest_answer).to_have_text(HOSTILE)
    await expect(console.page.locator(".column-prompt")).to_have_text(HOSTILE)
    await expect(console.page.locator(".card-answer")).to_have_text(HOSTILE)
    await console.ask(prompt=HOSTILE + "!", schema=json.dumps(dict(action_schema([HOSTILE]))))
    await one_action(console, model, HOSTILE)
    await expect(console.page.locator(".lane-label").last).to_have_text(HOSTILE)
    await console.bars.click()
    await expect(console.page.locator("#evidence-title")).to_have_text(HOSTILE)
    await expect(console.page.locator("#evidence video")).to_be_visible()
    await console.page.keyboard.press("Escape")
    await console.page.get_by_role("tab", name="Stored actions").click()
    await expect(console.page.locator("#actions-rows button")).to_have_text(HOSTILE)
    assert await console.page.locator("#console img").count() == 1  # the mark
    assert await console.page.locator("body script").count() == 0
    assert await console.page.evaluate("() => window.wasHacked") is None


async def test_leaving_the_page_ends_its_stream_at_once(
    browser: Browser, gateway: LocalGateway, backend: ScriptedInference
) -> None:
    async with open_console(browser, gateway) as console:
        await console.sign_in()
        await console.publish(prompt="Still there?")
        assert backend.open_sessions == 1
        await console.page.reload()
        await until(lambda: backend.open_sessions == 0)
        # The key is kept for the tab: nobody is asked again.
        await expect(console.text("No stream is running.")).to_be_visible()
