"""The public API against the embedded gateway, over real WebRTC."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from overshoot import (
    CameraSource,
    ConfigurationError,
    InferenceResult,
    NetworkError,
    OvershootError,
    RealtimeVision,
    RealtimeVisionConfig,
    SourceError,
    StreamEndedError,
    SyntheticSource,
    UnauthorizedError,
    ValidationError,
    VideoFileSource,
)
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.testing.manual_clock import ManualClock
from support.frame_reader import FrameReader

EVERY_FRAME = {"target_fps": 15, "clip_length_seconds": 0.5, "delay_seconds": 0.5}


class Inbox:
    """Keeps what the callbacks got and lets a test wait for it."""

    def __init__(self) -> None:
        self.results: list[InferenceResult[Any]] = []
        self.errors: list[OvershootError] = []
        self._came = asyncio.Event()

    def on_result(self, result: InferenceResult[Any]) -> None:
        self.results.append(result)
        self._came.set()

    def on_error(self, error: OvershootError) -> None:
        self.errors.append(error)
        self._came.set()

    async def until(self, condition: Any, seconds: float = 20.0) -> None:
        async def wait() -> None:
            while not condition(self):
                self._came.clear()
                await self._came.wait()

        await asyncio.wait_for(wait(), seconds)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def configured(gateway: LocalGateway, inbox: Inbox, **changes: Any) -> RealtimeVisionConfig:
    values: dict[str, Any] = {
        "api_url": gateway.url,
        "api_key": gateway.api_key,
        "prompt": "first prompt",
        "source": SyntheticSource(),
        "processing": EVERY_FRAME,
        "on_result": inbox.on_result,
        "on_error": inbox.on_error,
    }
    return RealtimeVisionConfig(**{**values, **changes})


async def test_results_arrive_in_order_and_say_what_they_are_about(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    async with RealtimeVision(configured(gateway, inbox)) as vision:
        await inbox.until(lambda box: len(box.results) >= 4)
        assert vision.is_active()
        stream_id = vision.get_stream_id()
    assert not vision.is_active()
    assert vision.get_stream_id() is None
    assert {result.stream_id for result in inbox.results} == {stream_id}
    assert [result.seq for result in inbox.results] == list(range(len(inbox.results)))
    times = [result.timestamp for result in inbox.results if result.timestamp is not None]
    assert times == sorted(times)
    assert len(times) == len(inbox.results)
    assert all(result.ok and result["result"] == result.result for result in inbox.results)
    assert inbox.errors == []


async def test_the_frames_of_a_file_reach_the_model_unchanged_and_in_order(
    gateway: LocalGateway, backend: FrameReader, inbox: Inbox, numbered_video: Path
) -> None:
    config = configured(gateway, inbox, source=VideoFileSource(file_path=numbered_video))
    async with RealtimeVision(config) as vision:
        end = await asyncio.wait_for(vision.wait_ended(), 20)
    assert (end.reason, end.error) == ("source_ended", None)
    read = [number for seen in backend.requests for number in seen.numbers]
    shown = [number for number in read if number is not None]
    assert shown == read
    assert shown == sorted(set(shown))
    assert shown[-1] == 44
    # A busy machine may drop frames on the way, newest first, but not many of forty-five.
    assert len(shown) >= 40


async def test_the_end_of_the_video_reaches_the_caller_with_the_last_answer(
    gateway: LocalGateway, inbox: Inbox, numbered_video: Path
) -> None:
    config = configured(gateway, inbox, source=VideoFileSource(file_path=numbered_video))
    async with RealtimeVision(config) as vision:
        end = await asyncio.wait_for(vision.wait_ended(), 20)
        assert not vision.is_active()
    assert end.reason == "source_ended"
    assert json.loads(inbox.results[-1].result)["numbers"][-1] == 44
    assert inbox.errors == []


async def test_results_carry_the_new_prompt_after_an_update(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    async with RealtimeVision(configured(gateway, inbox)) as vision:
        await inbox.until(lambda box: box.results)
        await vision.update_prompt("second prompt")
        before = len(inbox.results)
        await inbox.until(lambda box: box.results[-1].prompt_version == 1)
    assert inbox.results[0].prompt == "first prompt"
    assert inbox.results[0].prompt_version == 0
    assert inbox.results[-1].prompt == "second prompt"
    assert json.loads(inbox.results[-1].result)["prompt"] == "second prompt"
    # At most the clip under way was still about the first one.
    assert [result.prompt_version for result in inbox.results[before:]].count(0) <= 1


async def test_feedback_is_taken(gateway: LocalGateway, inbox: Inbox) -> None:
    async with RealtimeVision(configured(gateway, inbox)) as vision:
        await vision.submit_feedback(rating=5, category="accuracy", feedback="right every time")
        with pytest.raises(ConfigurationError):
            await vision.submit_feedback(rating=9, category="accuracy", feedback="")


@pytest.mark.usefixtures("nothing_left")
async def test_a_wrong_key_is_refused_at_start(gateway: LocalGateway, inbox: Inbox) -> None:
    vision = RealtimeVision(configured(gateway, inbox, api_key="ovs_wrong"))
    with pytest.raises(UnauthorizedError) as caught:
        await vision.start()
    assert caught.value.status_code == 401
    assert "ovs_wrong" not in str(caught.value)
    assert not vision.is_active()


async def test_a_wrong_key_on_the_result_socket_closes_it_with_1008(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    async with RealtimeVision(configured(gateway, inbox)) as vision:
        address = gateway.url.replace("http", "ws", 1) + f"/ws/streams/{vision.get_stream_id()}"
        async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
            await socket.send_json({"api_key": "ovs_wrong"})
            message = await asyncio.wait_for(socket.receive(), 10)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1008


async def test_a_lease_that_runs_out_ends_the_stream_with_its_reason(
    backend: FrameReader, inbox: Inbox
) -> None:
    clock = ManualClock()
    settings = GatewaySettings(lease_ttl_seconds=90)
    async with LocalGateway(settings=settings, backend=backend, clock=clock) as gateway:
        async with RealtimeVision(configured(gateway, inbox)) as vision:
            await clock.advance(91)  # The client, on its own clock, sees no reason to renew yet.
            end = await asyncio.wait_for(vision.wait_ended(), 10)
    assert end.reason == "lease_expired"
    assert isinstance(end.error, StreamEndedError)
    assert [type(error) for error in inbox.errors] == [StreamEndedError]


async def test_a_short_lease_is_renewed_for_as_long_as_the_stream_runs(
    backend: FrameReader, inbox: Inbox
) -> None:
    settings = GatewaySettings(lease_ttl_seconds=1)
    async with LocalGateway(settings=settings, backend=backend) as gateway:
        async with RealtimeVision(configured(gateway, inbox)) as vision:
            await inbox.until(lambda box: (box.results or [None])[-1] and box.results[-1].seq >= 6)
            assert vision.is_active()
    assert inbox.errors == []


async def test_a_gateway_that_stops_ends_the_stream(backend: FrameReader, inbox: Inbox) -> None:
    async with LocalGateway(backend=backend) as gateway:
        vision = RealtimeVision(configured(gateway, inbox, reconnect=False))
        await vision.start()
    end = await asyncio.wait_for(vision.wait_ended(), 20)
    assert end.error is not None
    assert not vision.is_active()


def test_stopping_leaves_no_task_thread_or_socket(numbered_video: Path, nothing_left: None) -> None:
    async def stream_and_stop() -> set[asyncio.Task[Any]]:
        inbox = Inbox()
        async with LocalGateway(backend=FrameReader()) as gateway:
            source = VideoFileSource(file_path=numbered_video, loop=True)
            vision = RealtimeVision(configured(gateway, inbox, source=source))
            await vision.start()
            await inbox.until(lambda box: box.results)
            await vision.stop()
            await vision.stop()
            assert not [t for t in threading.enumerate() if t.name == "overshoot-capture"]
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(stream_and_stop()) == set()


async def test_it_can_be_started_again_after_it_stopped(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    vision = RealtimeVision(configured(gateway, inbox))
    await vision.start()
    with pytest.raises(StreamEndedError):
        await vision.start()
    first = vision.get_stream_id()
    await vision.stop()
    async with vision:
        assert vision.get_stream_id() not in {None, first}


@pytest.mark.usefixtures("nothing_left")
class TestErrorsAtStart:
    """Each fault gives one clear error of the tree, at start, and leaves nothing running."""

    async def fails(self, config: RealtimeVisionConfig, kind: type[OvershootError]) -> str:
        vision = RealtimeVision(config)
        with pytest.raises(kind) as caught:
            await asyncio.wait_for(vision.start(), 20)
        assert not vision.is_active()
        assert asyncio.all_tasks() == {asyncio.current_task()} or await self._only_the_gateway()
        return caught.value.message

    async def _only_the_gateway(self) -> bool:
        return not [t for t in threading.enumerate() if t.name.startswith("overshoot-capture")]

    async def test_a_camera_that_does_not_exist(self, gateway: LocalGateway, inbox: Inbox) -> None:
        config = configured(gateway, inbox, source=CameraSource(device_index=42))
        assert "42" in await self.fails(config, SourceError)

    async def test_a_file_that_is_no_video(
        self, gateway: LocalGateway, inbox: Inbox, tmp_path: Path
    ) -> None:
        path = tmp_path / "notes.mp4"
        path.write_text("not a video")
        config = configured(gateway, inbox, source=VideoFileSource(file_path=path))
        assert "notes.mp4" in await self.fails(config, SourceError)

    async def test_a_missing_file(self, gateway: LocalGateway, inbox: Inbox) -> None:
        config = configured(gateway, inbox, source=VideoFileSource(file_path="missing.mp4"))
        assert "missing.mp4" in await self.fails(config, SourceError)

    @pytest.mark.parametrize("url", ["", "nowhere", "ftp://host/api", "http://", "http://[::1"])
    async def test_a_malformed_address(self, gateway: LocalGateway, inbox: Inbox, url: str) -> None:
        message = await self.fails(configured(gateway, inbox, api_url=url), ValidationError)
        assert "api_url" in message

    async def test_a_refused_connection(self, gateway: LocalGateway, inbox: Inbox) -> None:
        config = configured(gateway, inbox, api_url="http://127.0.0.1:9/api/v0.2")
        assert "127.0.0.1:9" in await self.fails(config, NetworkError)

    async def test_values_out_of_range(self, gateway: LocalGateway, inbox: Inbox) -> None:
        config = configured(gateway, inbox, processing={"fps": 500})
        assert "fps" in await self.fails(config, ConfigurationError)
