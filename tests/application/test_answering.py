"""Which question a clip is asked with, when the answer is repeated, and what stays at hand."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from gateway.kit import ScriptedBackend
from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.motion import MotionSettings
from overshoot.domain.sampling import ClipSampling
from overshoot.errors import InferenceError
from overshoot.testing.manual_clock import ManualClock
from support.served import STILLS, push, settle


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
    first, second = await results.next_result(), await results.next_result()
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
    result = await results.next_result()
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
        result = await results.next_result()
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
    fresh = await results.next_result()
    assert fresh is not None
    assert (fresh.result, fresh.prompt_version, fresh.repeated) == ("count", 1, False)
    for second in range(6, 12):
        push(stream, second, 90)
        result = await results.next_result()
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
    failed = await results.next_result()
    backend.failure = None
    push(stream, 1)
    good = await results.next_result()
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
    result = await results.next_result()
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
