"""The `overshoot` command in this process, and in one of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from overshoot.cli.app import app


def here(*arguments: str | Path) -> Result:
    """In this process, which is quick; errors of ours are in ``exception``."""
    return CliRunner().invoke(app, [str(each) for each in arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    """The JSON lines that it printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def begun(*arguments: str | Path, stdout: Any = subprocess.PIPE) -> subprocess.Popen[str]:
    """In a process of its own, in which Ctrl-C works."""
    return subprocess.Popen(
        command(*arguments),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        # A shell switches Ctrl-C off for what it runs in the background, and so for the tests.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )


def command(*arguments: str | Path) -> Sequence[str]:
    """What to run."""
    return [sys.executable, "-m", "overshoot", *map(str, arguments)]
