"""Publishers that are not ours, over real WebRTC: FFmpeg's own muxer, and a page in Chromium."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page

from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import GatewaySettings, LocalGateway, WhipProfile
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import until
from support.browser import NO_CHROMIUM, chromium
from support.whip import ffmpeg

HERE = Path(ffmpeg.__file__).parent
LEASE = 3.0
NO_FFMPEG = "" if ffmpeg.has_muxer() else "the FFmpeg in PyAV is older than 8 and has no WHIP muxer"


def needs(missing: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(missing) and os.environ.get("CI") != "true", reason=missing)


def answer(request: InferenceRequest) -> dict[str, Any]:
    """How large the newest frame is, and its colour in the middle."""
    newest = request.frames[-1].pixels
    height, width = newest.shape[:2]
    return {"size": [width, height], "bgr": newest[height // 2, width // 2].tolist()}


@pytest.fixture
def backend() -> ScriptedInference:
    return ScriptedInference(answer)


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(
        ice_addresses=("127.0.0.1",),
        allowed_origins=("*",),
        lease_ttl_seconds=LEASE,
        whip={"default": WhipProfile(prompt="What is there?", delay_seconds=0.5)},
    )


@pytest_asyncio.fixture
async def gateway(
    backend: ScriptedInference, settings: GatewaySettings
) -> AsyncIterator[LocalGateway]:
    async with LocalGateway(backend=backend, settings=settings) as running:
        yield running


class Audience:
    """Who listens to what publishers send."""

    def __init__(self, gateway: LocalGateway, http: aiohttp.ClientSession) -> None:
        self._gateway = gateway
        self._http = http

    async def streams(self) -> list[dict[str, Any]]:
        async with self._http.get(self._gateway.url + "/streams") as response:
            found: list[dict[str, Any]] = (await response.json())["streams"]
        return found

    async def published(self, count: int = 1) -> list[str]:
        """The ids of streams whose video comes, once there are so many."""

        def wanted(found: list[dict[str, Any]]) -> bool:
            return [each["state"] for each in found] == ["active"] * count

        return [each["id"] for each in await self._once(wanted)]

    async def lasted(self, seconds: float) -> None:
        """Comes back once every stream has run for so long."""
        await self._once(lambda found: all(s["uptime_seconds"] > seconds for s in found))

    async def _once(self, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        async with asyncio.timeout(30):
            while not wanted(found := await self.streams()):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.05)
            return found

    async def result(self, stream_id: str) -> dict[str, Any]:
        """The next one, read."""
        async with self._socket(stream_id) as socket, asyncio.timeout(20):
            said: dict[str, Any] = json.loads((await socket.receive_json())["result"])
            return said

    async def end(self, stream_id: str) -> str:
        """Why a stream ended, once it has."""
        async with self._socket(stream_id) as socket, asyncio.timeout(45):
            while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.type is aiohttp.WSMsgType.CLOSE
            return str(message.extra).removeprefix("stream ended: ")

    @asynccontextmanager
    async def _socket(self, stream_id: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        url = f"{self._gateway.url}/ws/streams/{stream_id}"
        async with self._http.ws_connect(url) as socket:
            await socket.send_json({"api_key": self._gateway.api_key})
            yield socket


@pytest_asyncio.fixture
async def audience(gateway: LocalGateway) -> AsyncIterator[Audience]:
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        yield Audience(gateway, http)


@asynccontextmanager
async def published_by_ffmpeg(
    url: str, key: str, folder: Path, **options: str
) -> AsyncIterator[subprocess.Popen[str]]:
    """FFmpeg, which publishes while the block runs unless it is killed in it."""
    process = ffmpeg.start(url, key, folder, **options)
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


@needs(NO_FFMPEG)
class TestFFmpeg:
    @pytest.mark.parametrize("profile", ["baseline", "main", "high"])
    async def test_its_video_is_answered_and_its_end_is_the_streams(
        self, gateway: LocalGateway, audience: Audience, tmp_path: Path, profile: str
    ) -> None:
        url = gateway.url + "/whip"
        async with published_by_ffmpeg(url, gateway.api_key, tmp_path, profile=profile) as process:
            (stream_id,) = await audience.published()
            said = await audience.result(stream_id)
            assert said["size"] == [ffmpeg.WIDTH, ffmpeg.HEIGHT]
            ending = asyncio.create_task(audience.end(stream_id))
            told, _ = await asyncio.to_thread(process.communicate, timeout=20)
            assert told.split() == ["published", "closed"]
            assert await ending == "client_requested"
        assert await audience.streams() == []

    async def test_two_outlive_their_leases_and_one_that_died_is_let_go(
        self,
        gateway: LocalGateway,
        audience: Audience,
        backend: ScriptedInference,
        tmp_path: Path,
    ) -> None:
        url, key = gateway.url + "/whip", gateway.api_key
        async with (
            published_by_ffmpeg(url + "?prompt=one", key, tmp_path) as one,
            published_by_ffmpeg(url + "?prompt=two", key, tmp_path),
        ):
            both = await audience.published(2)
            await audience.lasted(2 * LEASE)
            assert await audience.published(2) == both
            by_prompt = {each["prompt"]: each["id"] for each in await audience.streams()}
            one.send_signal(signal.SIGKILL)
            assert await audience.end(by_prompt["one"]) == "lease_expired"
            (left,) = await audience.streams()
            assert left["id"] == by_prompt["two"]
            # And it comes back: a reconnect is a new stream.
            async with published_by_ffmpeg(url + "?prompt=one", key, tmp_path):
                assert len(set(await audience.published(2)) & set(both)) == 1
        await until(lambda: backend.open_sessions == 0)

    async def test_a_wrong_key_publishes_nothing(
        self, gateway: LocalGateway, audience: Audience, tmp_path: Path
    ) -> None:
        async with published_by_ffmpeg(gateway.url + "/whip", "ovs_wrong", tmp_path) as process:
            # Its input stays open: it ends because it is refused.
            assert await asyncio.to_thread(process.wait, 20) != 0
            assert process.stdout is not None
            assert "401" in process.stdout.read()
        assert await audience.streams() == []


@asynccontextmanager
async def served_page() -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.static("/", HERE)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with served_page() as origin:
        opened = await browser.new_page()
        await opened.goto(origin + "/page.html")
        yield opened
        await opened.close()


async def start(page: Page, url: str, key: str, **how: Any) -> dict[str, Any]:
    script = "([url, key, how]) => (window.whip = new Publisher(url, key)).start(how)"
    told: dict[str, Any] = await page.evaluate(script, [url, key, how])
    return told


@needs(NO_CHROMIUM)
class TestChromium:
    @pytest.mark.parametrize(
        "how", [{}, {"codec": "video/H264"}, {"codec": "video/VP8", "layers": 3}], ids=str
    )
    async def test_a_page_publishes_camera_and_sound(
        self, page: Page, gateway: LocalGateway, audience: Audience, how: dict[str, Any]
    ) -> None:
        began = await start(page, gateway.url + "/whip", gateway.api_key, **how)
        assert (began["status"], began["trickled"], began["offered"]) == (201, 204, 0)
        assert await audience.published() == [began["streamId"]]
        blue, green, red = (await audience.result(began["streamId"]))["bgr"]
        # What Chromium's fake camera draws behind its clock.
        assert green > max(blue, red)
        assert await page.evaluate("whip.bytesOfSound()") > 0
        ending = asyncio.create_task(audience.end(began["streamId"]))
        assert await page.evaluate("whip.stop()") == 200
        assert await ending == "client_requested"
        calls = await page.evaluate("whip.calls")
        assert calls == [["POST", 201], ["PATCH", 204], ["DELETE", 200]]

    async def test_a_page_that_is_gone_and_a_wrong_key(
        self, page: Page, gateway: LocalGateway, audience: Audience
    ) -> None:
        refused = await start(page, gateway.url + "/whip", "ovs_wrong")
        assert (refused["status"], refused["error"]["error"]) == (401, "unauthorized")
        began = await start(page, gateway.url + "/whip", gateway.api_key)
        await audience.published()
        ending = asyncio.create_task(audience.end(began["streamId"]))
        await page.evaluate("whip.vanish()")
        assert await ending == "webrtc_disconnected"
