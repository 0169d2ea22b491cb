"""`ActionQuery`: what its filters mean, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from overshoot import ConfigurationError
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from support.actions import actions, filters, times

ACTION = DetectedAction("wave", 5.0, 0, 0.8)


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({}, True),
        ({"action": None, "start_time": None, "last_seconds": None}, True),
        ({"action": "wave"}, True),
        ({"action": "nod"}, False),
        ({"action": ["nod", "wave"]}, True),
        ({"action": {"nod"}}, False),
        ({"action": []}, False),
        ({"action": (name for name in ["wave"])}, True),
        ({"start_time": 5.0}, True),
        ({"start_time": 5.001}, False),
        ({"start_time": -10}, True),
        ({"end_time": 5}, True),
        ({"end_time": 4.999}, False),
        ({"end_time": float("inf")}, True),
        ({"start_time": 5.0, "end_time": 5.0}, True),
        ({"min_confidence": 0.8}, True),
        ({"min_confidence": 0.81}, False),
        ({"last_seconds": 4.0}, True),
        ({"last_seconds": 3.9}, False),
        ({"last_seconds": np.float32(4.0)}, True),
        ({"last_seconds": 100, "start_time": 6}, False),
        ({"action": "wave", "min_confidence": 0.9}, False),
    ],
)
def test_a_filter_means_what_it_says(filters: dict[str, Any], matches: bool) -> None:
    assert ActionQuery.from_filters(filters).matches(ACTION, newest=9.0) is matches


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", 3),
        ("action", ["wave", None]),
        ("action", b"wave"),
        ("action", {"wave": 1}),
        ("start_time", float("nan")),
        ("start_time", "0"),
        ("end_time", float("nan")),
        ("end_time", True),
        ("min_confidence", 1.1),
        ("min_confidence", -0.1),
        ("min_confidence", 80),
        ("min_confidence", float("nan")),
        ("last_seconds", -1),
        ("last_seconds", float("nan")),
        ("last_seconds", "10"),
    ],
)
def test_a_wrong_value_is_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ActionQuery.from_filters({field: value})
    assert caught.value.details["field"] == field


def test_an_unknown_filter_is_told_with_the_known_ones() -> None:
    known = ["action", "start_time", "end_time", "min_confidence", "last_seconds"]
    with pytest.raises(ConfigurationError, match="'confidence'") as caught:
        ActionQuery.from_filters({"action": "wave", "confidence": 0.5})
    assert caught.value.details == {"field": "confidence", "known": known}
    assert all(name in caught.value.message for name in known)


def test_a_time_range_must_not_be_backwards() -> None:
    with pytest.raises(ConfigurationError, match="start_time must not be after end_time"):
        ActionQuery(start_time=2, end_time=1)


@given(action=actions, given=filters(), newest=times)
def test_all_filters_together_are_each_of_them_alone(
    action: DetectedAction, given: dict[str, Any], newest: float
) -> None:
    alone = [
        ActionQuery.from_filters({name: value}).matches(action, newest)
        for name, value in given.items()
    ]
    assert ActionQuery.from_filters(given).matches(action, newest) is all(alone)


@given(action=actions, given=filters(), newest=times)
def test_what_matches_lies_in_the_window(
    action: DetectedAction, given: dict[str, Any], newest: float
) -> None:
    query = ActionQuery.from_filters(given)
    start, end = query.window(newest)
    if query.matches(action, newest):
        assert start <= action.timestamp <= end
