"""The published JavaScript SDK against the embedded gateway, in a browser, over real WebRTC."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import until
from support.browser import chromium
from support.npm_page import NpmError, NpmPage, needs_npm_client, open_page, serve_page

pytestmark = [needs_npm_client, pytest.mark.asyncio(loop_scope="module")]

OFTEN: dict[str, Any] = {
    "processing": {"sampling_ratio": 0.5, "clip_length_seconds": 0.5, "delay_seconds": 0.5}
}


def answer(request: InferenceRequest) -> dict[str, Any]:
    """The numbers painted into the frames, and the colour in the middle of the last one."""
    newest = request.frames[-1].pixels
    return {
        "numbers": [read_frame_number(frame.pixels) for frame in request.frames],
        "bgr": [float(value) for value in np.median(newest, axis=(0, 1))],
        "size": [newest.shape[1], newest.shape[0]],
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def origin() -> AsyncIterator[str]:
    async with serve_page() as served:
        yield served


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, origin: str) -> AsyncIterator[NpmPage]:
    async with open_page(browser, origin) as opened:
        yield opened


@pytest.fixture
def backend() -> ScriptedInference:
    return ScriptedInference(answer)


@pytest.fixture
def settings(origin: str) -> GatewaySettings:
    return GatewaySettings(allowed_origins=(origin,), ice_addresses=("127.0.0.1",))


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(
    backend: ScriptedInference, settings: GatewaySettings
) -> AsyncIterator[LocalGateway]:
    async with LocalGateway(backend=backend, settings=settings) as running:
        yield running


async def why_it_ended(page: NpmPage, gateway: LocalGateway, stream_id: str) -> str:
    with pytest.raises(NpmError) as gone:
        await page.call(gateway.url, gateway.api_key, "renewLease", stream_id)
    assert (gone.value.name, gone.value.status_code) == ("NotFoundError", 404)
    return gone.value.message.rpartition(": ")[2]


async def test_the_camera_is_answered_with_the_defaults_of_the_package(
    page: NpmPage, gateway: LocalGateway
) -> None:
    stream_id = await page.start(gateway.url, gateway.api_key, "What is green?")
    results = await page.results(count=2)
    assert await page.is_active()
    assert await page.errors() == []
    for seq, result in enumerate(results, start=results[0]["seq"]):
        assert result["seq"] == seq
        assert (result["ok"], result["error"], result["mode"]) == (True, None, "clip")
        assert (result["stream_id"], result["prompt"]) == (stream_id, "What is green?")
        assert result["model_name"] == "Qwen/Qwen3-VL-30B-A3B-Instruct"
        said = json.loads(result["result"])
        blue, green, red = said["bgr"]
        # What Chromium's fake camera draws behind its clock.
        assert green > 100
        assert max(blue, red) < 50
        assert said["size"] == [640, 480]


async def test_a_video_file_arrives_frame_by_frame(
    page: NpmPage, gateway: LocalGateway, numbered_video: Path
) -> None:
    await page.choose(numbered_video)
    await page.start(gateway.url, gateway.api_key, "Which?", **OFTEN)
    results = await page.results(count=4)
    numbers = [number for each in results for number in json.loads(each["result"])["numbers"]]
    assert set(numbers) <= set(range(45)), numbers
    assert len(set(numbers)) > len(results)
    # The package plays a file over and over: forward, and from its end to its beginning.
    steps = [(later - earlier) % 45 for earlier, later in pairwise(numbers)]
    assert all(step < 30 for step in steps), numbers


async def test_another_prompt_is_answered_from_the_next_clip_on(
    page: NpmPage, gateway: LocalGateway, backend: ScriptedInference
) -> None:
    await page.start(gateway.url, gateway.api_key, "First?", **OFTEN)
    await page.results()
    await page.do("updatePrompt", "Second?")
    await page.results("result.prompt === 'Second?'", count=2)
    asked = [request.prompt for request in backend.requests]
    assert asked == sorted(asked)
    seen = [(result["prompt"], result["prompt_version"]) for result in await page.results()]
    assert set(seen) == {("First?", 0), ("Second?", 1)}
    assert seen == sorted(seen)
    with pytest.raises(NpmError, match="non-empty"):
        await page.do("updatePrompt", "")


async def test_feedback_is_kept_with_its_stream(page: NpmPage, gateway: LocalGateway) -> None:
    stream_id = await page.start(gateway.url, gateway.api_key, "Good?")
    await page.do("submitFeedback", {"rating": 4, "category": "accuracy", "feedback": "fine"})
    (kept,) = await page.call(gateway.url, gateway.api_key, "getAllFeedback")
    assert kept["stream_id"] == stream_id
    assert (kept["rating"], kept["category"], kept["feedback"]) == (4, "accuracy", "fine")
    assert await page.call(gateway.url, gateway.api_key, "healthCheck") == '{"status":"ok"}'


class TestShortLeases:
    """Streams that end two seconds after their last keepalive."""

    LEASE = 2.0

    @pytest.fixture
    def settings(self, origin: str) -> GatewaySettings:
        return GatewaySettings(
            allowed_origins=(origin,), ice_addresses=("127.0.0.1",), lease_ttl_seconds=self.LEASE
        )

    async def test_a_stream_outlives_several(self, page: NpmPage, gateway: LocalGateway) -> None:
        await page.start(gateway.url, gateway.api_key, "Still there?", **OFTEN)
        await page.results(f"result.timestamp > {3 * self.LEASE}")
        renewals = page.statuses("POST", "keepalive")
        assert len(renewals) >= 4
        assert set(renewals) == {200}
        assert await page.is_active()
        assert await page.errors() == []

    async def test_a_window_that_is_closed_leaves_nothing(
        self,
        page: NpmPage,
        gateway: LocalGateway,
        backend: ScriptedInference,
        browser: Browser,
        origin: str,
    ) -> None:
        async with open_page(browser, origin) as other:
            stream_id = await other.start(gateway.url, gateway.api_key, "Anybody?", **OFTEN)
            await other.results()
        await until(lambda: backend.open_sessions == 0)
        assert await why_it_ended(page, gateway, stream_id) in {
            "lease_expired",
            "webrtc_disconnected",
        }


async def test_stopping_ends_the_stream_and_the_next_begins(
    page: NpmPage, gateway: LocalGateway, backend: ScriptedInference
) -> None:
    first = await page.start(gateway.url, gateway.api_key, "Once?", **OFTEN)
    await page.results()
    await page.do("stop")
    assert not await page.is_active()
    await until(lambda: backend.open_sessions == 0)
    # The package never deletes a stream: its connection ends, and with it the stream.
    assert await why_it_ended(page, gateway, first) == "webrtc_disconnected"
    second = await page.start(gateway.url, gateway.api_key, "Twice?", **OFTEN)
    assert second != first
    await page.results(f"result.stream_id === '{second}'")
    assert await page.errors() == []


async def test_a_wrong_key_is_refused_in_words_the_page_can_read(
    page: NpmPage, gateway: LocalGateway, backend: ScriptedInference
) -> None:
    with pytest.raises(NpmError) as refused:
        await page.start(gateway.url, "ovs_wrong", "May I?")
    assert (refused.value.name, refused.value.status_code) == ("UnauthorizedError", 401)
    assert refused.value.request_id
    assert "key" in refused.value.message
    assert [error.name for error in await page.errors()] == ["UnauthorizedError"]
    assert backend.open_sessions == 0


async def test_a_page_of_another_origin_gets_no_answer(
    page: NpmPage, backend: ScriptedInference
) -> None:
    settings = GatewaySettings(allowed_origins=("http://127.0.0.1:1",))
    async with LocalGateway(backend=backend, settings=settings) as closed:
        with pytest.raises(NpmError) as refused:
            await page.start(closed.url, closed.api_key, "May I?")
    assert refused.value.name == "NetworkError"
    assert refused.value.is_api_error


async def test_a_gateway_that_stops_is_told_and_a_new_one_serves_the_same_page(
    page: NpmPage, backend: ScriptedInference, settings: GatewaySettings
) -> None:
    async with LocalGateway(backend=backend, settings=settings) as gateway:
        await page.start(gateway.url, gateway.api_key, "Still there?", **OFTEN)
        await page.results()
    (error,) = await page.errors(count=1)
    assert error.message == "WebSocket closed unexpectedly"
    assert not await page.is_active()
    assert backend.open_sessions == 0
    with pytest.raises(NpmError, match="Network error"):
        await page.start(gateway.url, gateway.api_key, "Hello?")
    async with LocalGateway(backend=backend, settings=settings, port=gateway.port) as gateway:
        again = await page.start(gateway.url, gateway.api_key, "Again?", **OFTEN)
        await page.results(f"result.stream_id === '{again}'")
