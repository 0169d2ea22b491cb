from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.checkup import Outcome
from overshoot.domain.clock_skew import clock_finding

NOW = 1_790_000_000.25


@pytest.mark.parametrize(
    ("ahead", "outcome"),
    [
        (0.0, "ok"), (4.0, "ok"), (-5.0, "ok"), (8.0, "warning"), (-9.0, "warning"),
        (70.0, "failed"), (-3600.0, "failed"),
    ],
)  # fmt: skip
def test_clocks_that_are_apart_are_told(ahead: float, outcome: Outcome) -> None:
    found = clock_finding("clock", formatdate(NOW + ahead, usegmt=True), NOW, NOW + 0.1)
    assert found.outcome == outcome
    assert (found.remedy == "") == (outcome == "ok")
    if outcome != "ok":
        assert ("ahead of" if ahead > 0 else "behind") in found.told


@given(st.floats(1e9, 3e9), st.floats(0, 30), st.floats(0, 1))
def test_an_answer_that_was_long_on_its_way_is_no_skew(at: float, took: float, when: float) -> None:
    date = formatdate(at + took * when, usegmt=True)
    assert clock_finding("clock", date, at, at + took).outcome == "ok"


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_without_a_date_nothing_is_compared(date: str | None) -> None:
    assert clock_finding("clock", date, NOW, NOW).outcome == "skipped"
