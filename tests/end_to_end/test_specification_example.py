"""The specification's first example, letter by letter.

Exchanged, by this rule and nothing else: the address and the key for those of a running gateway,
the minute of waiting for three seconds; and, for a machine without a camera, either the camera
behind OpenCV's door (the text unchanged) or one more line that names a file as the source.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from overshoot.gateway import LocalGateway

TESTS = Path(__file__).parent.parent
EXAMPLE = """\
import asyncio
from overshoot import RealtimeVision, RealtimeVisionConfig
async def main():
    config = RealtimeVisionConfig(
        api_url="https://cluster1.overshoot.ai/api/v0.2",
        api_key="your-api-key",
        prompt="Describe what you see in this video",
        on_result=lambda r: print(f"Result: {r.result}"),
    )
    async with RealtimeVision(config) as vision:
        await asyncio.sleep(60) # Stream for 60 seconds
asyncio.run(main())
"""
CAMERA = f"""\
import sys
sys.path.insert(0, {str(TESTS)!r})
from support.fake_camera import plug_in
plug_in()
"""


async def run_program(program: str, folder: Path) -> str:
    import asyncio

    path = folder / "example.py"
    path.write_text(program)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 40)
    assert process.returncode == 0, err.decode()
    assert err.decode() == ""
    return out.decode()


def exchanged(gateway: LocalGateway) -> str:
    return (
        EXAMPLE.replace("https://cluster1.overshoot.ai/api/v0.2", gateway.url)
        .replace("your-api-key", gateway.api_key)
        .replace("asyncio.sleep(60)", "asyncio.sleep(3)")
    )


@pytest.fixture
def backend() -> None:
    """None is the gateway's own: the local backend."""


async def test_it_runs_unchanged_with_a_camera(gateway: LocalGateway, tmp_path: Path) -> None:
    out = await run_program(CAMERA + exchanged(gateway), tmp_path)
    assert out.count("Result: ") >= 2


async def test_it_runs_with_a_file_as_its_source(
    gateway: LocalGateway, tmp_path: Path, numbered_video: Path
) -> None:
    program = (
        exchanged(gateway)
        .replace(
            "    api_key=",
            f"    source=VideoFileSource(file_path={str(numbered_video)!r}),\n        api_key=",
        )
        .replace("import RealtimeVision,", "import VideoFileSource, RealtimeVision,")
    )
    out = await run_program(program, tmp_path)
    assert out.count("Result: ") >= 2
    assert "OVERSHOOT SCENE 0" in out
