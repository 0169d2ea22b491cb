"""A machine that has nothing but a loopback interface, made by the test itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

NAMESPACE = f"overshoot-test-{os.getpid()}"


@pytest.fixture
def island() -> Iterator[list[str]]:
    """The command prefix that runs a program on such a machine."""
    ip = shutil.which("ip")
    if ip is None or os.geteuid() != 0:
        pytest.skip("needs iproute2 and root to make a network namespace")
    subprocess.run([ip, "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run([ip, "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        yield [ip, "netns", "exec", NAMESPACE]
    finally:
        subprocess.run([ip, "netns", "del", NAMESPACE], check=True)


def test_the_main_job_runs_on_loopback_alone(island: list[str]) -> None:
    done = subprocess.run(
        [*island, sys.executable, "-m", "overshoot", "demo", "--json", "--seconds", "3"],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["answered"] >= 2
    assert lines[-1]["errors"] == []
