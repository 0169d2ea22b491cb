"""The one rule by which the specification's blocks are run, and nothing else is changed in them.

Exchanged, in `exchanged`:

* the address and the key for those of a gateway that runs;
* the minute of ``asyncio.sleep(60)`` for two and a half seconds;
* ``path/to/video.mp4`` for a video that the test makes;
* the comment ``# ... required params ...`` for those parameters.

Exchanged, in `fed`, because a stream of one frame has no answer: the one call of ``push_frame``,
and the comment ``# Push frames...`` with its ``pass``, for that call in a loop over the pictures of
`picture_stream`.

Given, because the blocks use and do not define them: ``time``, ``asyncio``, ``frame_data``, ``fn``,
``detector``, ``config`` and names that an earlier block imports. The camera is `fake_camera`,
behind OpenCV's own door.

A block that ends with ``asyncio.run`` is a program and gets an interpreter of its own (`program`);
the others run as in ``python -m asyncio``, where ``await`` may stand outside functions (`run`).
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import CodeType
from typing import Any

from overshoot.gateway import LocalGateway

TESTS = Path(__file__).parent.parent

REQUIRED = 'api_url=API_URL, api_key=API_KEY, prompt="What is there?", on_result=on_result,'
GIVEN_TO_PROGRAMS = f"""\
import sys, time
sys.path.insert(0, {str(TESTS)!r})
from support.fake_camera import plug_in
from support.picture_stream import frame_data, frames
plug_in()
"""


def exchanged(block: str, gateway: LocalGateway, video: Path | None = None) -> str:
    """The block with an address, a key, a duration and a path that exist."""
    block = block.replace("https://cluster1.overshoot.ai/api/v0.2", gateway.url)
    block = block.replace('"your-api-key"', repr(gateway.api_key))
    block = block.replace("asyncio.sleep(60)", "asyncio.sleep(2.5)")
    block = block.replace("# ... required params ...", REQUIRED)
    return block if video is None else re.sub(r'"/?path/to/video\.mp4"', repr(str(video)), block)


def fed(block: str) -> str:
    """The block with many frames where it shows how to push one."""
    place = r"^( +)(?:# Push frames\.\.\.\n +pass|relay\.push_frame\(frame_data, .*\))$"
    loop = (
        r"\1async for frame_data in frames():"
        "\n"
        r"\1    relay.push_frame(frame_data, timestamp=time.time())"
    )
    block, count = re.subn(place, loop, block, flags=re.MULTILINE)
    assert count == 1
    return block


def as_kept(text: str) -> str:
    """A text without what the kept specification has lost: indentation and empty lines."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def compiled(block: str) -> CodeType:
    """The block's code; ``await`` may stand outside functions."""
    code: CodeType = compile(block, "<specification>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


async def run(block: str, **given: Any) -> dict[str, Any]:
    """Run a block that is no program; its names after it."""
    names = {"__name__": "__specification__", **given}
    outcome = eval(compiled(block), names)  # noqa: S307 - the specification's own text
    if inspect.isawaitable(outcome):
        await outcome
    return names


async def program(block: str, folder: Path) -> tuple[str, str]:
    """Run a block that is a program, in a folder, to its good end; its output and complaints."""
    path = folder / "example.py"
    path.write_text(GIVEN_TO_PROGRAMS + block)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return out.decode(), err.decode()
