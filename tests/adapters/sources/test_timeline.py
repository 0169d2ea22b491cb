from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.adapters.sources.timeline import LONGEST_STEP_SECONDS, Timeline, sane_fps


def test_good_positions_are_kept_from_the_first_on() -> None:
    timeline = Timeline(25.0)
    assert [timeline.place(p) for p in (7.0, 7.04, 7.5)] == pytest.approx([0.0, 0.04, 0.5])


@pytest.mark.parametrize("bad", [1.0, 0.2, -5.0, math.nan, math.inf, 1.0 + 2**32 / 90000])
def test_a_bad_position_comes_one_frame_later_and_the_rest_follow(bad: float) -> None:
    timeline = Timeline(10.0)
    timeline.place(0.0)
    assert timeline.place(1.0) == pytest.approx(1.0)
    assert timeline.place(bad) == pytest.approx(1.1)
    following = 1.5 if not math.isfinite(bad) else bad + 0.4
    assert timeline.place(following) == pytest.approx(1.5)


def test_a_new_round_comes_one_frame_later() -> None:
    timeline = Timeline(10.0)
    times = [timeline.place(p) for p in (0.0, 0.1, 0.2, 0.0, 0.1)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


@given(
    positions=st.lists(
        st.floats() | st.floats(0, 1e5) | st.integers(0, 4).map(float), min_size=1, max_size=60
    ),
    fps=st.floats() | st.sampled_from([0.0, 15.0, 90000.0]),
)
def test_timestamps_always_rise(positions: list[float], fps: float) -> None:
    timeline = Timeline(fps)
    times = [timeline.place(position) for position in positions]
    assert times[0] == 0.0
    for earlier, later in pairwise(times):
        assert earlier < later <= earlier + LONGEST_STEP_SECONDS * 1.001 + 1e-6


@pytest.mark.parametrize(
    ("given_fps", "fps"),
    [
        (29.97, 29.97),
        (0.0, 0.0),
        (-1.0, 0.0),
        (1000.0, 0.0),
        (90000.0, 0.0),
        (math.nan, 0.0),
        (math.inf, 0.0),
    ],
)
def test_frame_rates_that_cannot_be_are_unknown(given_fps: float, fps: float) -> None:
    assert sane_fps(given_fps) == fps
