"""Whatever index is read, the answer is the same; and the right one is read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import TestCase

import pytest

from adapters.stores.store_folders import made_in_memory
from overshoot.adapters.stores import sql_terms, sqlite_plan
from overshoot.adapters.stores.sql_statements import FOUND
from overshoot.adapters.stores.sql_terms import terms
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.adapters.stores.sqlite_plan import SQLITE, planned
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.contracts.store_machine import StoreMachine, machine_settings
from overshoot.testing.manual_clock import ManualClock

CLOCK = ManualClock()


class OtherPlansMachine(StoreMachine):
    """No filter ever leaves few rows, and three texts are too many for SQL."""

    steps = sqlite_plan.STEPS

    def make_store(self, clock: Clock) -> Store:
        self.around = ExitStack()
        patch = self.around.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(sqlite_plan, "FEW", -1)
        patch.setattr(sqlite_plan, "STEPS", self.steps)
        patch.setattr(sqlite_plan, "STEPS_FOR_EACH", 0)
        patch.setattr(sql_terms, "MOST_TEXTS", 2)
        folder = self.around.enter_context(made_in_memory())
        return SqliteStore(Path(folder) / "actions.db", clock=clock)

    def teardown(self) -> None:
        with self.around:
            super().teardown()


TestOtherPlans: type[TestCase] = OtherPlansMachine.TestCase
TestOtherPlans.settings = machine_settings(max_examples=40, steps=20)  # type: ignore[attr-defined]


class HurriedMachine(OtherPlansMachine):
    """Whatever has a limit takes too long at first."""

    steps = 1


TestHurried: type[TestCase] = HurriedMachine.TestCase
TestHurried.settings = machine_settings(max_examples=40, steps=20)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """Of a file with three thousand actions."""
    with made_in_memory() as folder:
        path = Path(folder) / "actions.db"
        store = SqliteStore(path, clock=CLOCK)
        store.add(
            [
                DetectedAction(
                    f"action {n % 3}",
                    timestamp=n / 10,
                    frame_number=n,
                    confidence=(n * 7919 % 3001) / 3001,
                    duration=(n * 31 % 101) / 10,
                    metadata={"session_id": f"s{n // 1000}", "source": f"s{n // 100}"},
                )
                for n in range(3000)
            ]
        )
        store.close()
        connection = sqlite3.connect(path)
        yield connection
        connection.close()


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "timestamp"),
        ({"min_confidence": 0.99}, "confidence"),
        ({"min_confidence": 0.5, "limit": 10}, "timestamp"),
        ({"min_confidence": 0.5, "max_duration": 0.1}, "duration"),
        ({"start_time": 20, "end_time": 21, "min_confidence": 0.5}, "timestamp"),
        ({"action": "action 1", "limit": 10}, "action"),
        ({"action": "action 1", "order": "-timestamp", "limit": 10}, "action"),
        ({"action": ["action 1", "action 2"], "limit": 10}, "action"),
        ({"action": "action 1", "source": "s7"}, "source"),
        ({"session": "s1", "limit": 10}, "session"),
        ({"action": "action 1", "min_confidence": 0.99}, "confidence"),
        ({"order": "-confidence", "limit": 10}, "confidence"),
        ({"order": "confidence", "min_confidence": 0.2, "limit": 10}, "confidence"),
        ({"last_seconds": 2, "action": ["action 1", "action 2"]}, "action"),
        ({"last_wall_seconds": 1, "min_confidence": 0.99}, "confidence"),
    ],
    ids=str,
)
def test_the_index_is_the_one_that_helps(
    connection: sqlite3.Connection, filters: dict[str, Any], index: str
) -> None:
    query = ActionQuery(**filters)
    statement = planned(connection, query, terms(query, SQLITE, CLOCK.wall()) or [], FOUND)
    explained = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.values)
    steps = [row[3] for row in explained]
    read = [step for step in steps if f"actions_{index}" in step]
    assert read, steps
    assert all(step != "SCAN actions" for step in steps), steps
    if query.limit is not None:  # rows are read in their order, no more than are needed
        assert not any("TEMP B-TREE" in step for step in steps), steps
