"""`ActionDetector` against the embedded gateway, with a model that says what it is told to."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.inference.local_weights import MEDIA, needs_media, needs_networks
from overshoot import (
    ConfigurationError,
    InferenceError,
    NetworkError,
    OvershootError,
    SourceError,
    StreamEndedError,
    StreamProcessingConfig,
    SyntheticSource,
    UnauthorizedError,
)
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.client.action_detector import ActionDetector
from overshoot.client.action_store import ActionStore
from overshoot.client.detector_config import ActionDetectorConfig
from overshoot.domain.action import DetectedAction
from overshoot.domain.inference import InferenceAnswer, InferenceRequest, Unsupported
from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import nothing_left
from support.videos import write_scene

KEY = "ovs_canary_key_0123456789"
HALF_SECONDS = {"target_fps": 6, "clip_length_seconds": 0.5, "delay_seconds": 0.5}
GOOD: dict[str, Any] = {
    "api_url": "http://127.0.0.1:9/api/v0.2",
    "api_key": KEY,
    "actions": ["waving hand", "pointing"],
    "source": SyntheticSource(),
    "processing": HALF_SECONDS,
}


def entries(**confidences: float) -> dict[str, Any]:
    said = [
        {"action": name.replace("_", " "), "confidence": confidence, "detected": confidence > 0}
        for name, confidence in confidences.items()
    ]
    return {"detected_actions": said}


def by_time(request: InferenceRequest) -> dict[str, Any]:
    """Waving in the first second, then pointing, of which the model is less sure."""
    early = request.frames[-1].timestamp < 1.0
    return entries(waving_hand=0.9 * early, pointing=0.0 if early else 0.7)


@pytest.fixture
def backend() -> ScriptedInference:
    return ScriptedInference(by_time)


@pytest.fixture
async def gateway(backend: ScriptedInference) -> AsyncIterator[LocalGateway]:
    with nothing_left():
        async with LocalGateway(backend=backend) as running:
            yield running


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("video") / "scene.mp4", seconds=2.0)


class Inbox:
    """What the callbacks got."""

    def __init__(self) -> None:
        self.actions: list[DetectedAction] = []
        self.errors: list[OvershootError] = []
        self._came = asyncio.Event()

    def on_action(self, action: DetectedAction) -> None:
        self.actions.append(action)
        self._came.set()

    def on_error(self, error: OvershootError) -> None:
        self.errors.append(error)
        self._came.set()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(30):
            while not condition(self):
                self._came.clear()
                await self._came.wait()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def detector(gateway: LocalGateway, inbox: Inbox, **changes: Any) -> ActionDetector:
    values = {
        **GOOD,
        "api_url": gateway.url,
        "api_key": gateway.api_key,
        "on_action": inbox.on_action,
        "on_error": inbox.on_error,
    }
    return ActionDetector(**{**values, **changes})


# --- real-time detection ------------------------------------------------------------------------


async def test_actions_are_found_told_kept_and_asked_for(
    gateway: LocalGateway, inbox: Inbox, tmp_path: Path
) -> None:
    looking = detector(gateway, inbox)
    await looking.start()
    assert looking.is_active()
    await inbox.until(lambda box: {a.action for a in box.actions} == set(GOOD["actions"]))
    await looking.stop()
    assert not looking.is_active()
    assert looking.actions == inbox.actions
    assert looking.summary() == {
        name: len(looking.get_actions(action=name)) for name in looking.summary()
    }
    assert {a.action for a in looking.get_actions(min_confidence=0.8)} == {"waving hand"}
    assert looking.get_actions(last_seconds=0) == looking.actions[-1:]
    looking.export(tmp_path / "results.json", format="json")
    looking.export(tmp_path / "results.csv", format="csv")
    saved = json.loads((tmp_path / "results.json").read_text())
    assert [DetectedAction(**values) for values in saved] == looking.actions
    with (tmp_path / "results.csv").open(newline="") as file:
        assert [row["action"] for row in csv.DictReader(file)] == [row["action"] for row in saved]
    looking.clear()
    assert (looking.actions, looking.summary()) == ([], {})
    assert inbox.errors == []


async def test_the_model_is_asked_as_the_specification_does(
    gateway: LocalGateway, backend: ScriptedInference, inbox: Inbox
) -> None:
    async with detector(gateway, inbox, model="some-model"):
        await inbox.until(lambda box: box.actions)
    asked = backend.requests[0]
    assert "waving hand, pointing" in asked.prompt
    assert asked.model == "some-model"
    schema = asked.output_schema
    assert schema is not None
    entry = schema["properties"]["detected_actions"]["items"]
    assert entry["properties"]["action"]["enum"] == ["waving hand", "pointing"]
    assert entry["required"] == ["action", "confidence", "detected"]


async def test_an_action_says_when_it_was_and_where_it_comes_from(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    async with detector(gateway, inbox):
        await inbox.until(lambda box: len(box.actions) >= 3)
    times = [action.timestamp for action in inbox.actions]
    assert times == sorted(times)
    assert all(0 < time < 30 for time in times)
    numbers = [action.frame_number for action in inbox.actions]
    assert numbers == sorted(set(numbers))
    first = inbox.actions[0].metadata
    assert first["source"] == "SyntheticSource"
    assert first["timestamp_from"] == "video"
    assert first["stream_id"]
    assert first["prompt_version"] == 0
    assert len({action.metadata["session_id"] for action in inbox.actions}) == 1
    assert first["total_latency_ms"] >= first["inference_latency_ms"] >= 0


async def test_a_prompt_of_the_callers(
    gateway: LocalGateway, backend: ScriptedInference, inbox: Inbox
) -> None:
    async with detector(gateway, inbox, prompt="Look for {actions}, {please}"):
        await inbox.until(lambda box: box.actions)
    assert backend.requests[0].prompt.startswith("Look for waving hand, pointing, {please}")


async def test_answers_that_cannot_be_used_are_told_once_and_the_stream_lives(
    inbox: Inbox,
) -> None:
    def script(request: InferenceRequest) -> InferenceAnswer:
        if request.frames[-1].timestamp < 1.5:
            raise InferenceError("the model is busy")
        blind = (Unsupported("juggling", "not on its list", "another backend"),)
        return InferenceAnswer(json.dumps(entries(pointing=0.8)), unsupported=blind)

    async with LocalGateway(backend=ScriptedInference(script)) as gateway:
        async with detector(gateway, inbox) as looking:
            await inbox.until(lambda box: len(box.actions) >= 2)
        assert looking.answer_faults["no_answer"] >= 2
    told = [error.message for error in inbox.errors]
    assert len(told) == 2
    assert "busy" in told[0]
    assert "juggling" in told[1]


async def test_a_callback_may_stop_the_detector(gateway: LocalGateway, inbox: Inbox) -> None:
    stopped = asyncio.Event()

    async def on_action(action: DetectedAction) -> None:
        await looking.stop()
        stopped.set()

    looking = detector(gateway, inbox, on_action=on_action)
    await looking.start()
    end = await asyncio.wait_for(looking.wait_ended(), 30)
    assert stopped.is_set()
    assert (end.reason, end.error) == ("client_requested", None)


# --- files --------------------------------------------------------------------------------------


async def test_a_video_is_analysed_to_its_end(
    gateway: LocalGateway, inbox: Inbox, video: Path
) -> None:
    looking = detector(gateway, inbox)
    found = await looking.analyze_video(str(video))
    assert found == looking.actions == inbox.actions
    assert not looking.is_active()
    waves = looking.get_actions(action="waving hand")
    points = looking.get_actions(action="pointing")
    assert waves
    assert points
    assert all(action.timestamp < 1.0 <= points[0].timestamp for action in waves)
    assert 1.5 < points[-1].timestamp <= 2.0
    assert {action.metadata["source"] for action in found} == {str(video)}
    assert inbox.errors == []


async def test_two_videos_share_a_store_and_are_told_apart(
    gateway: LocalGateway, inbox: Inbox, video: Path
) -> None:
    kept = ActionStore(MemoryStore())
    looking = detector(gateway, inbox, store=kept)
    first = await looking.analyze_video(video)
    second = await looking.analyze_video(video)
    assert looking.store is kept
    assert len(kept) == len(first) + len(second)
    sessions = [{action.metadata["session_id"] for action in found} for found in (first, second)]
    assert [len(ids) for ids in sessions] == [1, 1]
    assert sessions[0] != sessions[1]


async def test_stopping_an_analysis_says_that_it_is_incomplete(
    gateway: LocalGateway, inbox: Inbox, video: Path
) -> None:
    looking = detector(gateway, inbox)
    analysis = asyncio.create_task(looking.analyze_video(video))
    await inbox.until(lambda box: box.actions)
    with pytest.raises(StreamEndedError, match="runs already"):
        await looking.start()
    with pytest.raises(StreamEndedError, match="runs already"):
        await looking.analyze_video(video)
    await looking.stop()
    with pytest.raises(StreamEndedError) as caught:
        await analysis
    assert caught.value.reason == "client_requested"
    assert looking.actions == inbox.actions


async def test_an_analysis_that_is_cancelled_leaves_nothing(
    gateway: LocalGateway, inbox: Inbox, video: Path
) -> None:
    looking = detector(gateway, inbox)
    analysis = asyncio.create_task(looking.analyze_video(video))
    await inbox.until(lambda box: box.actions)
    analysis.cancel()
    with pytest.raises(asyncio.CancelledError):
        await analysis
    assert not looking.is_active()


async def test_a_video_that_is_not_there(gateway: LocalGateway, inbox: Inbox) -> None:
    looking = detector(gateway, inbox)
    with pytest.raises(SourceError, match=r"missing\.mp4"):
        await looking.analyze_video("missing.mp4")
    with pytest.raises(ConfigurationError):
        await looking.analyze_video(None)  # type: ignore[arg-type]
    assert not looking.is_active()


# --- starting and stopping ----------------------------------------------------------------------


async def test_it_starts_once_at_a_time_and_stops_as_often_as_one_likes(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    looking = detector(gateway, inbox)
    await looking.stop()
    with pytest.raises(StreamEndedError):
        await looking.wait_ended()
    await looking.start()
    with pytest.raises(StreamEndedError, match="runs already"):
        await looking.start()
    assert looking.is_active()
    await looking.stop()
    await looking.stop()
    await looking.start()
    assert looking.is_active()
    await looking.stop()


async def test_stopping_while_it_starts(gateway: LocalGateway, inbox: Inbox) -> None:
    looking = detector(gateway, inbox)
    starting = asyncio.create_task(looking.start())
    await asyncio.sleep(0)
    await looking.stop()
    with pytest.raises(StreamEndedError):
        await starting
    assert not looking.is_active()


async def test_a_refused_key_is_raised_and_nothing_is_left(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    looking = detector(gateway, inbox, api_key=KEY)
    with pytest.raises(UnauthorizedError) as caught:
        await looking.start()
    assert KEY not in str(caught.value)
    assert not looking.is_active()


async def test_no_gateway_is_a_network_error() -> None:
    looking = ActionDetector(**GOOD)
    with nothing_left(), pytest.raises(NetworkError):
        await looking.start()
    with nothing_left(), pytest.raises(NetworkError):
        await looking.start()


@pytest.mark.parametrize(
    ("field", "value"),
    [("processing", {"fps": 0}), ("source", "video.mp4"), ("api_key", "")],
)
async def test_what_the_stream_refuses_is_named_at_the_start(field: str, value: Any) -> None:
    looking = ActionDetector(**{**GOOD, field: value})
    with nothing_left(), pytest.raises(ConfigurationError):
        await looking.start()
    assert not looking.is_active()


# --- configuration ------------------------------------------------------------------------------


def test_the_configuration_has_the_defaults_of_the_documentation() -> None:
    config = ActionDetectorConfig(api_url="http://host", api_key=KEY, actions=["a"])
    assert config.min_confidence == 0.6
    assert config.source is None
    assert config.processing == StreamProcessingConfig(0.8, 15, 0.5, 0.5)
    assert KEY not in repr(config)
    assert ActionDetector(config).store is config.store


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actions", []),
        ("actions", "waving"),
        ("actions", ["a", "A"]),
        ("min_confidence", 1.5),
        ("min_confidence", float("nan")),
        ("min_confidence", "0.6"),
        ("on_action", 3),
        ("on_error", "print"),
        ("prompt", ""),
        ("prompt", None),
        ("store", "a.db"),
        ("tracking", {"votes": 2}),
        ("evidence", "evidence"),
        ("on_action_started", 3),
        ("on_action_ended", "print"),
    ],
)
def test_what_cannot_be_is_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ActionDetector(**{**GOOD, field: value})
    assert caught.value.details["field"] == field


def test_it_takes_a_configuration_or_arguments() -> None:
    config = ActionDetectorConfig(**GOOD)
    with pytest.raises(ConfigurationError):
        ActionDetector(config, min_confidence=0.5)  # type: ignore[call-overload]
    with pytest.raises(ConfigurationError):
        ActionDetector("http://host")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="confidence_threshold"):
        ActionDetector(**{**GOOD, "confidence_threshold": 0.5})


# --- real hands ---------------------------------------------------------------------------------


@needs_media
@needs_networks
@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("four_077f_waving_hand", "waving hand"),
        ("none_00b8_pointing", "pointing"),
        ("four_077f_still", None),
    ],
)
async def test_real_hands(inbox: Inbox, name: str, seen: str | None) -> None:
    async with LocalGateway() as gateway:
        looking = detector(
            gateway, inbox, actions=["waving hand", "thumbs up", "pointing", "juggling"]
        )
        await looking.analyze_video(MEDIA / "moving_hands" / f"{name}.mp4")
    assert set(looking.summary()) == ({seen} if seen else set())
    assert all(action.confidence >= 0.6 for action in looking.actions)
    assert [error.message for error in inbox.errors if "'juggling'" not in error.message] == []
    assert len(inbox.errors) == 1
