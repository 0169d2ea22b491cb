"""The `overshoot` command as a user types it, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from overshoot import (
    CameraSource,
    ImageFolderSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)
from overshoot.cli.source_argument import describe_source
from overshoot.client.source_names import parse_source
from support.videos import write_scene


def overshoot(*arguments: str, seconds: float = 50) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "overshoot", *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_a_source_is_named_as_people_name_it(tmp_path: Path) -> None:
    assert parse_source("scene", seconds=3) == SyntheticSource(duration_seconds=3)
    assert parse_source("1", seconds=None) == CameraSource(device_index=1)
    assert parse_source("rtsp://host/a", seconds=None) == UrlSource("rtsp://host/a")
    assert parse_source(str(tmp_path), seconds=None) == ImageFolderSource(tmp_path)
    assert parse_source("a.mp4", seconds=None) == VideoFileSource("a.mp4")


def test_an_address_is_described_without_its_password() -> None:
    assert "secret" not in describe_source(UrlSource("rtsp://user:secret@host/a"))


def test_the_demo_prints_one_json_object_a_line_and_ends_by_itself() -> None:
    done = overshoot("demo", "--json", "--seconds", "4")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [line["type"] for line in lines]
    assert kinds[0] == "started"
    assert kinds[-1] == "summary"
    results = lines[1:-1]
    assert set(kinds[1:-1]) == {"inference"}
    assert len(results) >= 3
    assert all(result["ok"] and result["result"] for result in results)
    assert lines[-1]["answered"] == len(results)
    assert lines[-1]["end_reason"] == "source_ended"
    assert "QR code" in lines[-1]["detected"]


def test_without_a_terminal_stdout_carries_the_answers_alone(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "scene.mp4", seconds=2.5)
    done = overshoot("demo", "--source", str(video), "--prompt", "read the QR code")
    assert done.returncode == 0, done.stderr
    assert "OVERSHOOT SCENE 0" in done.stdout
    assert "stream " not in done.stdout
    assert "file scene.mp4" in done.stderr
    assert "\x1b[" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("demo", "--source", "missing.mp4"), 1, "SourceError: "),
        (("demo", "--api-url", "nowhere", "--api-key", "k"), 2, "ConfigurationError: api_url"),
        (("demo", "--api-url", "http://127.0.0.1:9/v0.2"), 2, "--api-key"),
        (("demo", "--schema", "missing.json"), 2, "--schema"),
        (("demo", "--seconds", "nan-sense"), 2, "--seconds"),
    ],
)
def test_a_fault_is_a_sentence_and_an_exit_code(
    arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = overshoot(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
