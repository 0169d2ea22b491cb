"""Percentiles by nearest rank, against numpy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.latency import WINDOW, LatencyWindow


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=200))
def test_percentiles_are_numpys_nearest_ranks(seconds: list[float]) -> None:
    window = LatencyWindow()
    for each in seconds:
        window.add(each)
    found = window.percentiles()
    wanted = np.percentile(seconds, [50, 95, 99, 100], method="inverted_cdf")
    assert [found.p50, found.p95, found.p99, found.max] == [float(p) * 1000 for p in wanted]
    assert found.count == len(seconds)


@pytest.mark.parametrize("count", [20, 40, 60, 100, 140, 200, 700, 1000])
def test_a_rank_that_is_a_whole_number_is_that_one(count: int) -> None:
    window = LatencyWindow()
    for number in range(1, count + 1):
        window.add(number / 1000)
    found = window.percentiles()
    assert found.p95 == pytest.approx(count * 95 / 100)
    assert found.p50 == pytest.approx(count / 2)


@given(st.integers(0, 600))
def test_only_the_newest_are_told_of_but_all_are_counted(beyond: int) -> None:
    window = LatencyWindow()
    for number in range(WINDOW + beyond):
        window.add(float(number))
    found = window.percentiles()
    assert found.count == WINDOW + beyond
    assert found.max == (WINDOW + beyond - 1) * 1000
    assert found.p50 == (beyond + WINDOW / 2 - 1) * 1000


def test_clocks_that_disagree_give_no_negative_times() -> None:
    window = LatencyWindow()
    window.add(-0.5)
    assert window.percentiles().max == 0


def test_nothing_measured() -> None:
    found = LatencyWindow().percentiles()
    assert (found.count, found.p50, found.p95, found.p99, found.max) == (0, None, None, None, None)
