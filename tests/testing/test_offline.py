"""A whole session that needs nothing but this process, and is the same each time."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, frozen

from overshoot import (
    ActionDetector,
    ActionDetectorConfig,
    AsyncFramesSource,
    CameraSource,
    ConfigurationError,
    OvershootStreamRelay,
    RealtimeVision,
    RealtimeVisionConfig,
)
from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.inference import InferenceRequest
from overshoot.errors import InferenceError, ServerError
from overshoot.testing import (
    EchoInference,
    LoopbackTransport,
    ManualClock,
    ScriptedInference,
    SyntheticSource,
    nothing_left,
    offline,
    run_offline,
    until,
)
from overshoot.testing.films import film
from support.videos import write_scene

SCENE = SyntheticSource(width=320, height=240, fps=10, duration_seconds=3, real_time=False)


def config(script: Any = ("ok",), **values: Any) -> RealtimeVisionConfig[Any]:
    inference = ScriptedInference(script)
    return RealtimeVisionConfig(
        **{"prompt": "?", "source": SCENE, "inference": inference, **values}
    )


def numbers(request: InferenceRequest) -> dict[str, Any]:
    return {"seen": [read_frame_number(frame.pixels) for frame in request.frames]}


async def test_two_runs_are_equal_to_the_last_field() -> None:
    with nothing_left():
        first = await run_offline(config(numbers))
        second = await run_offline(config(numbers))
    assert first == second
    assert [result.id for result in first.results] == ["offline-2", "offline-3", "offline-4"]
    assert [result.timestamp for result in first.results] == [1.0, 2.0, pytest.approx(2.7)]


async def test_it_is_the_products_own_sampling_and_pixels() -> None:
    run = await run_offline(config(numbers, output_schema={"type": "object"}))
    for result in run.results:
        assert result.parsed is not None
        seen = result.parsed["seen"]
        assert seen[0] == result.frame_start
        assert seen[-1] == result.frame_end
    assert run.end.reason == "source_ended"
    assert [status.state for status in run.statuses] == ["opening", "active", "draining", "closed"]
    assert run.stats.frames.captured == run.stats.frames.sent == 30
    assert run.stats.end_to_end_ms.max == 0.0


async def test_a_script_that_fails_is_a_result_and_the_run_goes_on() -> None:
    told: list[str] = []
    run = await run_offline(
        config(
            [InferenceError("busy"), "fine"], on_result=lambda result: told.append(result.result)
        )
    )
    assert [result.ok for result in run.results] == [False, True, True]
    assert told == ["", "fine", "fine"]
    assert run.errors == ()


async def test_actions_of_a_file_are_found_with_nothing_but_a_script(tmp_path: Any) -> None:
    video = write_scene(tmp_path / "scene.mp4", seconds=3.0, fps=10.0)

    @frozen
    class Waves:
        async def after(self, request: InferenceRequest) -> dict[str, Any]:
            late = request.frames[-1].timestamp > 1.0
            verdict = {"action": "waving", "detected": late, "confidence": 0.9}
            return {"detected_actions": [verdict]}

    given = ActionDetectorConfig(actions=["waving"], inference=ScriptedInference(Waves().after))
    found = [
        [
            (action.timestamp, action.confidence, action.metadata["stream_id"])
            for action in await ActionDetector(offline(given)).analyze_video(video)
        ]
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert found[0]
    assert min(timestamp for timestamp, _, _ in found[0]) > 1.0


async def test_frames_of_ones_own_are_each_seen() -> None:
    async def frames() -> Any:
        for frame in film(3.0):
            yield frame.pixels, frame.timestamp

    inference = EchoInference()
    source = AsyncFramesSource(frames=frames(), fps=10, real_time=False)
    processing = {"target_fps": 10, "clip_length_seconds": 0.5, "delay_seconds": 0.5}
    run = await run_offline(config(source=source, inference=inference, processing=processing))
    assert run.stats.frames.sent == 30
    assert run.stats.clips_unanswered == 0
    # A clip is what came after its start, so the first frame of all is in none.
    assert {frame.index for request in inference.requests for frame in request.frames} == set(
        range(1, 30)
    )


async def test_time_moves_only_where_the_test_moves_it() -> None:
    clock = ManualClock(wall=5.0)

    async def slow(request: InferenceRequest) -> str:
        await clock.advance(0.25)
        return "after a while"

    run = await run_offline(config(slow), clock=clock)
    assert [result.inference_latency_ms for result in run.results] == pytest.approx([250.0] * 3)
    assert clock.monotonic() == pytest.approx(0.75)


async def test_a_transport_of_ones_own_stays() -> None:
    clock, inference = ManualClock(), EchoInference()
    transport = LoopbackTransport(inference, clock)
    given = config(inference=None, transport=lambda: transport)
    run = await run_offline(given, clock=clock)
    assert [result.result for result in run.results] == ["?"] * len(run.results)
    assert run.results[0].stream_id.startswith("loopback-")


async def test_a_relay_takes_a_transport_and_a_clock() -> None:
    clock, inference = ManualClock(), EchoInference()
    results: list[Any] = []
    relay = OvershootStreamRelay(
        prompt="?",
        on_result=results.append,
        transport=lambda: LoopbackTransport(inference, clock),
        clock=clock,
    )
    with nothing_left():
        async with relay:
            for frame in film(2.0):
                sent = relay.stats().frames.sent
                relay.push_frame(frame.pixels, frame.timestamp)
                await until(lambda: relay.stats().frames.sent > sent)  # noqa: B023
            await until(lambda: len(results) >= 2)
    assert results[0]["result"] == "?"


def test_nobody_to_answer_is_said() -> None:
    with pytest.raises(ConfigurationError, match="ScriptedInference"):
        offline(config(inference=None))


async def test_a_source_that_paces_itself_is_refused() -> None:
    for source in (CameraSource(), SyntheticSource(duration_seconds=1)):
        with pytest.raises(ConfigurationError, match="real_time=False"):
            await run_offline(config(source=source))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"transport": 3}, "transport must be callable"),
        ({"clock": 3}, "clock must be an overshoot.ports.clock.Clock"),
        ({"transport": lambda: None, "api_url": "http://127.0.0.1:1"}, "give transport or"),
        ({"inference": "local", "api_key": "k"}, "give inference or api_key"),
    ],
)
async def test_what_cannot_be_swapped_in_is_said(values: Any, message: str) -> None:
    given = evolve(config(inference=None), **values)
    with pytest.raises(ConfigurationError, match=message):
        await RealtimeVision(given).start()


async def test_what_a_transport_raises_comes_through() -> None:
    class Down(LoopbackTransport):
        async def open(self, request: Any, feed: Any) -> Any:
            raise ServerError("down for repairs", status_code=503)

    clock = ManualClock()
    given = config(inference=None, transport=lambda: Down(EchoInference(), clock), reconnect=False)
    with nothing_left(), pytest.raises(ServerError, match="down for repairs"):
        await run_offline(given, clock=clock)
