"""What is promised of every command alike: help, completion, and a quick start."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import typer.main

from overshoot.cli.app import app
from support.command_line import command, here

COMMANDS = [each.callback.__name__ for each in app.registered_commands if each.callback]
NEVER_SAY_MORE = {"serve"}
"""Commands without notes that could be left out."""


def shown(*arguments: str) -> str:
    done = here(*arguments, "--help")
    assert done.exit_code == 0
    return " ".join(done.stdout.replace("│", " ").split())


def test_the_commands_of_the_issue_are_there() -> None:
    assert set(COMMANDS) >= {
        "demo", "serve", "watch", "detect", "analyze", "query", "export", "replay", "cameras",
        "doctor", "config",
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_its_options_understand(name: str) -> None:
    text = shown(name)
    assert "Examples:" in text
    assert f"overshoot {name}" in text
    group = typer.main.get_command(app)
    known = {option for each in group.commands[name].params for option in each.opts}  # type: ignore[attr-defined]
    docs = group.commands[name].help or ""  # type: ignore[attr-defined]
    examples = [line for line in docs.split("\n\n") if line.startswith("overshoot ")]
    assert examples
    used = {word for line in examples for word in line.split() if word.startswith("--")}
    assert used <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_shared_options_and_tells_its_json(name: str) -> None:
    text = shown(name)
    assert "--json prints" in text
    assert ("--quiet" in text) == (name not in NEVER_SAY_MORE)


def test_the_first_help_says_exit_codes_and_the_order_of_configuration() -> None:
    text = shown()
    assert "130 cut short by Ctrl-C" in text
    assert "flags, then OVERSHOOT_* variables, then ./overshoot.toml" in text


def test_shared_options_are_the_same_everywhere() -> None:
    for name in ("watch", "detect", "analyze", "doctor", "config"):
        assert "Ask this gateway" in shown(name)
        assert "(OVERSHOOT_API_URL)" in shown(name)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown(shell: str) -> None:
    done = here("--show-completion", shell)
    assert done.exit_code == 0, done.output
    assert "_COMPLETE" in done.stdout
    assert "complete" in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import json, sys\nfrom overshoot.cli.app import app\n"
        "try:\n    app(['watch', '--help'])\nexcept SystemExit:\n    pass\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded.isdisjoint({"cv2", "av", "aiortc", "aiohttp", "numpy", "sqlite3"})


def test_colours_are_for_terminals_alone() -> None:
    environment = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run(
        command("config"), capture_output=True, text=True, timeout=30, env=environment, check=True
    )
    assert "\x1b[" not in done.stdout + done.stderr
