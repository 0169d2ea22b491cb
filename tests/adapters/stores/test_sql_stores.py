"""Values that SQL sees otherwise than Python: answers are those of the definition."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest

from adapters.stores.postgres_server import needs_postgres, own_schema
from overshoot.adapters.stores.postgres import PostgresStore
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.ports.store import Store
from overshoot.testing.manual_clock import ManualClock

CLOCK = ManualClock()
HUGE = 10**400
KEPT = [
    DetectedAction(
        f"action {number % 4}\U0001f44b",
        timestamp=[0.0, 5e-324, 0.1, 1e15][number % 4],
        frame_number=number,
        confidence=number / 11,
        duration=None if number % 3 else float(number),
        metadata={
            "session_id": ["a\0b", "a", "\ufffd", 5][number % 4],
            "source": "x" * 5000 if number % 2 else "",
            "prompt": ["\0", "ab\0", "\u0130", "abc"][number % 4],
            "n": [1, 1.0, True, -0.0, 1e300, 10**30][number % 6],
        },
    )
    for number in range(12)
]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=needs_postgres)])
def store(request: pytest.FixtureRequest, folder_in_memory: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        kept: Store = SqliteStore(folder_in_memory / "a b?#%ü.db", clock=CLOCK)
        yield kept
        kept.close()
        return
    with own_schema() as address:
        kept = PostgresStore(address, clock=CLOCK)
        yield kept
        kept.close()


FILTERS: list[dict[str, Any]] = [
    {"start_time": HUGE},
    {"start_time": -HUGE, "end_time": HUGE},
    {"start_time": -inf, "end_time": inf},
    {"start_time": inf},
    {"start_time": 10**15, "end_time": 10**15},
    {"start_time": 5e-324, "end_time": 0.1},
    {"last_seconds": inf},
    {"last_seconds": 10**20},
    {"last_wall_seconds": 10**20},
    {"min_duration": 0, "max_duration": HUGE},
    {"action": ["\0"]},
    {"action": []},
    {"action": [f"action {n}\U0001f44b" for n in range(2, 700)], "limit": 3},
    {"action": [f"nobody {n}" for n in range(700)]},
    {"session": "a\0b"},
    {"session": ["a", "\ufffd"]},
    {"session": [f"\0{n}" for n in range(700)] + ["a\0b"], "order": "-added"},
    {"source": "x" * 5000},
    {"source": ["", "y"]},
    {"prompt_contains": "\0"},
    {"prompt_contains": "B\0"},
    {"prompt_contains": "i\u0307"},
    {"metadata": {"n": 1}},
    {"metadata": {"n": -0.0}, "limit": 0},
    {"metadata": {"n": 10**30}, "limit": 1, "order": "-timestamp"},
    {"metadata": {"n": 1e300, "source": ""}},
    {"order": "added", "after": "added~3.5~99"},
    {"order": "added", "after": "added~4~99"},
    {"order": "added", "after": "added~4~0"},
    {"order": "-added", "after": "-added~4.5~0"},
    {"order": "-added", "after": f"-added~4~{2**63 - 1}"},
    {"order": "-added", "after": "-added~4~0"},
    {"order": "added", "after": "added~-inf~0"},
    {"order": "-added", "after": "-added~inf~0"},
    {"after": f"timestamp~0.1~{2**63 - 1}"},
    {"order": "-timestamp", "after": "-timestamp~inf~0"},
    {"order": "confidence", "after": "confidence~0.0~0"},
    {"limit": 0},
]


def test_values_at_the_edges_are_found_as_defined(store: Store) -> None:
    store.add(KEPT)
    everything = store.select(ActionQuery(order="added"))
    assert [each.action for each in everything] == KEPT
    for filters in FILTERS:
        query = ActionQuery(**filters)
        wanted = query.select(everything, now=CLOCK.wall())
        assert store.select(query) == wanted, filters
        assert sum(each.count for each in store.summarize(query)) == len(wanted), filters
        counted = store.count_by_interval(query, 0.5)
        assert sum(each.count for each in counted) == len(wanted), filters


def test_an_interval_may_be_longer_than_all_time(store: Store) -> None:
    store.add(KEPT)
    for seconds in (1e300, 10**300):
        counted = store.count_by_interval(ActionQuery(), seconds)
        assert [each.index for each in counted] == [0] * 4


def test_names_and_texts_may_be_long(store: Store) -> None:
    long = "".join(chr(0x4E00 + n * 7 % 20000) for n in range(20000))
    one = DetectedAction(long, 1.0, 0, 1.0, None, {"session_id": long, "prompt": long})
    store.add([one, *KEPT])
    for query in (
        ActionQuery(action=long),
        ActionQuery(session=long),
        ActionQuery(prompt_contains=long[5:]),
    ):
        assert [each.action for each in store.select(query)] == [one]


def test_its_repr_says_where_it_is(store: Store) -> None:
    assert "Store('" in repr(store)
