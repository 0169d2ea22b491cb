"""Every Python block of the specification, run by the rule in `support.specification`."""

from __future__ import annotations

import ast
import asyncio
import csv
import dataclasses
import importlib.util
import inspect
import json
import math
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from adapters.inference.local_weights import MEDIA, needs_media
from overshoot import (
    ActionDetector,
    CameraSource,
    DetectedAction,
    InferenceResult,
    RealtimeVision,
    RealtimeVisionConfig,
    SyntheticSource,
    VideoFileSource,
)
from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import GatewaySettings, LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from support import specification_blocks as blocks
from support.fake_camera import FakeCamera, plug_in
from support.frame_reader import FrameReader
from support.picture_stream import frame_data, frames
from support.scripted_server import ScriptedServer, scripted_server
from support.specification import as_kept, compiled, exchanged, fed, program, run
from support.specification_tables import TABLES
from support.stream_fakes import Inbox
from support.videos import write_scene

KEPT = Path(__file__).parents[3] / "shared" / "spec" / "overshoot-sdk.txt"


def verdicts(**confidences: float) -> dict[str, Any]:
    """A model's answer to the specification's schema: what has a confidence is detected."""
    return {
        "detected_actions": [
            {"action": name.replace("_", " "), "confidence": share, "detected": share > 0}
            for name, share in confidences.items()
        ]
    }


NAMES = ("waving hand", "thumbs up", "pointing", "clapping")
SEEN = verdicts(waving_hand=0.9, thumbs_up=0.7, pointing=0.5, clapping=0.0)


@pytest.fixture
def backend() -> None:
    """None is the gateway's own: the local backend."""


