"""What several tests of the sources need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.sources.made_videos import write_video


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Eight pictures, ten a second."""
    return write_video(tmp_path / "video.mp4", [100 * number for number in range(8)])


@pytest.fixture
def media() -> Path:
    """The folder of real clips, which is not part of the project."""
    given = os.environ.get("OVERSHOOT_TEST_MEDIA")
    beside = Path(__file__).resolve().parents[4] / "shared" / "media"
    folder = Path(given) if given else beside
    if not folder.is_dir():
        pytest.skip(f"no real clips: set OVERSHOOT_TEST_MEDIA (looked in {folder})")
    return folder
