"""The README's own blocks are the examples: each one runs here.

What is exchanged, and nothing else: the address and key for those of a gateway that runs, waits of
more than three seconds for three, and the camera of the machine for one that shows the drawn scene.
"""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)

PRELUDE = """
import asyncio, sys
sys.path.insert(0, {tests!r})
from support.fake_camera import plug_in
plug_in()
from overshoot.gateway import LocalGateway

async def _gateway(ready, done):
    async with LocalGateway() as gateway:
        ready.append(gateway)
        await done.wait()

import threading, time
_loop = asyncio.new_event_loop()
_ready, _done = [], None
async def _serve():
    global _done
    _done = asyncio.Event()
    await _gateway(_ready, _done)
_thread = threading.Thread(target=lambda: _loop.run_until_complete(_serve()))
_thread.start()
while not _ready:
    time.sleep(0.02)
API_URL, API_KEY = _ready[0].url, _ready[0].api_key
"""
POSTLUDE = """
_loop.call_soon_threadsafe(_done.set)
_thread.join()
"""


def exchanged(block: str) -> str:
    block = re.sub(r'"https?://[^"]*/api/v0\.2"', "API_URL", block)
    block = re.sub(r'api_key="[^"]*"', "api_key=API_KEY", block)
    return re.sub(
        r"asyncio\.sleep\((\d+)\)", lambda m: f"asyncio.sleep({min(3, int(m[1]))})", block
    )


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_of_the_readme_runs(number: int, tmp_path: Path) -> None:
    program = tmp_path / "example.py"
    prelude = PRELUDE.format(tests=str(ROOT / "tests"))
    program.write_text(prelude + textwrap.dedent(exchanged(BLOCKS[number])) + POSTLUDE)
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Result:" in done.stdout or "Result:" not in BLOCKS[number]


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench"])
def test_the_targets_that_the_readme_names_exist(target: str) -> None:
    assert re.search(rf"make {target}\b", README)
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_ci_calls_the_same_targets() -> None:
    called = re.findall(r"^make (\w+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert set(called) == {"check", "demo"}
