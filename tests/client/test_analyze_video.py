"""`ActionDetector.analyze_video`: every clip, on the video's own clock, and alike each time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overshoot import (
    ActionDetector,
    AnalysisProgress,
    CallbackError,
    ConfigurationError,
    OvershootError,
    RealtimeVision,
    RealtimeVisionConfig,
    SourceError,
    StreamEndedError,
    SyntheticSource,
)
from overshoot.domain.action import DetectedAction
from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import Script, ScriptedInference
from overshoot.testing.waiting import nothing_left
from support.videos import level_of, turn_quarter, write_pictures, write_scene, write_sound

HALF_SECONDS = {"target_fps": 10, "clip_length_seconds": 0.5, "delay_seconds": 0.5}
ACTIONS: dict[str, Any] = {"actions": ["waving"], "processing": HALF_SECONDS}


def says(confidence: float, *, detected: bool = True) -> dict[str, Any]:
    entry = {"action": "waving", "confidence": confidence, "detected": detected}
    return {"detected_actions": [entry]}


def by_pixels(request: InferenceRequest) -> dict[str, Any]:
    """A confidence that any other pixel, time or number would change."""
    digest = hashlib.sha256()
    for frame in request.frames:
        digest.update(np.ascontiguousarray(frame.pixels).tobytes())
        digest.update(repr((frame.timestamp, frame.index)).encode())
    return says(int.from_bytes(digest.digest()[:4]) / 2**32)


def clips(backend: ScriptedInference) -> list[list[tuple[int, float]]]:
    return [[(frame.index, frame.timestamp) for frame in r.frames] for r in backend.requests]


def comparable(actions: list[DetectedAction]) -> list[tuple[str, float, int, float]]:
    return [(a.action, a.timestamp, a.frame_number, a.confidence) for a in actions]


async def in_process(
    video: Path, script: Script, **options: Any
) -> tuple[list[DetectedAction], ScriptedInference]:
    backend = ScriptedInference(script)
    options = {**ACTIONS, "min_confidence": 0.0, **options}
    progress = options.pop("on_progress", None)
    detector = ActionDetector(inference=backend, **options)
    return await detector.analyze_video(video, on_progress=progress), backend


async def over_webrtc(
    video: Path, script: Script, **options: Any
) -> tuple[list[DetectedAction], ScriptedInference]:
    backend = ScriptedInference(script)
    async with LocalGateway(backend=backend) as gateway:
        detector = ActionDetector(
            api_url=gateway.url,
            api_key=gateway.api_key,
            **{**ACTIONS, "min_confidence": 0.0, **options},
        )
        return await detector.analyze_video(video), backend


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("video") / "scene.mp4", seconds=3.0)


# --- the same actions each time ------------------------------------------------------------------


async def test_each_run_in_this_process_gives_the_same(video: Path) -> None:
    with nothing_left():
        runs = [await in_process(video, by_pixels) for _ in range(3)]
    first = comparable(runs[0][0])
    assert len(first) == 6
    assert all(comparable(actions) == first for actions, _ in runs)


async def test_each_run_over_webrtc_asks_about_the_same_clips(video: Path) -> None:
    _, here = await in_process(video, by_pixels)
    for _ in range(2):
        actions, there = await over_webrtc(video, by_pixels)
        assert clips(there) == clips(here)
        assert [action.timestamp for action in actions] == [clip[-1][1] for clip in clips(there)]


async def test_a_slow_model_misses_nothing(video: Path) -> None:
    async def slowly(request: InferenceRequest) -> dict[str, Any]:
        await asyncio.sleep(0.1)
        return says(0.9)

    _, at_once = await in_process(video, [says(0.9)])
    for way in (in_process, over_webrtc):
        actions, backend = await way(video, slowly)
        assert clips(backend) == clips(at_once)
        assert len(actions) == len(clips(at_once))


async def test_the_local_backend_needs_no_gateway(video: Path) -> None:
    detector = ActionDetector(inference="local", actions=["QR code"])
    with nothing_left():
        first = await detector.analyze_video(video)
        again = await detector.analyze_video(video)
    assert {action.action for action in first} == {"QR code"}
    assert comparable(first) == comparable(again)


async def test_a_stream_may_be_answered_in_this_process_too() -> None:
    answers: list[str] = []
    config = RealtimeVisionConfig[Any](
        prompt="read the QR code",
        inference="local",
        source=SyntheticSource(duration_seconds=1.5),
        on_result=lambda result: answers.append(result.result),
    )
    with nothing_left():
        async with RealtimeVision(config) as vision:
            assert (await vision.wait_ended()).reason == "source_ended"
    assert any("OVERSHOOT SCENE 0" in answer for answer in answers)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inference": "clairvoyance"}, "clairvoyance"),
        ({"inference": "local", "api_url": "http://127.0.0.1:9/v0.2"}, "inference"),
        ({"inference": "local", "api_key": "key"}, "inference"),
    ],
)
async def test_who_answers_must_be_clear(video: Path, options: dict[str, Any], words: str) -> None:
    with nothing_left(), pytest.raises(ConfigurationError, match=words):
        await ActionDetector(**ACTIONS, **options).analyze_video(video)


# --- the video's own clock -----------------------------------------------------------------------

IRREGULAR = [0.0, 0.04, 0.08, 0.5, 0.52, 0.6, 1.4, 1.45, 1.5, 1.9, 2.6, 2.64, 3.2]


def newest(request: InferenceRequest) -> dict[str, Any]:
    return says(level_of(request.frames[-1].pixels) / 100)


@pytest.mark.parametrize("way", [in_process, over_webrtc])
@pytest.mark.parametrize(
    ("name", "first"),
    [("vfr.mp4", 0.0), ("vfr.mkv", 0.0), ("late.mkv", 5.0), ("late.ts.mkv", 90.5)],
)
async def test_frames_at_uneven_times_keep_their_times(
    tmp_path: Path, way: Callable[..., Any], name: str, first: float
) -> None:
    video = write_pictures(tmp_path / name, IRREGULAR, first=first)
    actions, backend = await way(video, newest)
    shown = {f.index: f for request in backend.requests for f in request.frames}
    assert len(actions) >= 5
    for action in actions:
        which = action.frame_number
        assert action.timestamp == pytest.approx(IRREGULAR[which], abs=1e-3)
        assert level_of(shown[which].pixels) == pytest.approx(which, abs=1)
        if way is in_process:
            assert action.confidence == pytest.approx(which / 100)
    assert actions[-1].timestamp == pytest.approx(IRREGULAR[-1], abs=1e-3)


async def test_a_picture_that_stands_for_long_moves_no_time(tmp_path: Path) -> None:
    times = [0.0, 0.3, 0.6, 25.0, 25.3, 25.6]
    video = write_pictures(tmp_path / "slides.mkv", times)
    for way in (in_process, over_webrtc):
        actions, _ = await way(video, newest)
        assert actions[-1].timestamp == pytest.approx(25.6, abs=1e-3)
        assert actions[-1].frame_number == 5


@pytest.mark.parametrize("way", [in_process, over_webrtc])
async def test_a_turned_video_is_seen_upright(tmp_path: Path, way: Callable[..., Any]) -> None:
    video = turn_quarter(write_pictures(tmp_path / "phone.mp4", [i / 10 for i in range(10)]))
    _, backend = await way(video, [says(0.9)])
    pixels = backend.requests[0].frames[0].pixels
    assert pixels.shape == (128, 96, 3)
    white = pixels > 200
    assert white[10:50, 60:90].all(), "upper left, turned clockwise, is upper right"
    assert not white[:, :40].any()


# --- odd files -----------------------------------------------------------------------------------


async def test_a_video_of_one_picture_is_one_clip(tmp_path: Path) -> None:
    video = write_pictures(tmp_path / "one.mp4", [0.0])
    actions, backend = await in_process(video, [says(0.9)])
    assert [(a.timestamp, a.frame_number) for a in actions] == [(0.0, 0)]
    assert len(backend.requests) == 1


async def test_a_file_that_ends_too_early_is_analysed_as_far_as_it_goes(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "cut.mkv", seconds=6.0)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) * 4 // 5])
    actions, _ = await in_process(video, [says(0.9)])
    assert 0 < len(actions) < 12


def empty(path: Path) -> Path:
    path.touch()
    return path


def without_its_index(path: Path) -> Path:
    content = write_scene(path, seconds=0.5).read_bytes()
    path.write_bytes(content[:500])
    return path


def not_there(path: Path) -> Path:
    return path


@pytest.mark.parametrize("make", [write_sound, empty, without_its_index, not_there])
async def test_what_is_no_video_is_a_source_error(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    video = make(tmp_path / "file.mp4")
    with nothing_left(), pytest.raises(SourceError, match=r"file\.mp4"):
        await in_process(video, [says(0.9)])


# --- progress ------------------------------------------------------------------------------------


async def test_progress_is_told_on_the_videos_clock(video: Path) -> None:
    told: list[AnalysisProgress] = []
    actions, _ = await in_process(video, [says(0.9)], on_progress=told.append)
    seconds = [progress.seconds for progress in told]
    assert seconds == sorted(seconds)
    assert {progress.total_seconds for progress in told[:-1]} == {3.0}
    assert all(progress.speed > 0 for progress in told)
    assert all(progress.eta_seconds is not None for progress in told)
    last = told[-1]
    assert last.seconds == last.total_seconds == actions[-1].timestamp
    assert (last.frames, last.actions, last.eta_seconds) == (45, len(actions), 0.0)


async def test_a_length_that_nobody_knows_is_not_made_up(tmp_path: Path) -> None:
    raw = write_scene(tmp_path / "scene.h264", seconds=1.0)
    told: list[AnalysisProgress] = []
    await in_process(raw, [says(0.9)], on_progress=told.append)
    assert told[-1].frames == 15
    assert told[-1].seconds == told[-1].total_seconds


async def test_progress_may_be_told_to_a_coroutine_function_that_is_awaited(video: Path) -> None:
    under_way = most = calls = 0

    async def on_progress(progress: AnalysisProgress) -> None:
        nonlocal under_way, most, calls
        calls += 1
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1

    await in_process(video, [says(0.9)], on_progress=on_progress)
    assert calls >= 1
    assert (most, under_way) == (1, 0)


async def test_what_the_callback_raises_is_told_and_the_analysis_goes_on(video: Path) -> None:
    errors: list[OvershootError] = []

    def on_progress(progress: AnalysisProgress) -> None:
        raise RuntimeError("broken bar")

    actions, _ = await in_process(
        video, [says(0.9)], on_progress=on_progress, on_error=errors.append
    )
    assert len(actions) == 6
    assert errors
    assert {type(error) for error in errors} == {CallbackError}
    assert "on_progress" in errors[0].message


async def test_the_callback_may_stop_the_analysis(video: Path) -> None:
    async def on_progress(progress: AnalysisProgress) -> None:
        await detector.stop()

    detector = ActionDetector(inference=ScriptedInference([says(0.9)]), **ACTIONS)
    with nothing_left(), pytest.raises(StreamEndedError, match="stopped before its end"):
        await detector.analyze_video(video, on_progress=on_progress)


async def test_what_cannot_be_called_is_refused(video: Path) -> None:
    detector = ActionDetector(inference="local", **ACTIONS)
    with pytest.raises(ConfigurationError, match="on_progress"):
        await detector.analyze_video(video, on_progress=3)  # type: ignore[arg-type]
