"""The specification's two demos, as programs: into a file, and in a window with a keyboard."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
DEMOS = ["action_detector", "stream_relay_actions"]
GREEN = np.array((90, 200, 80))
MISSING = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
needs_window = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"), reason=f"{', '.join(MISSING)} not installed"
)


def demo(name: str, *arguments: str, folder: Path, **more: str) -> subprocess.Popen[str]:
    surroundings = {n: v for n, v in os.environ.items() if "DISPLAY" not in n}
    return subprocess.Popen(
        [sys.executable, str(ROOT / f"demo_{name}.py"), *arguments],
        cwd=folder,
        env={**surroundings, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def pictures(path: Path) -> list[np.ndarray]:
    film = cv2.VideoCapture(str(path))
    found: list[np.ndarray] = []
    while True:
        there, picture = film.read()
        if not there:
            return found
        found.append(np.asarray(picture))


def is_green(picture: np.ndarray) -> bool:
    """Whether there is a bar in it, as a codec leaves it."""
    near = np.abs(picture[:80].astype(int) - GREEN).max(axis=2) < 45
    return int(near.sum()) > 300


@pytest.mark.parametrize("name", DEMOS)
def test_without_a_window_an_annotated_film_is_written(name: str, tmp_path: Path) -> None:
    running = demo(
        name,
        *("synthetic", "--action", "moving", "--action", "waving hand", "--seconds", "7"),
        *("--headless", "out.mp4", "--store", "sqlite:///kept.db"),
        folder=tmp_path,
    )
    said, complaint = running.communicate(timeout=50)
    assert running.returncode == 0, complaint
    assert "wrote out.mp4" in said
    assert "moving: " in said
    assert "waving hand" not in said
    film = pictures(tmp_path / "out.mp4")
    assert len(film) > 30
    # Something moves in the scene now and then, and the bar says so then.
    assert not is_green(film[0])
    assert any(is_green(each) for each in film)
    assert (tmp_path / "kept.db").exists()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    assert not MISSING, f"{MISSING} must be there in CI"
    server = subprocess.Popen(
        [str(shutil.which("Xvfb")), "-displayfd", "1", "-screen", "0", "900x700x24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


def xdotool(display: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(shutil.which("xdotool")), *arguments],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout.strip()


def pressed(running: subprocess.Popen[str], display: str) -> str:
    """Press S until there is something to tell, then E, then Q; what was said on stderr."""
    assert running.stdout is not None
    window, until = "", time.monotonic() + 30
    while not window and time.monotonic() < until and running.poll() is None:
        window = xdotool(display, "search", "--name", "overshoot:").partition("\n")[0]
        time.sleep(0.2)
    assert window, "no window came"
    said = ""
    # A window takes no key before it is drawn.
    while "moving: " not in said and time.monotonic() < until:
        xdotool(display, "key", "--window", window, "s")
        said += running.stdout.readline()
    assert "moving: " in said
    xdotool(display, "key", "--window", window, "e")
    while "actions-1.csv" not in said:
        line = running.stdout.readline()
        assert line, "it ended before it exported"
        said += line
    xdotool(display, "key", "--window", window, "q")
    return running.communicate(timeout=20)[1]


@needs_window
@pytest.mark.parametrize("name", DEMOS)
def test_keys_summarise_export_and_quit(name: str, tmp_path: Path, display: str) -> None:
    with demo(name, "synthetic", "--action", "moving", folder=tmp_path, DISPLAY=display) as running:
        try:
            complaint = pressed(running, display)
        finally:
            running.kill()
    assert running.returncode == 0, complaint
    kept = json.loads((tmp_path / "actions-1.json").read_text())
    assert {each["action"] for each in kept} == {"moving"}
    assert (tmp_path / "actions-1.csv").read_text().startswith("action,timestamp")


@pytest.mark.parametrize("name", DEMOS)
def test_without_a_display_it_says_what_to_do(name: str, tmp_path: Path) -> None:
    running = demo(name, "synthetic", folder=tmp_path)
    _, complaint = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "--headless" in complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize("name", DEMOS)
def test_a_camera_that_is_not_there_is_said_in_a_sentence(name: str, tmp_path: Path) -> None:
    running = demo(name, "/dev/video77", "--headless", "out.mp4", folder=tmp_path)
    _, complaint = running.communicate(timeout=40)
    assert running.returncode == 1
    assert "/dev/video77" in complaint
    assert "Traceback" not in complaint


def test_asked_to_end_it_ends_with_the_summary(tmp_path: Path) -> None:
    running = demo(
        "action_detector",
        *("synthetic", "--action", "moving", "--headless", "out.mp4"),
        folder=tmp_path,
    )
    until = time.monotonic() + 30
    while not (tmp_path / "out.mp4").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    running.send_signal(signal.SIGTERM)
    said, complaint = running.communicate(timeout=30)
    assert running.returncode == 130, complaint
    assert "Traceback" not in complaint
    assert "wrote out.mp4" in said
