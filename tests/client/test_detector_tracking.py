"""`ActionDetector` with a tracker, a store that lasts and evidence: from the video to actions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from overshoot import (
    ActionDetector,
    ActionStore,
    DetectedAction,
    EvidenceConfig,
    EvidenceFolder,
    OvershootError,
    TrackingOverrides,
    TrackingRule,
)
from overshoot.domain.inference import InferenceRequest
from overshoot.errors import ConfigurationError, StoreError
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import nothing_left
from support.videos import write_scene


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("video") / "scene.mp4", seconds=6.0)


def waving(request: InferenceRequest) -> dict[str, Any]:
    """A wave from 1.0 to 3.0 s, with one clip in between that it is not seen in, and one at 5 s."""
    end = request.frames[-1].timestamp
    sure = 0.9 if "waving" in request.prompt else 0.3
    seen = (1.0 < end <= 3.1 and not 1.8 < end <= 2.1) or 4.8 < end <= 5.1
    return {
        "detected_actions": [
            {"action": "wave", "confidence": sure if seen else 0.05, "detected": seen},
            {"action": "nod", "confidence": 0.1, "detected": False},
        ]
    }


def detector(**changes: Any) -> ActionDetector:
    options: dict[str, Any] = {
        "actions": ["wave", "nod"],
        "prompt": "Is somebody waving? {actions}",
        "inference": ScriptedInference(waving),
        "tracking": TrackingRule(max_gap_seconds=0.75),
        **changes,
    }
    return ActionDetector(**options)


async def test_from_a_video_to_actions_that_last(video: Path, tmp_path: Path) -> None:
    told: list[DetectedAction] = []
    started: list[DetectedAction] = []
    errors: list[OvershootError] = []
    database = tmp_path / "actions.db"
    evidence = EvidenceConfig(folder=tmp_path / "kept", pre_roll_seconds=0.5, post_roll_seconds=0.5)
    asked = detector(
        store=f"sqlite:///{database}",
        evidence=evidence,
        on_action=told.append,
        on_action_started=started.append,
        on_error=errors.append,
    )
    with nothing_left():
        found = await asked.analyze_video(video)
    long, short = found
    assert long.timestamp == pytest.approx(0.5, abs=0.6)
    assert short.timestamp == pytest.approx(4.5, abs=0.1)
    assert long.duration == pytest.approx(2.0, abs=0.6)
    assert long.metadata["seen_count"] < long.metadata["verdict_count"]
    assert long.metadata["prompt"] == "Is somebody waving? wave, nod"
    assert told == found
    assert [each.metadata["action_id"] for each in started] == [
        each.metadata["action_id"] for each in found
    ]
    assert errors == []
    asked.store.close()
    with ActionStore(f"sqlite:///{database}") as reopened:
        assert reopened.get_actions() == found
        assert reopened.get_actions(prompt_contains="WAVING", min_duration=1.0) == [long]
        assert reopened.statistics()["wave"].count == 2
    kept = list(EvidenceFolder(tmp_path / "kept"))
    assert [clip.action.timestamp for clip in kept] == [long.timestamp, short.timestamp]
    assert [clip.question.min_confidence for clip in kept] == [0.6, 0.6]

    again = await asked.reinfer(long)
    assert again.finding("wave").detected
    other = await asked.reinfer(long, prompt="Is somebody nodding? {actions}")
    assert other.prompt == "Is somebody nodding? wave, nod"
    assert {verdict.confidence for verdict in other.verdicts if verdict.detected} <= {0.3}


async def test_the_same_video_gives_the_same_actions_each_time(video: Path) -> None:
    runs = []
    for _ in range(2):
        found = await detector().analyze_video(video)
        for action in found:
            for name in ("session_id", "action_id"):
                action.metadata.pop(name)
        runs.append(found)
    assert runs[0] == runs[1] != []


async def test_without_a_rule_each_verdict_is_an_action(video: Path) -> None:
    found = await detector(tracking=None).analyze_video(video)
    assert len(found) > 3
    assert all(action.duration is None for action in found)
    json.dumps([action.to_dict() for action in found], allow_nan=False)


async def test_who_wants_both_ends_gets_a_rule(video: Path) -> None:
    ends: list[DetectedAction] = []
    asked = detector(tracking=None, on_action_ended=ends.append, min_confidence=0.8)
    found = await asked.analyze_video(video)
    assert ends == found
    assert all(action.duration is not None for action in found)


async def test_no_evidence_says_how_to_get_it(video: Path) -> None:
    asked = detector()
    found = await asked.analyze_video(video)
    with pytest.raises(StoreError, match="give the detector an EvidenceConfig"):
        await asked.reinfer(found[0])


def test_an_override_of_an_action_nobody_asked_for_is_refused() -> None:
    rule = TrackingRule(overrides={"jump": TrackingOverrides(votes=3)})
    with pytest.raises(ConfigurationError, match="'jump'"):
        detector(tracking=rule)
