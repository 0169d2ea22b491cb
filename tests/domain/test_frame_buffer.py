from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.frame import Frame
from overshoot.domain.frame_buffer import BufferLimits, FrameBuffer
from overshoot.errors import ConfigurationError

SMALL, LARGE = np.zeros((4, 5, 3), np.uint8), np.zeros((40, 50, 3), np.uint8)


def filled(count: int, **limits: Any) -> FrameBuffer:
    buffer = FrameBuffer(BufferLimits(**limits))
    for number in range(count):
        buffer.add(Frame(SMALL, number / 2, number * 3))
    return buffer


@given(
    st.lists(st.tuples(st.floats(0.01, 3), st.booleans()), max_size=40),
    st.floats(0, 8),
    st.integers(0, 20_000),
)
def test_it_holds_the_newest_that_fit_and_always_the_newest(
    steps: Any, seconds: float, max_bytes: int
) -> None:
    buffer = FrameBuffer(BufferLimits(seconds, max_bytes))
    added, time = list[Frame](), 0.0
    for index, (gap, large) in enumerate(steps):
        time += gap
        added.append(Frame(LARGE if large else SMALL, time, index))
        buffer.add(added[-1])
        held = list(buffer.between(0.0, time))
        assert held
        assert held == added[-len(held) :]
        assert buffer.held_bytes == sum(frame.pixels.nbytes for frame in held)
        assert len(buffer) == len(held)
        assert buffer.newest_frame() is added[-1]
        if len(held) > 1:
            assert buffer.held_bytes <= max_bytes
            assert held[0].timestamp >= time - seconds


def test_it_is_asked_by_time_and_by_index() -> None:
    buffer = filled(10)
    assert [frame.index for frame in buffer.newest(1.0)] == [21, 24, 27]
    assert [frame.index for frame in buffer.between(0.5, 1.0)] == [3, 6]
    clip = buffer.clip(6, 12)
    assert clip is not None
    assert [frame.index for frame in clip] == [6, 9, 12]


def test_a_clip_that_is_partly_gone_is_none() -> None:
    buffer = filled(10, seconds=1.0)
    assert [frame.index for frame in buffer.newest(9.0)] == [21, 24, 27]
    assert buffer.clip(18, 24) is None
    assert buffer.clip(21, 28) is None
    assert buffer.clip(21, 27) is not None


def test_nothing_is_in_it_before_the_first_frame_nor_after_clear() -> None:
    for buffer in (filled(0), filled(3)):
        buffer.clear()
        assert (buffer.newest_frame(), buffer.newest(5), buffer.clip(0, 0)) == (None, (), None)
        assert buffer.held_bytes == 0


def test_no_seconds_keep_the_newest_alone() -> None:
    assert len(filled(5, seconds=0)) == 1


@pytest.mark.parametrize("values", [{"seconds": -1}, {"max_bytes": 1.5}])
def test_limits_have_ranges(values: Any) -> None:
    with pytest.raises(ConfigurationError):
        BufferLimits(**values)
