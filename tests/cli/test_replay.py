"""`overshoot replay` as a user types it, over clips of the drawn scene."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from typer.testing import CliRunner, Result

from overshoot import ConfigurationError, StoreError, bootstrap
from overshoot.cli.app import app
from overshoot.domain.action_question import action_schema
from overshoot.domain.inference import InferenceRequest
from overshoot.testing.scripted_inference import Line, ScriptedInference
from support.engine_notes import without_engine_notes
from support.evidence import QUESTION
from support.kept_clips import keep_scene

ACTIONS = ("QR code", "juggling")
"""What the backend in here can tell of the scene, and what it cannot."""
QUESTION_OF_SCENE = evolve(
    QUESTION,
    prompt="QR code?",
    actions=ACTIONS,
    output_schema=dict(action_schema(ACTIONS)),
    model="local",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "kept"
    asyncio.run(keep_scene(path, question=QUESTION_OF_SCENE, size=(640, 480)))
    return path


def overshoot(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


def by_prompt(request: InferenceRequest) -> Line:
    """Who is asked strictly sees no code."""
    said = [
        {"action": action, "detected": action == "QR code" and seen, "confidence": 0.9}
        for seen in ["strict" not in request.prompt]
        for action in ACTIONS
    ]
    return {"detected_actions": said}


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ScriptedInference:
    scripted = ScriptedInference(by_prompt)
    monkeypatch.setattr(bootstrap, "inference_backend", lambda name: scripted)
    return scripted


def test_the_command_asks_what_sees_in_here(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("Which of {actions}?\n")
    arguments = ("--prompt", f"@{tmp_path / 'new.txt'}", "--json", "--fail-on-difference")
    done = subprocess.run(
        [sys.executable, "-m", "overshoot", "replay", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, without_engine_notes(done.stderr)) == (0, "")
    body = json.loads(done.stdout)
    assert (body["clips"], body["compared"], body["agreements"]) == (1, 2, 2)
    assert body["differences"] == []
    assert [item["asked"] for item in body["unsupported"]] == ["juggling"]


def test_a_difference_is_shown_and_is_a_failure_where_that_is_asked_for(
    folder: Path, backend: ScriptedInference
) -> None:
    arguments = (str(folder), "--prompt", "QR code?", "--prompt", "strict")
    shown = overshoot(*arguments)
    assert shown.exit_code == 0
    row = next(line for line in shown.stdout.splitlines() if "000001" in line)
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == [
        "abc/000001-waving-hand",
        "QR code",
        "yes 0.90 (5 of 5)",
        "no (0 of 5)",
        "one saw it",
    ]
    assert "1 clip: the prompts agree on 1 of 2 findings (tolerance 0.1)" in shown.stdout
    assert shown.stderr == "abc/000001-waving-hand: 1 differ\n"
    assert overshoot(*arguments, "--fail-on-difference").exit_code == 1
    assert backend.closed


def test_one_prompt_is_compared_with_the_kept_one(folder: Path, backend: ScriptedInference) -> None:
    done = overshoot(str(folder), "--prompt", "strict", "--json")
    assert {request.prompt for request in backend.requests} == {"QR code?", "strict"}
    (difference,) = json.loads(done.stdout)["differences"]
    assert difference["kind"] == "detected"
    assert difference["second"] == {"answered": 5, "detected": 0, "confidence": 0.0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--prompt", "a", "--prompt", "b", "--prompt", "c"), "once or twice"),
        (("--prompt", "@missing.txt"), "missing.txt cannot be read"),
        (("--prompt", "a", "--api-url", "http://127.0.0.1:9"), "needs --api-key"),
    ],
)
def test_a_wrong_use_is_said(
    folder: Path, arguments: tuple[str, ...], words: str, backend: ScriptedInference
) -> None:
    done = overshoot(str(folder), *arguments)
    assert isinstance(done.exception, ConfigurationError)
    assert words in done.exception.message
    assert done.stdout == ""


def test_a_folder_without_clips_is_no_success(tmp_path: Path, backend: ScriptedInference) -> None:
    done = overshoot(str(tmp_path), "--prompt", "a", "--fail-on-difference")
    assert isinstance(done.exception, StoreError)
    assert "no clip to ask about" in done.exception.message
