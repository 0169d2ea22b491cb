from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve

from gateway.kit import ScriptedBackend
from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.application.subscription import Gap
from overshoot.domain.sampling import ClipSampling
from overshoot.domain.serving import Feedback, ServeRequest
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.errors import (
    InferenceError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
)
from overshoot.testing.manual_clock import ManualClock

if TYPE_CHECKING:
    from overshoot.application.subscription import Subscription
    from overshoot.domain.inference import InferenceResult

REQUEST = ServeRequest(
    ClipSampling(5, 1.0, 1.0), StreamInferenceConfig(prompt="read", model="scripted")
)
FPS = 10


@pytest.fixture
def clock() -> Any:
    return ManualClock()


@pytest.fixture
def backend() -> Any:
    return ScriptedBackend()


@pytest.fixture
async def serving(backend: ScriptedBackend, clock: ManualClock) -> Any:
    serving = Serving(backend, clock=clock, settings=ServingSettings(results_queued=4))
    yield serving
    await serving.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


class Video:
    """Frames of one stream, one after the other."""

    def __init__(self, stream: Any, size: Any = (64, 48)) -> None:
        self.stream, self.size, self.count = stream, size, 0

    async def play(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            arrival = self.stream.arrived(self.count * 90_000 // FPS, *self.size)
            self.count += 1
            if arrival.wanted:
                shape = (arrival.out_height, arrival.out_width, 3)
                self.stream.add(arrival, np.zeros(shape, np.uint8))
            else:
                self.stream.pass_by(arrival)
            await settle()


async def next_result(subscription: Subscription) -> InferenceResult:
    result = await subscription.next_result()
    assert result is not None
    return result


async def settle() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


async def test_results_say_what_they_are_about(serving: Serving, clock: ManualClock) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    await Video(stream).play(2.2)
    first, second = await next_result(results), await next_result(results)
    assert (first.seq, first.timestamp, first.frame_start, first.frame_end) == (0, 1.0, 2, 10)
    assert (second.seq, second.timestamp, second.frame_start, second.frame_end) == (1, 2.0, 12, 20)
    assert first.ok
    assert first.stream_id == stream.id
    assert (first.prompt, first.prompt_version) == ("read", 0)
    assert (first.model_backend, first.model_name, first.mode) == ("scripted", "scripted", "clip")
    assert first.id != second.id


async def test_a_new_prompt_holds_from_the_next_clip(
    serving: Serving, backend: ScriptedBackend
) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    backend.gate.clear()
    video = Video(stream)
    await video.play(1.2)
    assert stream.update_prompt("count").prompt == "count"
    backend.gate.set()
    await video.play(1.0)
    first, second = await next_result(results), await next_result(results)
    assert (first.prompt, first.prompt_version) == ("read", 0)
    assert (second.prompt, second.prompt_version) == ("count", 1)


async def test_a_slow_backend_gets_the_newest_clip_one_at_a_time(
    serving: Serving, backend: ScriptedBackend
) -> None:
    stream = await serving.create("me", REQUEST)
    backend.gate.clear()
    await Video(stream).play(5.2)
    assert len(backend.requests) == 1
    backend.gate.set()
    await settle()
    assert [request.frames[-1].timestamp for request in backend.requests] == [1.0, 5.0]
    assert stream.info().clips_skipped == 3


@pytest.mark.parametrize(
    ("failure", "said"),
    [(InferenceError("no picture"), "no picture"), (KeyError("secret"), "failed (KeyError)")],
)
async def test_a_failure_is_one_result_and_the_stream_lives(
    serving: Serving, backend: ScriptedBackend, failure: Any, said: Any
) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    backend.failure = failure
    video = Video(stream)
    await video.play(1.2)
    backend.failure = None
    await video.play(1.0)
    bad, good = await next_result(results), await next_result(results)
    assert not bad.ok
    assert bad.type == "error"
    assert said in (bad.error or "")
    assert "secret" not in (bad.error or "")
    assert bad.result == ""
    assert good.ok
    info = stream.info()
    assert (info.inferences_failed, info.inferences_completed) == (1, 1)


async def test_an_answer_that_takes_too_long_is_given_up(
    serving: Serving, backend: ScriptedBackend, clock: ManualClock
) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    backend.gate.clear()
    await Video(stream).play(1.2)
    await clock.advance(30.0)
    result = await next_result(results)
    assert not result.ok
    assert "30 s" in (result.error or "")
    assert result.inference_latency_ms == 30_000


async def test_the_end_of_the_video_answers_what_is_left_and_ends(serving: Serving) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    await Video(stream).play(1.7)
    await stream.finish()
    assert [(await next_result(results)).frame_end for _ in range(2)] == [10, 16]
    assert await results.next() is None
    assert results.reason == "webrtc_disconnected"


async def test_a_lease_that_is_not_renewed_ends_the_stream(
    serving: Serving, clock: ManualClock, backend: ScriptedBackend
) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    await clock.advance(60)
    clock.jump_wall(-3600)
    assert stream.renew_lease() == 90
    await clock.advance(89)
    assert stream.reason is None
    await clock.advance(1)
    assert await results.next() is None
    assert results.reason == "lease_expired"
    assert backend.closed_sessions == 1
    with pytest.raises(NotFoundError, match="lease_expired"):
        serving.get("me", stream.id)


async def test_deleting_waits_for_the_grace_time_before_it_tells(
    serving: Serving, clock: ManualClock, backend: ScriptedBackend
) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    video = Video(stream)
    await video.play(0.8)
    assert serving.delete("me", stream.id)
    await video.play(1.0)
    assert backend.requests == []
    assert results.reason is None
    assert not serving.delete("me", stream.id)
    with pytest.raises(NotFoundError):
        serving.get("me", stream.id)
    await clock.advance(0.75)
    assert await results.next() is None
    assert results.reason == "client_requested"
    assert not serving.delete("me", stream.id)


async def test_a_stream_is_its_owners_alone(serving: Serving) -> None:
    stream = await serving.create("me", REQUEST)
    for call in (serving.get, serving.delete):
        with pytest.raises(NotFoundError) as caught:
            call("you", stream.id)
        assert caught.value.code == "stream_not_found"
    assert serving.reason_of("you", stream.id) is None
    serving.add_feedback("me", stream.id, Feedback(3, "accuracy"))
    assert serving.feedback("you") == []
    assert len(serving.feedback("me")) == 1


async def test_five_streams_a_key_and_a_place_is_freed_by_deleting(
    serving: Serving, clock: ManualClock
) -> None:
    streams = [await serving.create("me", REQUEST) for _ in range(5)]
    with pytest.raises(RateLimitError):
        await serving.create("me", REQUEST)
    await serving.create("you", REQUEST)
    serving.delete("me", streams[0].id)
    await serving.create("me", REQUEST)
    await serving.discard(streams[1])
    await serving.create("me", REQUEST)
    with pytest.raises(RateLimitError):
        await serving.create("me", REQUEST)


async def test_an_unknown_model_is_the_callers_mistake_and_takes_no_place(serving: Serving) -> None:
    unknown = evolve(REQUEST, inference=evolve(REQUEST.inference, model="unknown"))
    for _ in range(9):
        with pytest.raises(ValidationError) as caught:
            await serving.create("me", unknown)
    assert caught.value.details == {"field": "inference.model"}


async def test_a_slow_listener_loses_the_oldest_and_holds_up_nobody(serving: Serving) -> None:
    stream = await serving.create("me", REQUEST)
    slow, quick = stream.subscribe(), stream.subscribe()
    video = Video(stream)
    seen: list[int | None] = []
    for _ in range(7):
        await video.play(1.0)
        if stream.info().inferences_completed > len(seen):
            seen.append((await next_result(quick)).seq)
    assert seen == list(range(6))
    assert await slow.next() == Gap(2)
    assert [(await next_result(slow)).seq for _ in range(4)] == [2, 3, 4, 5]
    assert (slow.dropped, quick.dropped) == (2, 0)
    stream.unsubscribe(slow)
    stream.unsubscribe(slow)
    assert stream.info().results_dropped == 2


async def test_too_many_listeners_are_refused(serving: Serving) -> None:
    stream = await serving.create("me", REQUEST)
    for _ in range(16):
        stream.subscribe()
    with pytest.raises(RateLimitError):
        stream.subscribe()


async def test_what_is_counted(serving: Serving, clock: ManualClock) -> None:
    stream = await serving.create("me", REQUEST)
    assert stream.info().state == "pending"
    video = Video(stream, size=(1920, 1080))
    for _ in range(20):
        await video.play(0.1)
        await clock.advance(0.1)
    info = stream.info()
    assert (info.frame_width, info.frame_height) == (1920, 1080)
    assert (info.effective_width, info.effective_height) == (1280, 720)
    assert info.fps == pytest.approx(10)
    assert (info.frames_received, info.frames_kept) == (20, 10)
    assert info.uptime_seconds == pytest.approx(2.0)
    assert info.state == "active"
    await clock.advance(6)
    assert stream.info().state == "idle"
    assert stream.info().fps == 0


async def test_frames_of_two_sizes_never_share_a_clip(
    serving: Serving, backend: ScriptedBackend
) -> None:
    stream = await serving.create("me", REQUEST)
    video = Video(stream)
    await video.play(0.6)
    video.size = (32, 24)
    await video.play(1.6)
    for request in backend.requests:
        assert len({frame.pixels.shape for frame in request.frames}) == 1
    assert [frame.index for frame in backend.requests[0].frames] == [6, 8, 10]


async def test_a_session_that_does_not_close_holds_up_nothing(
    clock: ManualClock, backend: ScriptedBackend
) -> None:
    settings = ServingSettings(close_seconds=0.01)
    serving = Serving(backend, clock=clock, settings=settings)
    backend.stuck = True
    stream = await serving.create("me", REQUEST)
    await serving.stop()
    assert stream.reason == "gateway_stopped"
    with pytest.raises(ServerError, match="stopping"):
        await serving.create("me", REQUEST)
