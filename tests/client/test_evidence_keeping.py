"""What goes to the model is kept: over a real stream, as a detector has it done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from attrs import evolve

from overshoot import StreamProcessingConfig, SyntheticSource, VideoFileSource
from overshoot.client.evidence_folder import EvidenceFolder, clip_of
from overshoot.client.evidence_keeping import evidence_keeper
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.client.reinference import reinfer
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import action_schema
from overshoot.domain.evidence import EvidenceConfig
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceResult
from overshoot.domain.tracking_verdict import TimedVerdict
from overshoot.domain.verdict import verdicts_from
from overshoot.errors import OvershootError
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import nothing_left
from support.videos import write_scene

SEEN = {"detected_actions": [{"action": "wave", "confidence": 0.9, "detected": True}]}


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("video") / "scene.mp4", seconds=4.0)


def asking(source: Any, **changes: Any) -> RealtimeVisionConfig[Any]:
    values: dict[str, Any] = {
        "prompt": "wave?",
        "source": source,
        "output_schema": action_schema(["wave"]),
        "processing": StreamProcessingConfig(
            target_fps=6, clip_length_seconds=0.5, delay_seconds=0.5
        ),
        "inference": ScriptedInference([SEEN]),
    }
    return RealtimeVisionConfig(**{**values, **changes})


def paint(pixels: Any) -> Any:
    pixels[:40] = (0, 0, 255)
    return pixels


async def watch(
    vision: RealtimeVisionConfig[Any], folder: Path, **limits: Any
) -> list[DetectedAction]:
    """Keeps every verdict as an action with evidence, as a detector does."""
    errors: list[OvershootError] = []
    stored: list[DetectedAction] = []
    keeper = evidence_keeper(
        EvidenceConfig(folder=folder, pre_roll_seconds=1, post_roll_seconds=0.5, **limits),
        vision,
        actions=["wave"],
        min_confidence=0.6,
        session_id="abc",
        source="scene",
        on_error=errors.append,
    )

    def keep(result: InferenceResult[Any]) -> None:
        start, end = result.timestamp_start or 0.0, result.timestamp or 0.0
        for each in verdicts_from(result, ["wave"]).verdicts:
            verdict = TimedVerdict(each.action, each.detected, each.confidence, start, end)
            where = {"clip_start": start, "clip_end": end}
            action = DetectedAction(each.action, end, 0, each.confidence, metadata=where)
            stored.append(keeper.keep(action, [verdict]))

    await keeper.start()
    async with RealtimeVision(evolve(vision, on_result=keep), on_frame=keeper.frame) as stream:
        await stream.wait_ended()
    await keeper.aclose()
    assert errors == []
    assert keeper.kept == len(stored)
    return stored


async def test_the_clip_shows_what_the_model_saw_when_it_did(video: Path, tmp_path: Path) -> None:
    source = VideoFileSource(video, real_time=False, frame_processor=paint)
    with nothing_left():
        stored = await watch(asking(source), tmp_path)
    assert len(stored) == 8
    clips = list(EvidenceFolder(tmp_path))
    assert [clip.action.timestamp for clip in clips] == [action.timestamp for action in stored]
    clip = clip_of(stored[4])
    happened = clip.verdicts[0]
    assert clip.start <= happened.start - 1 + 1e-6
    assert clip.record.clip.end >= happened.end + 0.5
    shown = picture(clip.video, happened.end - clip.start)
    painted = paint(picture(video, happened.end))
    assert np.abs(shown.astype(int) - painted).mean() < 3
    assert shown[20, 300].argmax() == 2


async def test_a_kept_clip_is_asked_about_as_it_was_the_first_time(
    video: Path, tmp_path: Path
) -> None:
    stored = await watch(asking(VideoFileSource(video, real_time=False)), tmp_path)
    clip = clip_of(stored[3])
    backend = ScriptedInference([SEEN])
    found = await reinfer(clip, asking(VideoFileSource(video), inference=backend), ["wave"])
    assert found.finding("wave").detected == found.finding("wave").answered == len(found.verdicts)
    assert clip.question.processing == {
        "clip_length_seconds": 0.5,
        "delay_seconds": 0.5,
        "target_fps": 6,
    }
    # The clip has enough pictures to be sampled as the video was.
    assert max(len(request.frames) for request in backend.requests) == 4


async def test_a_live_stream_keeps_its_evidence_too(tmp_path: Path) -> None:
    source = SyntheticSource(width=320, height=240, duration_seconds=2.5)
    stored = await watch(asking(source), tmp_path)
    assert stored
    assert {clip.record.clip.width for clip in EvidenceFolder(tmp_path)} == {320}


async def test_as_many_pictures_are_kept_as_the_model_is_shown(video: Path, tmp_path: Path) -> None:
    processing = StreamProcessingConfig(target_fps=15, clip_length_seconds=2, delay_seconds=2)
    vision = asking(VideoFileSource(video, real_time=False), processing=processing)
    await watch(vision, tmp_path, max_fps=2)
    facts = next(iter(EvidenceFolder(tmp_path))).record.clip
    assert facts.pictures / (facts.end - facts.start) == pytest.approx(15, rel=0.05)


async def test_who_taps_sees_each_frame_and_costs_nothing_else(video: Path) -> None:
    seen: list[Frame] = []
    config = asking(VideoFileSource(video, real_time=False))
    async with RealtimeVision(config, on_frame=seen.append) as stream:
        await stream.wait_ended()
    assert [frame.index for frame in seen] == list(range(60))
    assert seen[30].timestamp == pytest.approx(2.0)
    assert (seen[0].width, seen[0].height) == (640, 480)


def picture(video: Path, seconds: float) -> Any:
    film = cv2.VideoCapture(str(video))
    try:
        film.set(cv2.CAP_PROP_POS_MSEC, seconds * 1000)
        ok, pixels = film.read()
    finally:
        film.release()
    assert ok
    return pixels
