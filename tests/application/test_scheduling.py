"""Streams take turns: fairly, never too many, in order; and a still scene saves calls."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kit import ScriptedBackend
from overshoot.application.scheduling import Scheduler, concurrency_of
from overshoot.application.served_stream import ServedStream
from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, ModelInfo
from overshoot.domain.motion import MotionSettings
from overshoot.domain.pacing import Pacing
from overshoot.domain.sampling import ClipSampling, FrameSampling
from overshoot.domain.serving import ServeRequest
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.errors import InferenceError
from overshoot.testing.manual_clock import ManualClock

STILLS = ServeRequest(FrameSampling(1.0), StreamInferenceConfig(prompt="read", model="scripted"))


async def settle() -> None:
    for _ in range(25):
        await asyncio.sleep(0)


class TimedBackend:
    """Answers after as many seconds as the prompt says; remembers who was asked, in order."""

    name = "timed"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, float]] = []
        self.log: list[tuple[str, str]] = []
        self.running = 0
        self.most = 0

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("timed", ready=True, status="ready"),)

    async def start_session(self, model: str) -> Any:
        return self

    async def infer(self, request: InferenceRequest) -> InferenceAnswer:
        who, seconds = request.prompt.split()
        self.asked.append((who, request.frames[-1].timestamp))
        self.log.append(("begin", who))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.clock.sleep(float(seconds))
        finally:
            self.running -= 1
            self.log.append(("end", who))
        return InferenceAnswer("done")

    async def close(self) -> None:
        pass


def push(stream: Any, second: float, level: int = 0) -> None:
    arrival = stream.arrived(round(second * 90_000), 32, 32)
    if arrival.wanted:
        stream.add(arrival, np.full((32, 32, 3), level, np.uint8))
    else:
        stream.pass_by(arrival)


@given(
    costs=st.lists(st.sampled_from(["0.5", "1", "4"]), min_size=1, max_size=5),
    places=st.integers(1, 3),
    ended=st.none() | st.integers(0, 4),
)
@settings(max_examples=20, deadline=None)
def test_every_stream_with_a_clip_is_served_within_the_others(
    costs: Any, places: int, ended: int | None
) -> None:
    asyncio.run(fair(costs, places, ended))


async def fair(costs: list[str], places: int, ended: int | None) -> None:
    clock = ManualClock()
    backend = TimedBackend(clock)
    limits = ServingSettings(concurrency=places, lease_ttl_seconds=3600)
    serving = Serving(backend, clock=clock, settings=limits)
    streams = []
    for who, cost in enumerate(costs):
        config = StreamInferenceConfig(prompt=f"{who} {cost}", model="timed")
        streams.append(await serving.create("me", ServeRequest(FrameSampling(0.25), config)))
    at_the_end = 0
    # A clip every 0.25 s and no answer in less than 0.5 s: everybody always has one that waits.
    for quarter in range(100):
        for who, stream in enumerate(streams):
            if who == ended and quarter == 20:
                await stream.end("client_requested")
                at_the_end = len(backend.asked)
            if stream.reason is None:
                push(stream, quarter / 4)
        await clock.advance(0.25)
    await serving.stop()
    assert backend.most == min(places, len(costs))
    for each in map(str, range(len(costs))):
        times = [time for name, time in backend.asked if name == each]
        assert times or each == str(ended)
        assert times == sorted(set(times))
        # From the end of its turn to the next one, each other stream has one turn at most.
        waits, passed = True, list[str]()
        for event, name in backend.log:
            if name == each:
                waits, passed = event == "end", []
            elif event == "begin" and waits:
                passed.append(name)
                assert len(passed) == len(set(passed)) or each == str(ended)
    if ended is not None and ended < len(costs):
        assert str(ended) not in {name for name, _ in backend.asked[at_the_end:]}
    assert serving.scheduler.running == serving.scheduler.waiting == 0


@given(
    costs=st.lists(st.sampled_from(["0.1", "1", "4"]), min_size=1, max_size=4),
    clip=st.sampled_from(
        [ClipSampling(5, 1.0, 1.0), ClipSampling(5, 1.0, 0.5), ClipSampling(4, 0.5, 2.0)]
    ),
)
@settings(max_examples=15, deadline=None)
def test_senders_that_keep_the_pace_have_every_clip_answered(costs: Any, clip: Any) -> None:
    together = asyncio.run(paced(costs, clip))
    alone = asyncio.run(paced(["0.1"], clip))
    assert together == alone * len(costs)


async def paced(costs: list[str], clip: ClipSampling) -> list[list[float | None]]:
    """The times of all answers of each stream, of which one at a time is asked about."""
    clock = ManualClock()
    backend = TimedBackend(clock)
    limits = ServingSettings(concurrency=1, lease_ttl_seconds=3600)
    serving = Serving(backend, clock=clock, settings=limits)
    streams = []
    for who, cost in enumerate(costs):
        config = StreamInferenceConfig(prompt=f"{who} {cost}", model="timed")
        streams.append(await serving.create("me", ServeRequest(clip, config)))
    sending = [asyncio.create_task(send_in_pace(stream, clip)) for stream in streams]
    while not all(task.done() for task in sending):
        await clock.advance(0.1)
    assert all(stream.info().clips_skipped == 0 for stream in streams)
    assert backend.most == 1
    await serving.stop()
    return [task.result() for task in sending]


async def send_in_pace(stream: ServedStream, clip: ClipSampling) -> list[float | None]:
    pacing = Pacing(clip)
    results = stream.subscribe()
    seen: list[float | None] = []
    for index in range(55):
        pacing.place(index / 10)
        while not pacing.may_send:
            result = await results.next()
            assert result is not None
            seen.append(result.timestamp)
            pacing.answered(result.timestamp)
        push(stream, index / 10)
        pacing.sent()
        await asyncio.sleep(0)
    await stream.finish()
    while (result := await results.next()) is not None:
        seen.append(result.timestamp)
    return seen


async def test_turns_are_cancelled_without_a_place_getting_lost() -> None:
    clock = ManualClock()
    scheduler = Scheduler(clock, 1)
    log: list[str] = []

    async def work(who: str) -> None:
        async with scheduler.turn(who):
            log.append(who)
            await clock.sleep(1.0)

    tasks = [asyncio.create_task(work(who)) for who in "abc"]
    await settle()
    assert (log, scheduler.waiting, scheduler.running) == (["a"], 2, 1)
    tasks[1].cancel()
    await settle()
    assert scheduler.waiting == 1
    tasks[0].cancel()
    await settle()
    assert log == ["a", "c"]
    await clock.advance(1.0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (scheduler.waiting, scheduler.running, scheduler.given) == (0, 0, 2)


async def test_a_turn_called_and_cancelled_at_once_goes_to_the_next() -> None:
    scheduler = Scheduler(ManualClock(), 1)
    served = asyncio.Event()

    async def work() -> None:
        async with scheduler.turn("late"):
            served.set()

    async with scheduler.turn("first"):
        unlucky = asyncio.create_task(work())
        lucky = asyncio.create_task(work())
        await settle()
    unlucky.cancel()
    await asyncio.gather(unlucky, lucky, return_exceptions=True)
    assert served.is_set()
    assert unlucky.cancelled()
    assert scheduler.running == 0


@frozen
class Hinting:
    concurrency: int | None = 3


@pytest.mark.parametrize(
    ("backend", "chosen", "expected"),
    [
        (Hinting(), None, 3),
        (Hinting(), 2, 2),
        (Hinting(None), None, None),
        (ScriptedBackend(), None, None),
    ],
)
def test_the_limit_is_chosen_or_the_backends_own(
    backend: Any, chosen: int | None, expected: int | None
) -> None:
    assert concurrency_of(backend, chosen) == expected


@pytest.fixture
def clock() -> Any:
    return ManualClock()


@pytest.fixture
def backend() -> Any:
    return ScriptedBackend()


@pytest.fixture
async def serving(backend: ScriptedBackend, clock: ManualClock) -> Any:
    motion = MotionSettings(refresh_seconds=5.0)
    chosen = ServingSettings(concurrency=1, motion=motion, streams_per_key=9)
    serving = Serving(backend, clock=clock, settings=chosen)
    yield serving
    await serving.stop()


async def test_a_slow_stream_costs_the_others_one_turn(clock: ManualClock) -> None:
    backend = TimedBackend(clock)
    serving = Serving(backend, clock=clock, settings=ServingSettings(concurrency=2))
    config = StreamInferenceConfig(prompt="slow 20", model="timed")
    slow = await serving.create("me", evolve(STILLS, inference=config))
    quick = await serving.create("me", evolve(STILLS, inference=evolve(config, prompt="quick 0.1")))
    for second in range(10):
        push(slow, second)
        push(quick, second)
        await clock.advance(1.0)
    assert [time for who, time in backend.asked if who == "quick"] == list(range(10))
    assert [time for who, time in backend.asked if who == "slow"] == [0]
    assert slow.info().clips_waiting == 1
    assert slow.info().clips_skipped == 8
    await serving.stop()


async def test_clips_sent_within_the_pace_wait_for_their_turn_and_none_is_lost(
    serving: Serving, backend: ScriptedBackend
) -> None:
    backend.gate.clear()
    busy, paced = [await serving.create("me", STILLS) for _ in range(2)]
    results = paced.subscribe()
    push(busy, 0)
    await settle()
    push(paced, 0)
    push(paced, 1)
    await settle()
    assert len(backend.requests) == 1
    assert serving.totals().turns_waiting == 1
    backend.gate.set()
    await settle()
    seen = [await results.next() for _ in range(2)]
    assert [result.timestamp for result in seen if result] == [0.0, 1.0]
    assert paced.info().clips_skipped == 0


async def test_a_stream_that_ends_frees_its_place(
    serving: Serving, backend: ScriptedBackend
) -> None:
    backend.gate.clear()
    first, second = [await serving.create("me", STILLS) for _ in range(2)]
    push(first, 0)
    await settle()
    push(second, 0)
    await settle()
    assert len(backend.requests) == 1
    await first.end("client_requested")
    await settle()
    assert len(backend.requests) == 2


async def test_a_prompt_that_changes_while_a_clip_waits_is_asked_and_named(
    serving: Serving, backend: ScriptedBackend
) -> None:
    backend.gate.clear()
    busy, stream = [await serving.create("me", STILLS) for _ in range(2)]
    results = stream.subscribe()
    push(busy, 0)
    await settle()
    push(stream, 0)
    await settle()
    stream.update_prompt("count")
    backend.gate.set()
    await settle()
    stream.update_schema({"type": "string"})
    stream.update_prompt("name")
    push(stream, 1)
    first, second = await results.next(), await results.next()
    assert first is not None
    assert second is not None
    assert (first.prompt, first.prompt_version, first.schema_version) == ("count", 1, 0)
    assert (second.prompt, second.prompt_version, second.schema_version) == ("name", 2, 1)
    assert [request.output_schema for request in backend.requests[1:]] == [None, {"type": "string"}]
    assert stream.info().schema_version == 1


async def test_a_question_changed_in_mid_answer_leaves_the_answer_its_own_versions(
    serving: Serving, backend: ScriptedBackend
) -> None:
    backend.gate.clear()
    stream = await serving.create("me", STILLS)
    results = stream.subscribe()
    push(stream, 0)
    await settle()
    stream.update_prompt("count")
    stream.update_schema({"type": "string"})
    backend.gate.set()
    result = await results.next()
    assert result is not None
    assert (result.prompt, result.prompt_version, result.schema_version) == ("read", 0, 0)


async def test_a_still_scene_is_answered_without_the_model(
    serving: Serving, backend: ScriptedBackend
) -> None:
    stream = await serving.create("me", evolve(STILLS, motion_gate=True))
    results = stream.subscribe()
    levels = [50, 51, 52, 90, 90]
    seen = []
    for second, level in enumerate(levels):
        push(stream, second, level)
        result = await results.next()
        assert result is not None
        seen.append(result)
    assert [result.repeated for result in seen] == [False, True, True, False, True]
    assert [result.seq for result in seen] == [0, 1, 2, 3, 4]
    assert [result.timestamp for result in seen] == [0, 1, 2, 3, 4]
    assert {result.result for result in seen} == {"read"}
    assert len({result.id for result in seen}) == 5
    assert seen[1].inference_latency_ms == 0
    assert len(backend.requests) == 2
    info = stream.info()
    assert (info.inferences_completed, info.calls_saved) == (2, 3)
    stream.update_prompt("count")
    push(stream, 5, 90)
    fresh = await results.next()
    assert fresh is not None
    assert (fresh.result, fresh.prompt_version, fresh.repeated) == ("count", 1, False)
    for second in range(6, 12):
        push(stream, second, 90)
        result = await results.next()
        assert result is not None
        assert result.repeated == (second != 10)


async def test_the_gate_is_off_unless_asked_for(
    serving: Serving, backend: ScriptedBackend, clock: ManualClock
) -> None:
    stream = await serving.create("me", STILLS)
    for second in range(3):
        push(stream, second)
        await settle()
    assert len(backend.requests) == 3
    gated = ServingSettings(motion=MotionSettings(enabled=True))
    other = Serving(backend, clock=clock, settings=gated)
    by_default = await other.create("me", STILLS)
    never = await other.create("me", evolve(STILLS, motion_gate=False))
    for second in range(3):
        push(by_default, second)
        push(never, second)
        await settle()
    assert by_default.info().calls_saved == 2
    assert never.info().calls_saved == 0
    await other.stop()


async def test_a_failure_is_not_repeated(serving: Serving, backend: ScriptedBackend) -> None:
    stream = await serving.create("me", evolve(STILLS, motion_gate=True))
    results = stream.subscribe()
    backend.failure = InferenceError("busy")
    push(stream, 0)
    failed = await results.next()
    backend.failure = None
    push(stream, 1)
    good = await results.next()
    assert failed is not None
    assert good is not None
    assert not failed.ok
    assert good.ok
    assert not good.repeated


async def test_totals_keep_what_ended_streams_did(
    serving: Serving, backend: ScriptedBackend
) -> None:
    first, second = [await serving.create("me", STILLS) for _ in range(2)]
    for stream in (first, second):
        push(stream, 0)
        await settle()
    await first.end("client_requested")
    await settle()
    totals = serving.totals()
    assert totals.streams.streams == 2
    assert totals.streams.inferences_completed == 2
    assert totals.streams.frames_received == 2
    assert totals.running == {"active": 1}
    assert (totals.turns_given, totals.turns_running, totals.concurrency) == (2, 0, 1)
    assert totals.bytes_buffered == 32 * 32 * 3


async def test_frames_stay_at_hand_for_results_and_viewers(serving: Serving) -> None:
    clip = evolve(STILLS, sampling=ClipSampling(2, 1.0, 1.0))
    stream = await serving.create("me", clip)
    results = stream.subscribe()
    viewer = asyncio.create_task(stream.frames.after(-1))
    for half in range(7):
        arrival = stream.arrived(half * 45_000, 16, 16)
        stream.add(arrival, np.full((16, 16, 3), half, np.uint8))
        await settle()
    first = await viewer
    assert first is not None
    assert first.index == 0
    result = await results.next()
    assert result is not None
    frames = stream.clip_of(result.id)
    assert frames is not None
    assert [frame.pixels[0, 0, 0] for frame in frames] == [1, 2]
    assert serving.with_result("me", result.id) is stream
    newest = await stream.frames.after(first.index)
    assert newest is not None
    assert newest.index == 6
    waiting = asyncio.create_task(stream.frames.after(6))
    await settle()
    await stream.end("client_requested")
    assert await waiting is None
    assert stream.frames.buffer.held_bytes == 0
