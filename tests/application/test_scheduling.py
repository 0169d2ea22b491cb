"""Streams take turns: fairly, never too many at a time, and in the order of their clips."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kit import ScriptedBackend
from overshoot.application.scheduling import Scheduler, concurrency_of
from overshoot.application.served_stream import ServedStream
from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.motion import MotionSettings
from overshoot.domain.pacing import Pacing
from overshoot.domain.sampling import ClipSampling, FrameSampling
from overshoot.domain.serving import ServeRequest
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.testing.manual_clock import ManualClock
from support.served import STILLS, TimedBackend, push, settle


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
            result = await results.next_result()
            assert result is not None
            seen.append(result.timestamp)
            pacing.answered(result.timestamp)
        push(stream, index / 10)
        pacing.sent()
        await asyncio.sleep(0)
    await stream.finish()
    while (result := await results.next_result()) is not None:
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
    seen = [await results.next_result() for _ in range(2)]
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
