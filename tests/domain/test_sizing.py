from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.sizing import effective_size


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (640, 480)),
        ((1280, 720), (1280, 720)),
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((3840, 1600), (1280, 532)),
        ((97, 33), (97, 33)),
    ],
)
def test_720p_cap(size: Any, expected: Any) -> None:
    assert effective_size(*size, clip_frames=10) == expected


def test_a_long_clip_makes_frames_smaller() -> None:
    width, height = effective_size(1280, 720, clip_frames=1800)
    assert width * height * 3 * 1800 <= 256 * 1024 * 1024
    assert width / height == pytest.approx(16 / 9, rel=0.02)


@given(st.integers(1, 8192), st.integers(1, 8192), st.integers(1, 4000))
def test_never_larger_and_never_empty(width: Any, height: Any, frames: Any) -> None:
    got = effective_size(width, height, clip_frames=frames)
    assert 1 <= got[0] <= width
    assert 1 <= got[1] <= height
    assert max(got) <= 1280
    assert min(got) <= 720
