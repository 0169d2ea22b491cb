"""Sorted blocks: the same as one sorted list."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overshoot.adapters.stores import ordered
from overshoot.adapters.stores.ordered import Ordered
from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import sort_key
from overshoot.domain.stored import StoredAction

positions = st.tuples(
    st.integers(-1, 6).map(float) | st.sampled_from([-inf, inf]),
    st.integers(0, 30).map(float) | st.just(inf),
)


@pytest.fixture
def tiny_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "BLOCK", 3)


@pytest.mark.usefixtures("tiny_blocks")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(st.integers(0, 5), max_size=30), low=positions, high=positions)
def test_tiny_blocks_are_a_sorted_list(
    times: list[int], low: tuple[float, float], high: tuple[float, float]
) -> None:
    kept = Ordered(sort_key("timestamp"))
    everything = [
        StoredAction(seq, DetectedAction("a", time, 0, 1.0), 0.0)
        for seq, time in enumerate(times, start=1)
    ]
    for stored in everything:
        kept.add(stored)
    everything.sort(key=lambda each: (each.action.timestamp, each.seq))
    between = [each for each in everything if low < (each.action.timestamp, each.seq) < high]
    assert kept.count(low, high) == len(between)
    assert leafed_through(kept, low, high) == between
    assert leafed_back(kept, low, high) == between[::-1]
    if times:
        assert kept.ends == (min(times), max(times))


def leafed_through(
    kept: Ordered, low: tuple[float, float], high: tuple[float, float]
) -> list[StoredAction]:
    found: list[StoredAction] = []
    while block := kept.following(low, high):
        assert len(block) <= 3
        found += block
        low = block[-1].action.timestamp, block[-1].seq
    return found


def leafed_back(
    kept: Ordered, low: tuple[float, float], high: tuple[float, float]
) -> list[StoredAction]:
    found: list[StoredAction] = []
    while block := kept.preceding(low, high):
        assert len(block) <= 3
        found += block
        high = block[-1].action.timestamp, block[-1].seq
    return found