@pytest.fixture
async def watchful() -> AsyncIterator[LocalGateway]:
    """A gateway whose model always sees the same actions."""
    async with LocalGateway(backend=ScriptedInference([SEEN])) as running:
        yield running


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakeCamera]:
    monkeypatch.setattr(cv2, "VideoCapture", cv2.VideoCapture)  # Put back after the test.
    monkeypatch.setattr(FakeCamera, "opened", [])
    return plug_in()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of the drawn scene: 23 frames that carry their numbers."""
    return write_scene(tmp_path_factory.mktemp("video") / "scene.mp4", seconds=1.5)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def vision(gateway: LocalGateway, inbox: Inbox, **values: Any) -> RealtimeVision[Any]:
    given = {
        "api_url": gateway.url,
        "api_key": gateway.api_key,
        "prompt": "What is there?",
        "processing": {"target_fps": 10, "clip_length_seconds": 0.5, "delay_seconds": 0.5},
        "on_result": inbox.on_result,
        "on_error": inbox.on_error,
    }
    return RealtimeVision(RealtimeVisionConfig(**{**given, **values}))


@pytest.mark.skipif(not KEPT.is_file(), reason=f"no specification at {KEPT}")
@pytest.mark.parametrize("name", [*blocks.BLOCKS, *TABLES])
def test_what_is_tested_is_the_specification_to_the_letter(name: str) -> None:
    assert as_kept({**blocks.BLOCKS, **TABLES}[name]) in as_kept(KEPT.read_text())


@pytest.mark.parametrize("name", blocks.BLOCKS)
def test_a_block_is_python(name: str) -> None:
    assert compiled(blocks.BLOCKS[name]).co_code


async def test_first_example_with_a_camera(gateway: LocalGateway, tmp_path: Path) -> None:
    out, err = await program(exchanged(blocks.FIRST_EXAMPLE, gateway), tmp_path)
    assert "Result: " in out
    assert err == ""


async def test_first_example_with_a_file(
    gateway: LocalGateway, tmp_path: Path, video: Path
) -> None:
    text = exchanged(blocks.FIRST_EXAMPLE, gateway)
    source = f"source=VideoFileSource(file_path={str(video)!r}),\n        api_key="
    text = text.replace("api_key=", source).replace("import Real", "import VideoFileSource, Real")
    out, err = await program(text, tmp_path)
    assert "Result: " in out
    assert "OVERSHOOT SCENE 0" in out
    assert err == ""


async def test_action_detector(watchful: LocalGateway, tmp_path: Path) -> None:
    out, err = await program(exchanged(blocks.ACTION_DETECTOR, watchful), tmp_path)
    assert err == ""
    told, summary = out.splitlines()[:-1], ast.literal_eval(out.splitlines()[-1])
    assert set(told) == {"Detected: waving hand (90%)", "Detected: thumbs up (70%)"}
    saved = json.loads((tmp_path / "results.json").read_text())
    names = [action["action"] for action in saved]
    assert summary == {name: names.count(name) for name in ("waving hand", "thumbs up")}
    assert len(told) == len(names)
    with (tmp_path / "results.csv").open(newline="") as file:
        assert [row["action"] for row in csv.DictReader(file)] == names


async def test_analyze_video(
    watchful: LocalGateway, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    detector = ActionDetector(api_url=watchful.url, api_key=watchful.api_key, actions=list(NAMES))
    await run(exchanged(blocks.ANALYZE_VIDEO, watchful, video), detector=detector)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("] ")[1] for line in lines[:2]] == ["waving hand (90%)", "thumbs up (70%)"]
    times = [float(line[1:].split("s]")[0]) for line in lines]
    assert times == sorted(times)
    assert 1.0 <= times[-1] <= 1.5


async def test_action_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = await run(blocks.ACTION_STORE)
    waving = DetectedAction("waving", timestamp=1.5, frame_number=45, confidence=0.92)
    thumbs_up = DetectedAction("thumbs up", timestamp=3.2, frame_number=96, confidence=0.85)
    assert names["all_waves"] == names["high_conf"] == names["combined"] == [waving]
    assert names["time_range"] == names["recent"] == [waving, thumbs_up]
    summary, length = capsys.readouterr().out.splitlines()
    assert ast.literal_eval(summary) == {"waving": 1, "thumbs up": 1}
    assert length == "2"
    saved = json.loads((tmp_path / "actions.json").read_text())
    assert [DetectedAction(**values) for values in saved] == [waving, thumbs_up]
    with (tmp_path / "actions.csv").open(newline="") as file:
        assert [row["confidence"] for row in csv.DictReader(file)] == ["0.92", "0.85"]


def test_detected_action() -> None:
    (definition,) = ast.parse(blocks.DETECTED_ACTION).body
    assert isinstance(definition, ast.ClassDef)
    specified = [line for line in definition.body if isinstance(line, ast.AnnAssign)]
    names = [ast.unparse(line.target) for line in specified]
    assert [field.name for field in dataclasses.fields(DetectedAction)] == names
    defaults = {
        ast.unparse(line.target): ast.literal_eval(line.value) for line in specified if line.value
    }
    made = DetectedAction("waving hand", 1.5, 45, 0.92)
    assert {name: getattr(made, name) for name in names[-2:]} == defaults
    required = [line for line in specified if line.value is None]
    signature = inspect.signature(DetectedAction)
    for line in required:
        name = ast.unparse(line.target)
        assert signature.parameters[name].default is inspect.Parameter.empty
        assert type(getattr(made, name)).__name__ == ast.unparse(line.annotation)
    assert DetectedAction("waving hand", 1.5, 45, 0.92, 2.0, {"latency_ms": 12}).duration == 2.0


async def test_stream_relay_as_it_stands(tmp_path: Path) -> None:
    backend = FrameReader()
    async with LocalGateway(backend=backend) as gateway:
        out, err = await program(exchanged(blocks.STREAM_RELAY, gateway), tmp_path)
    assert (out, err) == ("", "")


async def test_stream_relay_with_frames_to_push(tmp_path: Path) -> None:
    async with LocalGateway(backend=FrameReader()) as gateway:
        out, err = await program(fed(exchanged(blocks.STREAM_RELAY, gateway)), tmp_path)
    assert err == ""
    answers = [json.loads(line) for line in out.splitlines()]
    numbers = [number for answer in answers for number in answer["numbers"]]
    assert len(answers) >= 2
    assert numbers == sorted(numbers)
    assert {answer["prompt"] for answer in answers} == {"Describe what you see"}


async def test_relay_with_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    script = [verdicts(waving=0.92), verdicts(thumbs_up=0.85), verdicts(waving=0.3, thumbs_up=0.0)]
    backend = ScriptedInference(script)
    before = time.time()
    async with LocalGateway(backend=backend) as gateway:
        text = fed(exchanged(blocks.RELAY_WITH_STORE, gateway))
        names = await run(text, frames=frames, frame_data=frame_data, time=time)
    assert ast.literal_eval(capsys.readouterr().out) == {"waving": 1, "thumbs up": 1}
    assert backend.requests[0].output_schema == names["output_schema"]
    saved = json.loads((tmp_path / "results.json").read_text())
    assert [(each["action"], each["confidence"]) for each in saved] == [
        ("waving", 0.92),
        ("thumbs up", 0.85),
    ]
    assert before < saved[0]["timestamp"] < saved[1]["timestamp"] < time.time()


async def test_camera_source(gateway: LocalGateway, inbox: Inbox, camera: type[FakeCamera]) -> None:
    shown: list[Any] = []

    def fn(frame: Any) -> Any:
        shown.append(frame.shape)
        return frame

    made: list[CameraSource] = []

    def noted(**values: Any) -> CameraSource:
        made.append(CameraSource(**values))
        return made[-1]

    text = blocks.CAMERA_SOURCE.replace("from overshoot import CameraSource\n", "")
    await run(text, CameraSource=noted, fn=fn)
    for source in made:
        async with vision(gateway, inbox, source=source) as running:
            already = len(inbox.results)
            await inbox.until(lambda: len(inbox.results) > already)  # noqa: B023 - waited for here
            assert running.is_active()
    assert [device.index for device in camera.opened] == [0, 1, 0]
    assert all(device.released for device in camera.opened)
    assert len(shown) >= 5
    assert set(shown) == {(480, 640, 3)}


async def test_video_file_source(inbox: Inbox, video: Path) -> None:
    backend = FrameReader()
    async with LocalGateway(backend=backend) as gateway:
        text = exchanged(blocks.VIDEO_FILE_SOURCE, gateway, video)
        source = (await run(text))["source"]
        assert source == VideoFileSource(video)
        async with vision(gateway, inbox, source=source) as running:
            end = await asyncio.wait_for(running.wait_ended(), 20)
    assert end.reason == "source_ended"
    read = [number for seen in backend.requests for number in seen.numbers if number is not None]
    assert read[0] <= 5
    assert read[-1] >= 18


def greenest(request: InferenceRequest) -> dict[str, int]:
    """How many pixels of the upper left corner are pure green, as the drawn time is."""
    corner = request.frames[-1].pixels[:40, :160].astype(np.int16)
    if request.frames[-1].order == "rgb":
        corner = corner[..., ::-1]
    blue, green, red = (corner[..., channel] for channel in range(3))
    return {"green": int(np.sum((green > 180) & (blue < 100) & (red < 100)))}


async def test_frame_processor(inbox: Inbox, camera: type[FakeCamera]) -> None:
    source = (await run(blocks.FRAME_PROCESSOR, CameraSource=CameraSource))["source"]
    async with LocalGateway(backend=ScriptedInference(greenest)) as gateway:
        for each in (CameraSource(), source):
            async with vision(gateway, inbox, source=each):
                already = len(inbox.results)
                await inbox.until(lambda: len(inbox.results) > already)  # noqa: B023 - as above
    plain, drawn = inbox.results[0], inbox.results[-1]
    assert json.loads(plain.result)["green"] == 0
    assert json.loads(drawn.result)["green"] > 200


def mediapipe_missing() -> str:
    if importlib.util.find_spec("mediapipe") is None:
        return "mediapipe is not installed"
    if importlib.util.find_spec("mediapipe.python.solutions") is None:
        return "this mediapipe has no mp.solutions, which ended with 0.10.21"
    return ""


@pytest.mark.skipif(bool(mediapipe_missing()), reason=mediapipe_missing() or "-")
@pytest.mark.filterwarnings("ignore")  # What mediapipe and its own packages warn of is theirs.
async def test_mediapipe(gateway: LocalGateway, inbox: Inbox, camera: type[FakeCamera]) -> None:
    source = (await run(blocks.MEDIAPIPE, CameraSource=CameraSource))["source"]
    async with vision(gateway, inbox, source=source):
        await inbox.until(lambda: len(inbox.results) >= 1)
    assert inbox.errors == []


@needs_media
@pytest.mark.skipif(bool(mediapipe_missing()), reason=mediapipe_missing() or "-")
@pytest.mark.filterwarnings("ignore")
async def test_mediapipe_draws_a_hand() -> None:
    names = await run(blocks.MEDIAPIPE, CameraSource=CameraSource)
    photo = cv2.imread(str(min((MEDIA / "hands").glob("call_*.jpg"))))
    assert photo is not None
    drawn = names["add_hand_landmarks"](photo.copy())
    changed = np.argwhere((drawn != photo).any(axis=2))
    assert len(changed) > 200
    assert np.ptp(changed, axis=0).min() > 20  # From the wrist to the finger tips.


def configured(gateway: LocalGateway, inbox: Inbox) -> dict[str, Any]:
    """The names that stand in the place of ``# ... required params ...``."""
    return {
        "RealtimeVisionConfig": RealtimeVisionConfig,
        "API_URL": gateway.url,
        "API_KEY": gateway.api_key,
        "on_result": inbox.on_result,
    }


