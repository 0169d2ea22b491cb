"""Tables of every older version become the newest, once, and nothing is lost on the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.stores.postgres_server import needs_postgres, own_schema
from overshoot import StoreError
from overshoot.adapters.stores import postgres_schema
from overshoot.adapters.stores.postgres import PostgresStore
from overshoot.adapters.stores.postgres_schema import MIGRATIONS, migrate
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import StoredAction
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.strategies import actions, conditions, exact

pytestmark = needs_postgres
NEWEST = len(MIGRATIONS)
CLOCK = ManualClock()
INSERT = """
    INSERT INTO overshoot_actions
    (seq, added_at, action, timestamp, frame_number, confidence, duration, metadata)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
SCHEMA = """
    SELECT table_name, column_name, data_type, collation_name, is_nullable
    FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2
"""
INDEXES = """
    SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes
    WHERE schemaname = current_schema() ORDER BY indexname
"""


@pytest.fixture
def address() -> Iterator[str]:
    with own_schema() as address:
        yield address


def make_tables(address: str, version: int, kept: list[DetectedAction]) -> None:
    """Tables as that version left them; nothing was kept in version 0."""
    with psycopg.connect(address, autocommit=True) as connection:
        migrate(connection, to=version)
        for number, each in enumerate(kept if version else []):
            text = json.dumps(each.metadata, ensure_ascii=False, separators=(",", ":"))
            row = (number + 1, float(number), each.action, each.timestamp, each.frame_number)
            connection.execute(INSERT, (*row, each.confidence, each.duration, text))
            connection.execute("UPDATE overshoot_store SET latest = %s", [number + 1])


@pytest.mark.parametrize("version", range(NEWEST))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kept=st.lists(actions, max_size=6), asked=st.lists(conditions(), min_size=6, max_size=6))
def test_older_tables_answer_as_new_ones(
    version: int, kept: list[DetectedAction], asked: list[dict[str, Any]]
) -> None:
    with own_schema() as address:
        make_tables(address, version, kept)
        store = PostgresStore(address, clock=CLOCK)
        there = [StoredAction(n + 1, each, float(n)) for n, each in enumerate(kept)]
        there = there if version else []
        for given in ({}, *asked):
            query = ActionQuery(**given)
            assert exact(store.select(query)) == exact(query.select(there, now=CLOCK.wall()))
        store.add(kept)
        assert store.latest() == len(there) + len(kept)
        store.close()


def schema(address: str) -> list[Any]:
    with psycopg.connect(address) as connection:
        columns = connection.execute(SCHEMA).fetchall()
        return [*columns, *connection.execute(INDEXES).fetchall()]


def test_older_tables_become_those_of_a_new_store() -> None:
    with own_schema() as new, own_schema() as old:
        make_tables(old, 1, [])
        for address in (new, old):
            store = PostgresStore(address, clock=CLOCK)
            assert len(store) == 0
            store.close()
        assert schema(old) == schema(new)
        assert len(schema(new)) > 20


def test_many_rows_are_filled_in(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_schema, "ROWS_AT_ONCE", 7)
    kept = [
        DetectedAction("wave", float(n), n, 1.0, None, {"session_id": f"s{n % 2}"})
        for n in range(50)
    ]
    make_tables(address, 1, kept)
    store = PostgresStore(address, clock=CLOCK)
    found = store.select(ActionQuery(session="s1"))
    assert [each.action for each in found] == kept[1::2]
    store.close()


def test_a_step_that_fails_leaves_the_version_before(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tables(address, 1, [DetectedAction("wave", 1.0, 0, 1.0, None, {"session_id": "s"})])
    before = schema(address)

    def fails(connection: psycopg.Connection[Any]) -> None:
        MIGRATIONS[1](connection)
        raise psycopg.OperationalError("power went away")

    store = PostgresStore(address, clock=CLOCK)
    with monkeypatch.context() as patch:
        patch.setattr(postgres_schema, "MIGRATIONS", [MIGRATIONS[0], fails])
        with pytest.raises(StoreError, match="power went away"):
            len(store)
    assert schema(address) == before
    assert len(store.select(ActionQuery(session="s"))) == 1
    store.close()


def test_of_many_openers_one_takes_each_step(address: str) -> None:
    make_tables(address, 1, [DetectedAction("wave", 1.0, 0, 1.0)])
    together = threading.Barrier(4)

    def count(_: int) -> int:
        store = PostgresStore(address, clock=CLOCK)
        together.wait(20)
        try:
            return len(store)
        finally:
            store.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(4))) == [1] * 4


def test_newer_tables_are_left_as_they_are(address: str) -> None:
    make_tables(address, NEWEST, [])
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("UPDATE overshoot_store SET version = 99")
    store = PostgresStore(address, clock=CLOCK)
    with pytest.raises(StoreError, match=r"of version 99.*install a newer overshoot"):
        store.add([DetectedAction("wave", 1.0, 0, 1.0)])
    store.close()


def test_a_table_of_another_program_is_left_as_it_is(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE overshoot_store (theirs integer)")
    before = schema(address)
    store = PostgresStore(address, clock=CLOCK)
    with pytest.raises(StoreError, match="another program's"):
        len(store)
    store.close()
    assert schema(address) == before
