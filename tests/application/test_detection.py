"""`Detection`: answers in, actions out; what cannot be used is told once and counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from attrs import define, field

from overshoot import CallbackError, InferenceError, InferenceResult, OvershootError, Unsupported
from overshoot.application import detection as detection_module
from overshoot.application.action_making import EachVerdict, Joined
from overshoot.application.detection import Detection, DetectionCallbacks
from overshoot.domain.action import DetectedAction
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict
from overshoot.errors import StoreError
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until

ACTIONS = ("wave", "point")
ORIGIN = {"session_id": "s", "source": "camera 0"}
CALLBACKS = {"on_action", "on_action_started", "on_action_ended", "on_error"}


def answer(*said: tuple[str, float], detected: bool = True, **fields: Any) -> InferenceResult[Any]:
    entries = [{"action": a, "confidence": c, "detected": detected} for a, c in said]
    values: dict[str, Any] = {"timestamp": 4.0, "frame_end": 59, **fields}
    return InferenceResult(json.dumps({"detected_actions": entries}), **values)


@define
class Caller:
    """What the caller's callbacks and store got."""

    clock: ManualClock = field(factory=ManualClock)
    kept: list[DetectedAction] = field(factory=list[DetectedAction])
    told: list[DetectedAction] = field(factory=list[DetectedAction])
    errors: list[OvershootError] = field(factory=list[OvershootError])

    def detection(self, rule: TrackingRule | None = None, **changes: Any) -> Detection:
        values: dict[str, Any] = {
            "keep": self.kept.extend,
            "on_action": self.told.append,
            "on_error": self.errors.append,
            "clock": self.clock,
            **changes,
        }
        callbacks = {name: values.pop(name) for name in CALLBACKS & values.keys()}
        maker = EachVerdict(0.6, ORIGIN) if rule is None else Joined(ACTIONS, rule, ORIGIN)
        return Detection(ACTIONS, maker, callbacks=DetectionCallbacks(**callbacks), **values)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    with nothing_left():
        yield Caller()


async def received(detection: Detection, *results: InferenceResult[Any]) -> None:
    detection.start()
    for result in results:
        detection.receive(result)
    await detection.finish()
    await detection.close()


async def test_a_confident_verdict_is_an_action_at_once(caller: Caller) -> None:
    said = answer(
        ("wave", 0.9),
        timestamp_start=3.5,
        stream_id="s1",
        model_name="m",
        prompt_version=2,
        inference_latency_ms=12.5,
        total_latency_ms=30.0,
    )
    await received(caller.detection(), said)
    metadata = {
        "session_id": "s",
        "source": "camera 0",
        "action_id": "s-1",
        "stream_id": "s1",
        "model": "m",
        "prompt_version": 2,
        "schema_version": 1,
        "inference_latency_ms": 12.5,
        "total_latency_ms": 30.0,
        "timestamp_from": "video",
        "clip_start": 3.5,
        "clip_end": 4.0,
        "verdicts": [{"start": 3.5, "end": 4.0, "confidence": 0.9, "detected": True}],
    }
    assert caller.kept == [DetectedAction("wave", 4.0, 59, 0.9, None, metadata)]
    assert caller.told == caller.kept
    assert caller.errors == []


async def test_each_answer_makes_actions_of_its_own(caller: Caller) -> None:
    both = answer(("wave", 0.7), ("point", 0.8))
    await received(caller.detection(), both, answer(("wave", 0.7), timestamp=5.0))
    assert [(a.action, a.timestamp) for a in caller.told] == [
        ("wave", 4.0),
        ("point", 4.0),
        ("wave", 5.0),
    ]


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (answer(("wave", 0.6)), 1),
        (answer(("wave", 0.5999)), 0),
        (answer(("wave", 1.0), detected=False), 0),
        (answer(), 0),
    ],
)
async def test_the_least_confidence_counts(
    caller: Caller, said: InferenceResult[Any], count: int
) -> None:
    await received(caller.detection(), said)
    assert len(caller.told) == count
    assert caller.errors == []