async def test_processing(inbox: Inbox, camera: type[FakeCamera]) -> None:
    backend = ScriptedInference()
    async with LocalGateway(backend=backend) as gateway:
        text = exchanged(blocks.PROCESSING, gateway)
        config = (await run(text, **configured(gateway, inbox)))["config"]
        async with RealtimeVision(config):
            await inbox.until(lambda: len(inbox.results) >= 2)
    clips = [[frame.timestamp for frame in request.frames] for request in backend.requests]
    for times in clips[:2]:
        # A second of 30 frames a second, of which a tenth is sampled; a busy machine may lose some.
        assert 1 <= len(times) <= 4
        assert all(later - earlier > 1 / 3 - 0.15 for earlier, later in pairwise(times))
    # One clip a second, each about a second of its own.
    seconds = [{math.ceil(time - 1e-6) for time in times} for times in clips[:2]]
    assert [len(each) for each in seconds] == [1, 1]
    assert seconds[0].isdisjoint(seconds[1])


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("sampling_ratio", 0.0, 1.0),
        ("fps", 1, 120),
        ("clip_length_seconds", 0.1, 60.0),
        ("delay_seconds", 0.0, 60.0),
    ],
)
def test_processing_takes_the_ranges_of_the_comments(
    name: str, lowest: float, highest: float
) -> None:
    assert f'"{name}": ' in blocks.PROCESSING
    assert f"({lowest}-{highest})" in blocks.PROCESSING

    def config(value: float) -> RealtimeVisionConfig:
        return RealtimeVisionConfig(
            api_url="http://127.0.0.1:9", api_key="k", prompt="?", processing={name: value}
        )

    for value in (lowest, highest):
        assert getattr(config(value).checked_processing(), name) == value
    for value in (lowest - 0.01, highest + 0.01):
        with pytest.raises(ValueError, match=name):
            config(value).checked_processing()


