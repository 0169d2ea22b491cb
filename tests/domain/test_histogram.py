from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.histogram import Histogram

VALUES = st.lists(st.floats(0, 100, allow_nan=False) | st.sampled_from([0.5, 1.0, 2.0]))


@given(VALUES)
def test_every_measurement_is_below_the_bounds_that_it_does_not_exceed(values: list[float]) -> None:
    histogram = Histogram((0.5, 1.0, 2.0))
    for value in values:
        histogram.add(value)
    bounds = (*histogram.bounds, math.inf)
    assert histogram.up_to() == tuple(sum(v <= bound for v in values) for bound in bounds)
    assert histogram.count == len(values)
    assert math.isclose(histogram.total, sum(values))


def test_clocks_that_disagree_count_as_no_time() -> None:
    histogram = Histogram()
    histogram.add(-3.0)
    assert (histogram.up_to()[0], histogram.total) == (1, 0.0)
