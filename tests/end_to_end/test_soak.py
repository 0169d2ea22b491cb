"""The soak of `benches/python`, with few streams and for seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STREAMS, SECONDS, FPS = 3, 6, 15


@pytest.mark.timeout(180)  # Four processes begin, on a machine that may be busy.
@pytest.mark.skipif(sys.platform != "linux", reason="the soak reads CPU and memory from /proc")
def test_streams_side_by_side_are_in_order_and_accounted_for() -> None:
    command = [
        sys.executable,
        str(ROOT / "benches/python/bench_gateway_soak.py"),
        *("--streams", str(STREAMS), "--seconds", str(SECONDS), "--compare-seconds", "2"),
        *("--senders", "1", "--json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["faults"] == []
    gateway, stock = told["runs"]
    for run in (gateway, stock):
        assert len(run["infos"]) == STREAMS
        assert 0 < run["frames_received"] <= run["frames_sent"]
        assert run["cpu_percent_per_stream"] > 0
    # The receiver keeps the last frame of each stream, and a machine may be busy.
    assert gateway["frames_sent"] - gateway["frames_received"] <= STREAMS * FPS
    assert gateway["results"] >= STREAMS * SECONDS
    assert gateway["memory_mb"] > 0
