"""The examples that the documentation shows run as a reader would run them."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import nbformat
import pytest
from fastapi.testclient import TestClient
from nbclient import NotebookClient

from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.source import SyntheticSource

EXAMPLES = Path(__file__).parents[2] / "examples"


def jpegs(count: int) -> list[bytes]:
    scene = SyntheticScene(SyntheticSource(fps=15))
    scene.open()
    frames = [frame for _ in range(count) if (frame := scene.read()) is not None]
    scene.close()
    return [cv2.imencode(".jpg", frame.pixels)[1].tobytes() for frame in frames]


@pytest.fixture
def app() -> ModuleType:
    spec = spec_from_file_location("fastapi_app", EXAMPLES / "fastapi_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(120)
def test_fastapi_takes_pictures_and_gives_answers(app: ModuleType) -> None:
    with TestClient(app.app) as client:
        with client.websocket_connect("/watch?prompt=What moves?") as socket:
            pictures = iter(jpegs(400))
            socket.send_bytes(b"no picture")
            fault = socket.receive_json()
            assert fault["type"] == "error"
            # An answer needs a second of pictures; send until one has come.
            came = threading.Event()

            def send() -> None:
                for picture in pictures:
                    if came.wait(1 / 15):
                        return
                    socket.send_bytes(picture)

            sender = threading.Thread(target=send)
            sender.start()
            told = socket.receive_json()
            came.set()
            sender.join()
        assert told["ok"] is True
        assert told["prompt"] == "What moves?"
        assert sum(client.get("/actions").json().values()) >= 1


def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    notebook: Any = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    assert all(not cell.get("outputs") for cell in notebook.cells), "kept without outputs"
    NotebookClient(
        notebook, timeout=50, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [cell.get("outputs", []) for cell in notebook.cells]
    printed = "".join(each.get("text", "") for cell in outputs for each in cell)
    assert "motion" in printed.lower()
    images = [each for cell in outputs for each in cell if "image/png" in each.get("data", {})]
    assert len(images) == 1


def test_a_callers_test_suite_passes(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    suite = tmp_path / "test_with_overshoot.py"
    suite.write_text((EXAMPLES / "test_with_overshoot.py").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", str(suite)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
