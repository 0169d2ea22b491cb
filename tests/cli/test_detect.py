"""`overshoot detect` as a user types it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from overshoot import ActionStore, ConfigurationError, EvidenceFolder
from support.command_line import here, lines
from support.engine_notes import without_engine_notes
from support.videos import write_scene

QR = ("--action", "QR code")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "overshoot", "detect", *map(str, arguments)]


def detect(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=50, check=False
    )


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("video") / "scene.mp4", seconds=2.0)


def test_json_is_an_action_a_line_and_nothing_else(video: Path, tmp_path: Path) -> None:
    store, exported = tmp_path / "actions.db", tmp_path / "actions.json"
    kept_in = ("--store", f"sqlite:///{store}", "--export", exported)
    done = detect(video, *QR, "--each-verdict", "--json", *kept_in)
    assert done.returncode == 0, done.stderr
    assert without_engine_notes(done.stderr) == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(line["file"], line["action"]) for line in lines} == {(str(video), "QR code")}
    times = [line["timestamp"] for line in lines]
    assert times == sorted(times)
    assert 0 < times[0] <= 0.6
    assert 1.5 < times[-1] <= 2.0
    assert all(line["confidence"] >= 0.6 for line in lines)
    assert [action["timestamp"] for action in json.loads(exported.read_text())] == times
    kept = ActionStore(f"sqlite:///{store}")
    assert [action.timestamp for action in kept.get_actions()] == times
    kept.close()


def test_what_goes_on_is_one_action_and_its_video_is_kept(video: Path, tmp_path: Path) -> None:
    done = detect(video, *QR, "--json", "--evidence", tmp_path)
    assert done.returncode == 0, done.stderr
    [action] = [json.loads(line) for line in done.stdout.splitlines()]
    assert action["timestamp"] < 0.2
    assert action["duration"] > 1.5
    assert [clip.action.action for clip in EvidenceFolder(tmp_path)] == ["QR code"]


def test_a_file_that_cannot_be_read_does_not_keep_the_others(video: Path) -> None:
    done = detect("missing.mp4", video, *QR, "--action", "levitation")
    assert done.returncode == 1
    assert "missing.mp4: SourceError" in done.stderr
    assert "levitation" in done.stderr, "what the backend cannot see is told"
    assert "QR code" in done.stdout
    assert all(line.endswith("scene.mp4") for line in done.stdout.splitlines())
    assert "failed" in done.stderr
    assert "\x1b[" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a.mp4",), "--action"),
        (("a.mp4", *QR, "--api-url", "http://127.0.0.1:9/v0.2"), "--api-key"),
        (("a.mp4", *QR, "--export", "a.xyz"), "--export a.xyz"),
        (("a.mp4", "b.mp4", *QR, "--export", "a.vtt"), "captions"),
        (("a.mp4", *QR, "--store", "oracle://here"), "oracle"),
        (("a.mp4", "--action", " "), "action"),
    ],
)
def test_wrong_usage_is_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    done = here("detect", *arguments)
    assert isinstance(done.exception, ConfigurationError) or done.exit_code == 2
    assert words in done.stderr + str(done.exception)
    assert done.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_a_bar_is_drawn_beside_the_actions(video: Path) -> None:
    screen, terminal = os.openpty()
    with subprocess.Popen(
        command(video, *QR),
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        text=True,
    ) as running:
        os.close(terminal)
        drawn = b""
        # Linux says so with an error when nobody holds the other end any more.
        with os.fdopen(screen, "rb", buffering=0) as shown, contextlib.suppress(OSError):
            while more := shown.read(65536):
                drawn += more
        assert running.stdout is not None
        lines = running.stdout.read().splitlines()
    assert running.returncode == 0
    assert lines
    assert all("QR code" in line and "\x1b" not in line for line in lines)
    assert "scene.mp4" in drawn.decode()
    assert "/ 2.0 s" in drawn.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    video = write_scene(tmp_path / "long.mp4", seconds=30.0, fps=10.0)
    with subprocess.Popen(
        command(video, *QR, "--each-verdict"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell switches Ctrl-C off for what it runs in the background, and so for the tests.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    ) as running:
        assert running.stdout is not None
        assert "QR code" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in said


def test_several_files_are_looked_at_side_by_side(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (folder / name).symlink_to(video)
    store = tmp_path / "actions.db"
    exported = tmp_path / "all.jsonl"
    kept_in = ("--store", store, "--export", exported)
    done = here("detect", folder, *QR, "--json", "--jobs", "2", *kept_in)
    assert done.exit_code == 0, done.output
    assert sorted(Path(each["file"]).name for each in lines(done)) == ["a.mp4", "b.mp4", "c.mp4"]
    rows = map(json.loads, exported.read_text().splitlines())
    sources = [row["metadata"]["source"] for row in rows]
    assert [Path(source).name for source in sources] == ["a.mp4", "b.mp4", "c.mp4"]
    assert json.loads(here("query", "--store", store, "--count", "--json").stdout) == {"count": 3}


def test_a_live_source_is_told_as_it_goes() -> None:
    done = here("detect", "synthetic", *QR, "--seconds", "1.5", "--each-verdict", "--json")
    assert done.exit_code == 0, done.output
    assert {(each["source"], each["action"]) for each in lines(done)} == {("synthetic", "QR code")}


def test_a_live_source_is_looked_at_alone(video: Path) -> None:
    done = here("detect", video, "synthetic", *QR)
    assert isinstance(done.exception, ConfigurationError)
    assert "synthetic is no video file" in done.exception.message


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_a_live_source_is_a_table_in_which_actions_end() -> None:
    screen, terminal = os.openpty()
    with subprocess.Popen(
        command("synthetic", *QR, "--seconds", "3"),
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as running:
        os.close(terminal)
        drawn = b""
        with os.fdopen(screen, "rb", buffering=0) as shown, contextlib.suppress(OSError):
            while more := shown.read(65536):
                drawn += more
    assert running.returncode == 0
    last = drawn.decode().rpartition("begins")[2]
    assert "QR code" in last
    assert "goes on" not in last
