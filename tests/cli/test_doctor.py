"""`overshoot doctor` and `cameras`: what is well, what is not, and how a program learns it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from overshoot import ActionStore, bootstrap
from overshoot.domain.camera import Camera, CameraMode
from overshoot.domain.inference import InferenceRequest
from overshoot.sync import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from support.command_line import here
from support.stun_server import stun_server

WEBCAM = Camera(
    "/dev/video0", "0", "Webcam", "uvcvideo", (CameraMode("MJPG", 1280, 720, (30.0, 15.0)),)
)
TAKEN = Camera("/dev/video2", None, problem="another program uses it; end that one")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[InferenceRequest]:
    asked: list[InferenceRequest] = []

    def say(request: InferenceRequest) -> str:
        asked.append(request)
        return "a room"

    monkeypatch.setattr(bootstrap, "inference_backend", lambda _: ScriptedInference(say))
    return asked


@pytest.fixture
def stun() -> Iterator[str]:
    """A STUN server with a loop of its own."""
    loop = asyncio.new_event_loop()
    serving = stun_server()
    server = loop.run_until_complete(serving.__aenter__())
    thread = Thread(target=loop.run_forever)
    thread.start()
    yield server.url
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(serving.__aexit__(None, None, None))
    loop.close()


def findings(*arguments: str | Path, code: int = 0) -> dict[str, dict[str, Any]]:
    done = here("doctor", *arguments, "--json")
    assert done.exit_code == code, done.output
    document = json.loads(done.stdout)
    assert document["ok"] == (code == 0)
    return {each["hop"]: each for each in document["findings"]}


def test_an_installation_that_is_well(
    answers: list[InferenceRequest], stun: str, tmp_path: Path
) -> None:
    store = f"sqlite:////{tmp_path}/actions.db"
    ActionStore(store).close()
    found = findings("synthetic", "--store", store, "--ice-server", stun)
    assert {each["outcome"] for each in found.values()} <= {"ok", "skipped", "warning"}
    hops = ["frame path", "codec VP8", "codec H264", "udp loopback", "webrtc", "answer", "store"]
    assert {hop: found[hop]["outcome"] for hop in [*hops, "source"]} == dict.fromkeys(
        [*hops, "source"], "ok"
    )
    assert found[stun.replace("stun:", "stun ")]["facts"]["address"] == "127.0.0.1"
    assert len(answers) == 1


def test_what_fails_is_named_with_what_to_do(answers: list[InferenceRequest]) -> None:
    arguments = ("doctor", "missing.mp4", "--ice-server", "nonsense", "--store", "none.db")
    done = here(*arguments)
    assert done.exit_code == 1
    failed = [line for line in done.stdout.splitlines() if line.lstrip().startswith("FAILED")]
    assert [line.split(":")[0].split("FAILED")[1].strip() for line in failed] == [
        "nonsense", "source",
    ]  # fmt: skip
    assert "what to do: write it as stun:host:3478" in done.stdout
    assert "none.db is not there yet" in done.stdout
    assert not Path("none.db").exists()
    assert "2 of " in done.stderr
    assert "hops failed: nonsense, source" in done.stderr
    assert here(*arguments, "--quiet").stderr == ""


def test_a_gateway_is_looked_at_in_place_of_a_backend(answers: list[InferenceRequest]) -> None:
    gateway = LocalGateway(backend=ScriptedInference(["a room"]))
    gateway.start()
    try:
        named = ("--api-url", gateway.url, "--api-key")
        found = findings(*named, gateway.api_key, "--stream")
        refused = findings(*named, "ovs_another_key", code=1)
    finally:
        gateway.stop()
    assert found["gateway key"]["outcome"] == "ok"
    assert found["stream"]["outcome"] == "ok"
    assert refused["gateway key"]["outcome"] == "failed"
    assert "ovs_another_key" not in str(refused)
    assert "answer" not in found
    assert answers == []


def test_a_configuration_that_is_wrong_is_a_finding_and_the_rest_is_looked_at() -> None:
    found = findings("--api-url", "http://127.0.0.1:9/v0.2", code=1)
    assert found["configuration"]["outcome"] == "failed"
    assert "--api-key" in found["configuration"]["told"]
    assert found["webrtc"]["outcome"] == "ok"


def test_cameras_are_listed_with_their_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "cameras", lambda: [WEBCAM, TAKEN])
    done = here("cameras")
    assert done.exit_code == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[1] == [
        "0", "/dev/video0", "Webcam", "(uvcvideo)", "MJPG", "1280x720", "at", "30,", "15",
        "frames/s",
    ]  # fmt: skip
    assert rows[2][:3] == ["-", "/dev/video2", "another"]
    document = json.loads(here("cameras", "--json").stdout)
    assert [each["source"] for each in document["cameras"]] == ["0", None]
    assert document["cameras"][0]["modes"] == [
        {"format": "MJPG", "width": 1280, "height": 720, "fps": [30.0, 15.0]}
    ]


def test_a_machine_without_cameras_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "cameras", list)
    done = here("cameras")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "this machine has no camera" in done.stderr
    assert json.loads(here("cameras", "--json").stdout) == {"cameras": []}
    monkeypatch.setattr(bootstrap, "cameras", lambda: [TAKEN])
    assert here("cameras").exit_code == 1
