"""Real gateways, real WebRTC, real threads; the traffic stays on the loopback interface."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from overshoot.gateway import LocalGateway
from support.frame_reader import FrameReader


@pytest.fixture
def backend() -> FrameReader:
    return FrameReader()


@pytest.fixture
async def gateway(backend: FrameReader) -> AsyncIterator[LocalGateway]:
    async with LocalGateway(backend=backend) as running:
        yield running


@pytest.fixture
def numbered_video(tmp_path: Path) -> Path:
    """Three seconds of the scene as a file: 45 frames that carry their numbers."""
    from support.videos import write_scene

    return write_scene(tmp_path / "scene.mp4", seconds=3.0, fps=15.0)


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Fails a test that leaves a thread, a socket or a file open behind its event loop."""
    gc.collect()
    threads, files = set(threading.enumerate()), _open_files()
    yield
    gc.collect()
    left = [thread.name for thread in threading.enumerate() if thread not in threads]
    assert left == []
    assert _open_files() <= files


def _open_files() -> set[str]:
    """What the process holds open, by kind for sockets, whose numbers differ each time."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except OSError:
            continue
    sockets = sum(name.startswith("socket:") for name in found)
    names = {name for name in found if name.startswith(("/dev/video", "/tmp"))}  # noqa: S108
    return names | {f"socket {number}" for number in range(sockets)}


async def settled() -> set[asyncio.Task[object]]:
    """Tasks of this loop beside the one that asks."""
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
