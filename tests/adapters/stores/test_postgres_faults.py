"""What can be wrong with a server or its address: an error that says what to do, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.stores.killed_programs import check_all_is_there, killed
from adapters.stores.postgres_server import needs_postgres, own_schema
from overshoot import ConfigurationError, StoreError
from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.stores.postgres import PostgresStore
from overshoot.domain.query import ActionQuery
from overshoot.testing.contracts.store import EVERYTHING, action, frames

CLOCK = SystemClock()
KILLS = int(os.environ.get("OVERSHOOT_KILLS", "5"))
SECRET = "hunter2"

FORKING = """
import os, sys
from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.stores.postgres import PostgresStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery

store = PostgresStore(sys.argv[1], clock=SystemClock())
def add(number):
    store.add([DetectedAction("wave", 1.0, number, 0.5)])
add(0)
for number in range(1, 4):
    child = os.fork()
    if child == 0:
        add(number * 10)
        store.close()
        os._exit(0)
    add(number)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print(sorted(each.action.frame_number for each in store.select(ActionQuery())))
store.close()
"""


@pytest.fixture
def address() -> Iterator[str]:
    with own_schema() as address:
        yield address


@pytest.fixture
def store(address: str) -> Iterator[PostgresStore]:
    store = PostgresStore(address, clock=CLOCK)
    store.add([action(frame_number=1)])
    yield store
    store.close()


def end_connections(address: str) -> None:
    """As a server that restarts does."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            [name_of(address)],
        )


def name_of(address: str) -> str:
    return address.rpartition("overshoot_test_")[2].strip("'")[:32]


@pytest.fixture
def named_store(address: str) -> Iterator[tuple[PostgresStore, str]]:
    """A store whose connections the server knows by a name."""
    named = make_conninfo(address, application_name=name_of(address))
    store = PostgresStore(named, clock=CLOCK)
    store.add([action(frame_number=1)])
    yield store, address
    store.close()


# The address.


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://user:{SECRET}@[::1/db",
        f"postgresql://user:{SECRET}%zz@host/db",
        f"host=h password='{SECRET}",
        f"postgresql://user:{SECRET}@host/db?nothing=1",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://user:password@host") as caught:
        PostgresStore(dsn, clock=CLOCK)
    assert SECRET not in f"{caught.value!r} {caught.value.details}"
    assert caught.value.__context__ is None


def test_a_server_that_is_not_there_is_named_at_once() -> None:
    store = PostgresStore(f"postgresql://u:{SECRET}@127.0.0.1:1/db", clock=CLOCK)
    for call in (lambda: store.add([action()]), store.latest, lambda: store.wait(0, 60.0)):
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/db cannot be .*reached") as caught:
            call()
        assert SECRET not in str(caught.value)
    assert SECRET not in repr(store)
    store.close()


@needs_postgres
def test_a_database_that_is_not_there_is_named(address: str) -> None:
    store = PostgresStore(make_conninfo(address, dbname="overshoot_no_such"), clock=CLOCK)
    with pytest.raises(StoreError, match=r"overshoot_no_such.*does not exist"):
        len(store)
    store.close()


@needs_postgres
def test_a_schema_that_is_not_there_is_named(address: str) -> None:
    nowhere = make_conninfo(address, options="-csearch_path=overshoot_no_such")
    store = PostgresStore(nowhere, clock=CLOCK)
    with pytest.raises(StoreError, match="search_path exists; create it"):
        len(store)
    store.close()


# The server goes away.


@needs_postgres
def test_ended_connections_are_made_anew(named_store: tuple[PostgresStore, str]) -> None:
    store, address = named_store
    for number in (2, 3):
        end_connections(address)
        store.add([action(frame_number=number)])
        end_connections(address)
        assert frames(store) == list(range(1, number + 1))


@needs_postgres
def test_a_wait_outlives_its_connection(named_store: tuple[PostgresStore, str]) -> None:
    store, address = named_store
    latest = store.latest()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait, latest, 60.0)
        until_somebody_listens(address)
        end_connections(address)
        other = PostgresStore(address, clock=CLOCK)
        other.add([action()])
        other.close()
        assert waiting.result(30) is True


