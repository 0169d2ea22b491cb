"""What stores count."""

from __future__ import annotations

from collections import Counter
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot import ConfigurationError
from overshoot.domain.action import DetectedAction
from overshoot.domain.stored import (
    ActionSummary,
    IntervalCount,
    StoredAction,
    check_interval,
    interval_counts,
    summaries,
)
from overshoot.testing.strategies import actions

kept = st.lists(actions, max_size=20).map(
    lambda added: [StoredAction(n, each, 0.0) for n, each in enumerate(added, start=1)]
)


def stored(seq: int, name: str, timestamp: float, duration: float | None = None) -> StoredAction:
    return StoredAction(seq, DetectedAction(name, timestamp, 0, 1.0, duration), 0.0)


def test_nothing_is_counted_of_nothing() -> None:
    assert summaries([]) == []
    assert interval_counts([], 1.0) == []


def test_the_most_frequent_is_first_then_who_was_added_first() -> None:
    found = summaries(
        [
            stored(5, "c", 9.0, 0.5),
            stored(3, "b", 1.0),
            stored(2, "c", 4.0, 1.0),
            stored(4, "a", 1.0, 0.0),
            stored(1, "d", 1.0, 1e15),
        ]
    )
    assert found == [
        ActionSummary("c", 2, 1.5, 4.0, 9.0),
        ActionSummary("d", 1, 1e15, 1.0, 1.0),
        ActionSummary("b", 1, 0.0, 1.0, 1.0),
        ActionSummary("a", 1, 0.0, 1.0, 1.0),
    ]


@given(everything=kept, turned=st.booleans())
def test_summaries_count_each_action_once(everything: list[StoredAction], turned: bool) -> None:
    found = summaries(everything[::-1] if turned else everything)
    counts = Counter(each.action.action for each in everything)
    assert {each.action: each.count for each in found} == counts
    for summary in found:
        times = [e.action.timestamp for e in everything if e.action.action == summary.action]
        assert (summary.first, summary.last) == (min(times), max(times))


def test_an_interval_begins_where_the_one_before_ends() -> None:
    times = [0.0, 0.999, 1.0, 1.0, 3.5]
    found = interval_counts([stored(n, "b", time) for n, time in enumerate(times)], 1)
    assert found == [IntervalCount(0, "b", 2), IntervalCount(1, "b", 2), IntervalCount(3, "b", 1)]


def test_names_of_one_interval_are_in_the_order_of_their_letters() -> None:
    found = interval_counts([stored(n, name, 0.5) for n, name in enumerate("bäaZ\U0001f44b")], 1.0)
    assert [each.action for each in found] == ["Z", "a", "b", "ä", "\U0001f44b"]


@given(everything=kept, seconds=st.sampled_from([0.001, 0.1, 1.0, 60, 1e9]))
def test_intervals_hold_each_action_once(everything: list[StoredAction], seconds: float) -> None:
    found = interval_counts(everything, seconds)
    assert sum(each.count for each in found) == len(everything)
    assert len({(each.index, each.action) for each in found}) == len(found)
    places = {(floor(e.action.timestamp / seconds), e.action.action) for e in everything}
    assert {(each.index, each.action) for each in found} == places


@pytest.mark.parametrize("right", [0.001, 1, 1e9])
def test_the_length_of_an_interval(right: float) -> None:
    check_interval(right)


@pytest.mark.parametrize(
    "wrong", [0, -1.0, 0.0009, float("nan"), float("inf"), True, "1", None, [1.0]]
)
def test_what_is_no_length_of_an_interval(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"from 0\.001 s") as caught:
        interval_counts([], wrong)
    assert caught.value.details["field"] == "seconds"
