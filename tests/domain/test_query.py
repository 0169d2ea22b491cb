"""`ActionQuery`: what its filters mean, what they refuse, and how a list is made of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from overshoot import ConfigurationError
from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import ORDERS, Cursor, Order
from overshoot.domain.query import ActionFilters, ActionQuery
from overshoot.domain.stored import StoredAction
from overshoot.testing.strategies import actions, conditions, filters, times

METADATA: dict[str, Any] = {
    "session_id": "s1",
    "source": "camera 0",
    "prompt": "Wer überquert die STRASSE?",
    "n": 1,
    "deep": {"b": [1, None], "a": "x"},
}
ACTION = StoredAction(7, DetectedAction("wave", 5.0, 0, 0.8, 2.0, METADATA), 1000.0)
BARE = StoredAction(8, DetectedAction("wave", 5.0, 0, 0.8), 1000.0)
kept = st.lists(st.tuples(actions, st.sampled_from([0.0, 5.0, 9.5])), max_size=8).map(
    lambda added: [StoredAction(n, each, at) for n, (each, at) in enumerate(added, start=1)]
)


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({}, True),
        ({"action": None, "start_time": None, "last_seconds": None, "metadata": None}, True),
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
        ({"start_time": 10**400}, False),
        ({"start_time": -(10**400), "end_time": 10**400}, True),
        ({"last_seconds": 4.0}, True),
        ({"last_seconds": 3.9}, False),
        ({"last_seconds": np.float32(4.0)}, True),
        ({"last_seconds": 100, "start_time": 6}, False),
        ({"last_wall_seconds": 10}, True),
        ({"last_wall_seconds": 9.9}, False),
        ({"last_wall_seconds": float("inf")}, True),
        ({"min_confidence": 0.8}, True),
        ({"min_confidence": 0.81}, False),
        ({"max_confidence": 0.8}, True),
        ({"max_confidence": 0.79}, False),
        ({"min_duration": 2}, True),
        ({"min_duration": 2.1}, False),
        ({"max_duration": 2.0}, True),
        ({"max_duration": 1.9}, False),
        ({"session": "s1"}, True),
        ({"session": ["s0", "s1"]}, True),
        ({"session": "S1"}, False),
        ({"session": []}, False),
        ({"source": "camera 0"}, True),
        ({"source": "camera"}, False),
        ({"prompt_contains": "straße"}, True),
        ({"prompt_contains": "ÜBERQUERT"}, True),
        ({"prompt_contains": ""}, True),
        ({"prompt_contains": "nobody"}, False),
        ({"metadata": {}}, True),
        ({"metadata": {"n": 1}}, True),
        ({"metadata": {"n": 1.0}}, False),
        ({"metadata": {"n": True}}, False),
        ({"metadata": {"deep": {"a": "x", "b": [1, None]}}}, True),
        ({"metadata": {"deep": {"a": "x"}}}, False),
        ({"metadata": {"n": 1, "none": None}}, False),
        ({"action": "wave", "min_confidence": 0.9}, False),
        ({"order": "-added", "limit": 0, "after": "-added~1.0~1"}, True),
    ],
)
def test_a_filter_means_what_it_says(filters: dict[str, Any], matches: bool) -> None:
    query = ActionQuery.from_filters(filters)
    assert query.matches(ACTION, newest=9.0, now=1010.0) is matches


@pytest.mark.parametrize(
    "filters",
    [
        {"min_duration": 0.0},
        {"max_duration": 1e9},
        {"session": "s1"},
        {"source": ["camera 0"]},
        {"prompt_contains": ""},
        {"metadata": {"n": None}},
    ],
)
def test_what_is_not_known_does_not_match(filters: dict[str, Any]) -> None:
    assert not ActionQuery.from_filters(filters).matches(BARE, newest=5.0, now=1000.0)


@pytest.mark.parametrize("key", ["session_id", "source", "prompt"])
def test_what_is_no_text_does_not_match(key: str) -> None:
    odd = DetectedAction("wave", 5.0, 0, 0.8, metadata={key: ["s1"]})
    query = ActionQuery(session=["s1", "['s1']"]) if key == "session_id" else None
    query = ActionQuery(source="s1") if key == "source" else query
    query = query or ActionQuery(prompt_contains="s1")
    assert not query.matches(StoredAction(1, odd, 0.0), newest=5.0, now=0.0)
    assert not query.matches_metadata(odd.metadata)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("action", 3),
        ("action", ["wave", None]),
        ("action", b"wave"),
        ("action", {"wave": 1}),
        ("action", "\ud800"),
        ("session", 3),
        ("session", ["s1", "\ud800"]),
        ("source", [3]),
        ("start_time", float("nan")),
        ("start_time", "0"),
        ("end_time", float("nan")),
        ("end_time", True),
        ("min_confidence", 1.1),
        ("min_confidence", -0.1),
        ("min_confidence", 80),
        ("min_confidence", float("nan")),
        ("max_confidence", 1.1),
        ("min_duration", -1),
        ("max_duration", float("nan")),
        ("last_seconds", -1),
        ("last_seconds", float("nan")),
        ("last_seconds", "10"),
        ("last_wall_seconds", -1),
        ("prompt_contains", 3),
        ("prompt_contains", b"wave"),
        ("prompt_contains", "\ud800"),
        ("metadata", [("n", 1)]),
        ("metadata", (("n", "1"),)),
        ("metadata", {3: 4}),
        ("metadata", {"n": float("nan")}),
        ("metadata", {"n": (1, 2)}),
        ("order", "time"),
        ("order", "--added"),
        ("order", None),
        ("limit", -1),
        ("limit", 1.0),
        ("limit", True),
        ("limit", 2**31),
        ("after", 3),
        ("after", "next"),
        ("after", "added~1.0~1"),
    ],
)
def test_a_wrong_value_is_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ActionQuery.from_filters({field: value})
    assert caught.value.details["field"] == field


def test_an_unknown_filter_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'confidence'") as caught:
        ActionQuery.from_filters({"action": "wave", "confidence": 0.5})
    known = caught.value.details["known"]
    assert caught.value.details["field"] == "confidence"
    assert known == [each for each in known if each in caught.value.message]
    assert set(known) == set(ActionFilters.__annotations__)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("start_time", "end_time"),
        ("min_confidence", "max_confidence"),
        ("min_duration", "max_duration"),
    ],
)
def test_a_range_must_not_be_backwards(low: str, high: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{low} must not be after {high}"):
        ActionQuery.from_filters({low: 0.7, high: 0.6})


@given(given=filters())
def test_a_query_is_a_value(given: dict[str, Any]) -> None:
    query = ActionQuery.from_filters(given)
    assert query == ActionQuery.from_filters(given)
    assert hash(query) == hash(ActionQuery.from_filters(given))
    assert evolve(query, limit=3) == ActionQuery.from_filters({**given, "limit": 3})


@given(everything=kept, given=conditions(), newest=times)
def test_all_filters_together_are_each_of_them_alone(
    everything: list[StoredAction], given: dict[str, Any], newest: float
) -> None:
    query = ActionQuery.from_filters(given)
    each_alone = [ActionQuery.from_filters({name: value}) for name, value in given.items()]
    for stored in everything:
        alone = [each.matches(stored, newest=newest, now=10.0) for each in each_alone]
        assert query.matches(stored, newest=newest, now=10.0) is all(alone)


@given(everything=kept, given=conditions(), newest=times)
def test_what_matches_lies_in_the_window(
    everything: list[StoredAction], given: dict[str, Any], newest: float
) -> None:
    query = ActionQuery.from_filters(given)
    start, end = query.window(newest)
    for stored in everything:
        if query.matches(stored, newest=newest, now=10.0):
            assert start <= stored.action.timestamp <= end
            assert query.matches_metadata(stored.action.metadata)


@given(everything=kept, given=conditions(), order=st.sampled_from(ORDERS))
def test_a_list_is_what_matches_in_order(
    everything: list[StoredAction], given: dict[str, Any], order: Order
) -> None:
    query = ActionQuery(**given, order=order)
    newest = max((each.action.timestamp for each in everything), default=0.0)
    found = query.select(iter(everything), now=10.0)
    assert sorted(found, key=lambda each: each.seq) == [
        each for each in everything if query.matches(each, newest=newest, now=10.0)
    ]
    places = {
        "timestamp": [(each.action.timestamp, each.seq) for each in found],
        "added": [(float(each.seq), each.seq) for each in found],
        "confidence": [(each.action.confidence, each.seq) for each in found],
    }[order.removeprefix("-")]
    upwards = places[::-1] if order.startswith("-") else places
    assert all(one < other for one, other in pairwise(upwards))


@given(everything=kept, order=st.sampled_from(ORDERS), limit=st.integers(0, 9), data=st.data())
def test_pages_are_pieces_of_the_list(
    everything: list[StoredAction], order: Order, limit: int, data: st.DataObject
) -> None:
    whole = ActionQuery(order=order).select(everything, now=0.0)
    assert ActionQuery(order=order, limit=limit).select(everything, now=0.0) == whole[:limit]
    if whole:
        place = data.draw(st.integers(0, len(whole) - 1))
        after = str(Cursor.of(order, whole[place]))
        rest = ActionQuery(order=order, after=after, limit=limit).select(everything, now=0.0)
        assert rest == whole[place + 1 :][:limit]
