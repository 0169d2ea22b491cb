from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.push_clock import (
    FARTHEST_SECONDS,
    SHORTEST_STEP_SECONDS,
    PushClock,
    check_timestamp,
)
from overshoot.errors import FrameError


def placed(*frames: tuple[float | None, float]) -> list[float]:
    clock = PushClock()
    return [clock.place(given, arrival) for given, arrival in frames]


def test_rising_timestamps_are_kept_exactly_whatever_their_origin() -> None:
    clock = PushClock()
    times = [1_763_800_000.125, 1_763_800_000.175, 1_763_900_000.0]
    assert [clock.place(time, 0.0) for time in times] == times
    assert clock.retimed == 0


def test_without_timestamps_times_of_arrival_are_taken() -> None:
    assert placed((None, 50.0), (None, 50.5), (None, 52.0)) == [0.0, 0.5, 2.0]


def test_a_frame_that_was_overtaken_moves_none_of_the_others() -> None:
    clock = PushClock()
    times = [clock.place(time, 0.0) for time in (10.0, 10.2, 10.1, 10.3)]
    assert times == pytest.approx([10.0, 10.2, 10.2 + SHORTEST_STEP_SECONDS, 10.3], abs=1e-9)
    assert clock.retimed == 1


def test_a_clock_that_was_set_back_goes_on_with_its_distances() -> None:
    times = placed((3600.0, 1.0), (3600.1, 1.1), (0.2, 1.2), (0.3, 1.3), (0.5, 9.0))
    assert times == pytest.approx([3600.0, 3600.1, 3600.2, 3600.3, 3600.5])


def test_frames_without_a_timestamp_between_others_come_as_they_arrive() -> None:
    assert placed((7.0, 1.0), (None, 1.5), (8.0, 2.0)) == pytest.approx([7.0, 7.5, 8.0])


times = st.floats(-FARTHEST_SECONDS, FARTHEST_SECONDS) | st.integers(0, 3).map(float)


@given(frames=st.lists(st.tuples(st.none() | times, st.floats(0, 100)), min_size=1, max_size=60))
def test_they_always_rise(frames: list[tuple[float | None, float]]) -> None:
    arrival, clock, result = 0.0, PushClock(), list[float]()
    for given_time, passed in frames:
        arrival += passed
        result.append(clock.place(given_time, arrival))
    assert all(math.isfinite(time) for time in result)
    assert all(earlier < later for earlier, later in pairwise(result))


@pytest.mark.parametrize("good", [None, 0, 0.0, -5, 1.7e9, np.float32(1.5), np.int64(3)])
def test_seconds_are_timestamps(good: Any) -> None:
    check_timestamp(good)


@pytest.mark.parametrize(
    "wrong",
    [
        math.nan,
        math.inf,
        -math.inf,
        1.7e12,
        10**400,
        True,
        "1.0",
        b"1",
        [1.0],
        1j,
        np.array([1.0, 2.0]),
    ],
)
def test_what_is_no_number_of_seconds_is_refused(wrong: Any) -> None:
    with pytest.raises(FrameError, match="timestamp must be"):
        check_timestamp(wrong)
