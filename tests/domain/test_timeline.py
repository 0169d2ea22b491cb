from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.timeline import MediaStamps, MediaTimeline

SECOND = 90_000


def seconds(*ticks: Any) -> Any:
    timeline = MediaTimeline()
    return [timeline.advance(each) for each in ticks]


def test_time_begins_with_the_first_frame() -> None:
    assert seconds(7_000, 7_000 + SECOND, 7_000 + 3 * SECOND) == [0.0, 1.0, 3.0]


def test_the_counter_wraps_around() -> None:
    start = 2**32 - SECOND // 2
    assert seconds(start, (start + SECOND) % 2**32, 3 * SECOND // 2) == [0.0, 1.0, 2.0]


def test_a_counter_that_was_unwrapped_already_is_fine() -> None:
    start = 2**32 - SECOND // 2
    assert seconds(start, start + SECOND, start + 2 * SECOND) == [0.0, 1.0, 2.0]


def test_a_leap_and_a_step_back_cost_one_frame_gap() -> None:
    found = seconds(0, SECOND, 500 * SECOND, 501 * SECOND, 100 * SECOND, 101 * SECOND)
    assert found == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_ten_seconds_of_silence_are_time() -> None:
    assert seconds(0, 10 * SECOND) == [0.0, 10.0]


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=50))
def test_time_always_rises(ticks: Any) -> None:
    found = seconds(*ticks)
    assert all(later > earlier for earlier, later in pairwise(found))
    assert found[-1] <= 10.0 * len(ticks)


@given(st.lists(st.floats(0, 8), min_size=1, max_size=50), st.floats(0, 1e6))
def test_stamps_and_timeline_are_the_way_there_and_back(steps: list[float], origin: float) -> None:
    stamps, timeline = MediaStamps(), MediaTimeline()
    time = origin
    before = -1
    for step in [0.0, *steps]:
        time += max(step, 1e-3)
        stamp = stamps.stamp(time)
        assert stamp > before
        before = stamp
        passed = time - origin - 1e-3
        assert timeline.advance(stamp) == pytest.approx(passed, abs=1e-5)


def test_stamps_rise_where_source_times_do_not() -> None:
    stamps = MediaStamps()
    times = [5.0, 5.0, 1.0, 5.0 + 9 / 90_000]
    assert [stamps.stamp(time) for time in times] == [0, 1, 2, 9]