async def test_output_schema(inbox: Inbox, camera: type[FakeCamera]) -> None:
    backend = ScriptedInference([{"objects": ["cup", "hand"], "count": 2}])
    async with LocalGateway(backend=backend) as gateway:
        text = exchanged(blocks.OUTPUT_SCHEMA, gateway)
        config = (await run(text, **configured(gateway, inbox)))["config"]
        async with RealtimeVision(config):
            await inbox.until(lambda: len(inbox.results) >= 1)
    asked = backend.requests[0].output_schema
    assert asked == config.output_schema
    (result, *_) = inbox.results
    assert json.loads(result.result) == result.parsed == {"objects": ["cup", "hand"], "count": 2}


async def errors_said(
    capsys: pytest.CaptureFixture[str], config: RealtimeVisionConfig
) -> list[str]:
    text = blocks.ERRORS.replace("asyncio.sleep(60)", "asyncio.sleep(0.2)")
    await run(text, RealtimeVision=RealtimeVision, config=config, asyncio=asyncio)
    return capsys.readouterr().out.splitlines()


def to(url: str, key: str, **values: Any) -> RealtimeVisionConfig:
    given = {"prompt": "What is there?", "source": SyntheticSource(), **values}
    return RealtimeVisionConfig(api_url=url, api_key=key, on_result=lambda r: None, **given)


async def test_errors_of_a_gateway(
    gateway: LocalGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    url, key = gateway.url, gateway.api_key
    assert await errors_said(capsys, to(url, key)) == []
    assert await errors_said(capsys, to(url, "wrong")) == ["Invalid API key"]
    invalid, details = await errors_said(capsys, to(url, key, processing={"fps": 500}))
    assert invalid.startswith("Invalid configuration: ")
    assert "fps" in invalid
    assert "'field': 'fps'" in details
    (refused,) = await errors_said(capsys, to("http://127.0.0.1:9/api/v0.2", key))
    assert refused.startswith("Connection failed: ")
    assert "127.0.0.1:9" in refused


async def test_errors_of_a_gateway_that_is_full(
    camera: type[FakeCamera], capsys: pytest.CaptureFixture[str], inbox: Inbox
) -> None:
    settings = GatewaySettings(streams_per_key=1)
    async with LocalGateway(settings=settings, backend=FrameReader()) as gateway:
        async with vision(gateway, inbox, source=SyntheticSource()):
            (said,) = await errors_said(capsys, to(gateway.url, gateway.api_key))
    assert said.startswith("API error 429: ")


@pytest.mark.parametrize("status", [402, 404, 500, 503])
async def test_errors_of_other_statuses(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    async with scripted_server() as server:
        server.answer = ScriptedServer.json({"error": "some_code", "message": "Not now"}, status)
        (said,) = await errors_said(capsys, to(server.url, "key"))
    assert said == f"API error {status}: Not now"


def test_results_are_objects_as_the_first_example_reads_them() -> None:
    assert InferenceResult("text").result == InferenceResult("text")["result"] == "text"
