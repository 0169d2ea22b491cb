"""Files of every older version become the newest, once, and nothing is lost on the way."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.stores.store_folders import made_in_memory
from overshoot import StoreError
from overshoot.adapters.stores import sqlite_schema
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.adapters.stores.sqlite_schema import MIGRATIONS, migrate
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import StoredAction
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.strategies import actions, conditions, exact

NEWEST = len(MIGRATIONS)
CLOCK = ManualClock()
FIRST_COLUMNS = "added_at, action, timestamp, frame_number, confidence, duration, metadata"


def make_file(path: Path, version: int, kept: list[DetectedAction]) -> None:
    """A file as that version left it."""
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, to=version)
    # What later versions know besides, later steps must find out; nothing was kept in version 0.
    insert = f"INSERT INTO actions ({FIRST_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    for number, each in enumerate(kept if version else []):
        text = json.dumps(each.metadata, ensure_ascii=False, separators=(",", ":"))
        row = (float(number), each.action, each.timestamp, each.frame_number, each.confidence)
        connection.execute(insert, (*row, each.duration, text))
    connection.close()


@pytest.mark.parametrize("version", range(NEWEST))
@settings(max_examples=25, deadline=None)
@given(kept=st.lists(actions, max_size=6), asked=st.lists(conditions(), min_size=3, max_size=3))
def test_an_older_file_answers_as_a_new_one(
    version: int, kept: list[DetectedAction], asked: list[dict[str, Any]]
) -> None:
    with made_in_memory() as folder:
        path = Path(folder) / "actions.db"
        make_file(path, version, kept)
        store = SqliteStore(path, clock=CLOCK)
        there = [StoredAction(n + 1, each, float(n)) for n, each in enumerate(kept)]
        there = there if version else []
        for given in ({}, *asked):
            query = ActionQuery(**given)
            wanted = query.select(there, now=CLOCK.wall())
            assert exact(store.select(query)) == exact(wanted)
        store.add(kept)
        assert store.latest() == len(there) + len(kept)
        store.close()


def schema(path: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return [*found, (version,)]


@pytest.mark.parametrize("version", range(NEWEST))
def test_an_older_file_gets_the_tables_of_a_new_one(folder_in_memory: Path, version: int) -> None:
    old, new = folder_in_memory / "old.db", folder_in_memory / "new.db"
    make_file(old, version, [])
    for path in (old, new):
        SqliteStore(path, clock=CLOCK).close()
    assert schema(old) == schema(new)
    assert schema(new)[-1] == (NEWEST,)


@pytest.mark.parametrize("version", range(NEWEST))
def test_a_step_that_fails_leaves_the_version_before(
    folder_in_memory: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    path = folder_in_memory / "actions.db"
    make_file(path, version, [DetectedAction("wave", 1.0, 0, 1.0, None, {"session_id": "s"})])
    before = schema(path)

    def fails(connection: sqlite3.Connection) -> None:
        MIGRATIONS[version](connection)
        raise sqlite3.OperationalError("power went away")

    steps = [*MIGRATIONS[:version], fails, *MIGRATIONS[version + 1 :]]
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "MIGRATIONS", steps)
        with pytest.raises(StoreError, match="power went away"):
            SqliteStore(path, clock=CLOCK)
    assert schema(path) == before
    store = SqliteStore(path, clock=CLOCK)
    assert len(store.select(ActionQuery(session="s"))) == min(version, 1)
    store.close()


def test_of_many_openers_one_takes_each_step(
    folder_in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder_in_memory / "actions.db"
    make_file(path, 1, [DetectedAction("wave", 1.0, 0, 1.0)] * 500)
    taken: list[int] = []

    def counted(version: int) -> Any:
        def step(connection: sqlite3.Connection) -> None:
            taken.append(version)
            MIGRATIONS[version](connection)

        return step

    monkeypatch.setattr(sqlite_schema, "MIGRATIONS", [counted(n) for n in range(NEWEST)])
    together = threading.Barrier(6)

    def count(_: int) -> int:
        together.wait(20)
        store = SqliteStore(path, clock=CLOCK)
        try:
            return len(store)
        finally:
            store.close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(count, range(6))) == [500] * 6
    assert taken == list(range(1, NEWEST))