def until_somebody_listens(address: str) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query LIKE %s"
    with psycopg.connect(address, autocommit=True) as connection:
        for _ in range(2000):
            found = connection.execute(query, [name_of(address), "LISTEN%"]).fetchone()
            if found and found[0]:
                return
            time.sleep(0.005)
    raise AssertionError("nobody listens")


@needs_postgres
def test_an_add_that_is_cut_off_keeps_nothing(named_store: tuple[PostgresStore, str]) -> None:
    store, address = named_store
    with psycopg.connect(address) as other, ThreadPoolExecutor(1) as pool:
        other.execute("UPDATE overshoot_store SET latest = latest")  # nobody can add
        adding = pool.submit(store.add, [action(frame_number=2)] * 3)
        until_it_waits_for_a_lock(other, name_of(address))
        end_connections(address)
        with pytest.raises(StoreError, match="went away"):
            adding.result(30)
        other.rollback()
    assert frames(store) == [1]
    store.add([action(frame_number=3)])
    assert frames(store) == [1, 3]


def until_it_waits_for_a_lock(connection: psycopg.Connection[Any], name: str) -> None:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        " AND wait_event_type = 'Lock'"
    )
    for _ in range(2000):
        connection.execute("SELECT pg_stat_clear_snapshot()")
        found = connection.execute(query, [name]).fetchone()
        if found and found[0]:
            return
        time.sleep(0.005)
    raise AssertionError("nobody waits")


@needs_postgres
def test_a_lock_is_waited_for_and_then_named(address: str) -> None:
    store = PostgresStore(address, clock=CLOCK, statement_seconds=0.2)
    store.add([action(frame_number=1)])
    with psycopg.connect(address) as other:
        other.execute("UPDATE overshoot_store SET latest = latest")
        with pytest.raises(StoreError, match=r"keeps it locked|time limit"):
            store.add([action(frame_number=2)])
        assert frames(store) == [1]
    store.add([action(frame_number=3)])
    assert frames(store) == [1, 3]
    store.close()


@needs_postgres
def test_tables_that_are_gone_are_an_error(store: PostgresStore, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP TABLE overshoot_actions")
    for call in (lambda: store.add([action()]), lambda: len(store)):
        with pytest.raises(StoreError, match="its tables are gone"):
            call()


# Programs and threads.


@needs_postgres
def test_who_is_killed_loses_nothing_that_was_acknowledged(address: str) -> None:
    with psycopg.connect(address) as connection:
        host, port = connection.info.host, connection.info.port
        database, user = connection.info.dbname, connection.info.user
    schema = address.rpartition("search_path=")[2].strip("'")
    url = f"postgresql://{user}@{host}:{port}/{database}?options=-csearch_path%3D{schema}"
    store = PostgresStore(url, clock=CLOCK)
    assert len(store) == 0
    acknowledged = killed(url, [f"program {n}" for n in range(KILLS)])
    # Of those that were killed at the commit, the server has yet to say what became of it.
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE overshoot_store SET latest = latest")
    batches = check_all_is_there(store, acknowledged)
    everything = store.select(ActionQuery(order="added"))
    assert [each.seq for each in everything] == list(range(1, len(everything) + 1))
    store.close()
    assert len(acknowledged) == KILLS
    print(f"{KILLS} killed, {batches} batches acknowledged, none lost")


@needs_postgres
def test_parent_and_child_go_on_after_a_fork(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, address],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str([0, 1, 2, 3, 10, 20, 30])


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names suffice


@needs_postgres
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_nothing_is_left_open(address: str) -> None:
    before = descriptors(), threading.active_count()
    store = PostgresStore(address, clock=CLOCK)
    store.add([action()] * 10)
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(store.wait, 10, 60.0) for _ in range(4)]
        list(pool.map(lambda _: store.select(EVERYTHING), range(64)))
        store.add([action()])
        assert all(each.result(30) for each in waiting)
    assert descriptors() - before[0] <= 5
    store.close()
    assert (descriptors(), threading.active_count()) == before