async def test_without_the_videos_time_that_of_the_answer_counts(caller: Caller) -> None:
    detection = caller.detection()
    await caller.clock.advance(100)
    detection.flowing()
    await caller.clock.advance(7.5)
    silent = answer(("wave", 0.9), timestamp=None, frame_end=None, total_latency_ms=500.0)
    early = answer(("wave", 0.9), timestamp=None, total_latency_ms=60_000.0)
    await received(detection, silent, early)
    assert [action.timestamp for action in caller.kept] == [7.0, 0.0]
    assert caller.kept[0].frame_number == 0
    assert caller.kept[0].metadata["timestamp_from"] == "arrival"


async def test_a_gateway_that_counts_below_zero_does_no_harm(caller: Caller) -> None:
    await received(caller.detection(), answer(("wave", 0.9), timestamp=-1.0, frame_end=-5))
    assert [(a.timestamp, a.frame_number) for a in caller.kept] == [(0.0, 0)]


async def test_what_cannot_be_used_is_told_once_a_kind_and_counted(caller: Caller) -> None:
    detection = caller.detection()
    prose = InferenceResult[Any]("I see a hand")
    busy = InferenceResult[Any]("", ok=False, error="busy")
    strange = answer(("clap", 0.9), ("wave", 9.0), ("point", 0.9))
    await received(detection, prose, busy, strange, prose, prose, busy, strange)
    assert detection.faults == {
        "not_json": 3,
        "no_answer": 2,
        "unknown_action": 2,
        "bad_confidence": 2,
    }
    assert [type(error) for error in caller.errors] == [InferenceError] * 4
    assert "I see a hand" in caller.errors[0].message
    assert "busy" in caller.errors[1].message
    assert "clap" in caller.errors[2].message
    assert "9.0" in caller.errors[3].message
    assert [action.action for action in caller.told] == ["point", "point"]


async def test_what_the_backend_cannot_see_is_told_once(caller: Caller) -> None:
    blind = (Unsupported("clap", "not on its list", "another backend"), Unsupported("x", "y", ""))
    await received(caller.detection(), *[answer(unsupported=blind)] * 3)
    assert [error.message for error in caller.errors] == [
        "the backend cannot see 'clap': not on its list; what would help: another backend",
        "the backend cannot see 'x': y",
    ]


async def test_the_store_has_it_before_the_callback(caller: Caller) -> None:
    seen: list[int] = []
    detection = caller.detection(on_action=lambda action: seen.append(caller.kept.count(action)))
    await received(detection, answer(("wave", 0.9)))
    assert seen == [1]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (StoreError("the disk is full"), "the disk is full"),
        (RuntimeError("boom"), "the store did not keep 'wave' at 4.0 s: RuntimeError: boom"),
    ],
)
async def test_a_store_that_fails_is_told_and_the_run_goes_on(
    caller: Caller, fault: Exception, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection_module, "PATIENCE_SECONDS", 0.2)

    def keep(actions: Sequence[DetectedAction]) -> None:
        raise fault

    await received(caller.detection(keep=keep), answer(("wave", 0.9)), answer(("point", 0.9)))
    assert [type(error) for error in caller.errors] == [StoreError, StoreError]
    assert caller.errors[0].message == message
    assert "the last 2 actions" in caller.errors[1].message
    assert [action.action for action in caller.told] == ["wave", "point"]


async def test_verdicts_that_follow_each_other_are_one_action(caller: Caller) -> None:
    started: list[DetectedAction] = []
    ended: list[DetectedAction] = []
    found: list[DetectedAction] = []
    detection = caller.detection(
        TrackingRule(votes=2, max_gap_seconds=0.5),
        on_action_started=started.append,
        on_action_ended=ended.append,
        found=found.append,
    )
    seen = [0.9, 0.7, 0.8, 0.0, 0.0, 0.0]
    clips = [
        answer(("wave", sure), timestamp_start=n / 2, timestamp=n / 2 + 0.4, frame_start=6 * n)
        for n, sure in enumerate(seen)
    ]
    detection.start()
    for clip in clips[:2]:
        detection.receive(clip)
    await until(lambda: len(started) == 1)
    assert (ended, caller.told, caller.kept) == ([], [], [])
    for clip in clips[2:]:
        detection.receive(clip)
    await until(lambda: len(ended) == 1)
    await detection.finish()
    await detection.close()
    [action] = caller.kept
    assert (action.action, action.timestamp, action.duration) == ("wave", 0.0, 1.4)
    assert (action.confidence, action.frame_number) == (0.9, 0)
    assert action.metadata["mean_confidence"] == pytest.approx(0.8)
    assert len(action.metadata["verdicts"]) == 3
    assert action.metadata["source"] == "camera 0"
    assert action.metadata["action_id"] == started[0].metadata["action_id"]
    assert caller.told == ended == found == [action]


async def test_what_goes_on_at_the_end_of_the_run_is_closed_and_marked(caller: Caller) -> None:
    clip = answer(("point", 0.9), timestamp_start=1.0, timestamp=2.0)
    await received(caller.detection(TrackingRule()), clip)
    [action] = caller.kept
    assert (action.timestamp, action.duration) == (1.0, 1.0)
    assert action.metadata["ended_by"] == "stream_end"


async def test_time_passes_with_answers_that_say_nothing(caller: Caller) -> None:
    detection = caller.detection(TrackingRule(max_gap_seconds=1.0))
    detection.start()
    detection.receive(answer(("wave", 0.9), timestamp_start=0.0, timestamp=0.5))
    detection.receive(InferenceResult("", ok=False, error="busy", timestamp=9.0))
    await until(lambda: len(caller.told) == 1)
    assert caller.told[0].metadata["ended_by"] == "gap"
    await detection.finish()
    await detection.close()


async def test_evidence_is_in_the_action_before_it_is_kept(caller: Caller) -> None:
    asked: list[Sequence[TimedVerdict]] = []

    def evidence(action: DetectedAction, verdicts: Sequence[TimedVerdict]) -> DetectedAction:
        asked.append(verdicts)
        return replace(action, metadata={**action.metadata, "evidence": {"clip": "a.mp4"}})

    said = answer(("wave", 0.9), timestamp_start=3.5)
    await received(caller.detection(evidence=evidence), said)
    assert caller.kept[0].metadata["evidence"] == {"clip": "a.mp4"}
    assert caller.told == caller.kept
    [[verdict]] = asked
    assert (verdict.start, verdict.end, verdict.confidence) == (3.5, 4.0, 0.9)


def plain(take: Callable[[str], None]) -> Callable[[DetectedAction], Any]:
    return lambda action: take(action.action)


def coroutine(take: Callable[[str], None]) -> Callable[[DetectedAction], Any]:
    async def on_action(action: DetectedAction) -> None:
        await asyncio.sleep(0)
        take(action.action)

    return on_action


def task(take: Callable[[str], None]) -> Callable[[DetectedAction], Any]:
    run = coroutine(take)
    return lambda action: asyncio.create_task(run(action))


@pytest.mark.parametrize("kind", [plain, coroutine, task])
async def test_any_kind_of_callback_gets_the_actions(caller: Caller, kind: Any) -> None:
    names: list[str] = []
    detection = caller.detection(on_action=kind(names.append))
    await received(detection, answer(("wave", 0.9), ("point", 0.9)))
    await until(lambda: len(names) == 2)
    await asyncio.sleep(0)  # A task of the caller's ends after it has told.
    assert names == ["wave", "point"]
    assert caller.errors == []


async def test_a_callback_that_raises_is_told_and_called_again(caller: Caller) -> None:
    def broken(action: DetectedAction) -> None:
        raise ValueError(action.action)

    await received(caller.detection(on_action=broken), answer(("wave", 0.9), ("point", 0.9)))
    assert [error.message for error in caller.errors] == [
        "on_action raised ValueError: wave",
        "on_action raised ValueError: point",
    ]
    assert all(isinstance(error, CallbackError) for error in caller.errors)
    assert len(caller.kept) == 2


async def test_nobody_has_to_listen(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    detection = caller.detection(on_action=None, on_error=None)
    await received(detection, answer(("wave", 0.9)), InferenceResult("prose"))
    assert len(caller.kept) == 1
    assert "not_json" in caplog.text
