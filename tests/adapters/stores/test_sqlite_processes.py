"""Several programs on one SQLite file: killed, forked, opening it at once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.stores.killed_programs import check_all_is_there, killed
from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.stores import sqlite_connections
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.testing.contracts.store import EVERYTHING, action

CLOCK = SystemClock()
KILLS = int(os.environ.get("OVERSHOOT_KILLS", "20"))

FORKING = """
import os, sys, threading
from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.stores import sqlite_connections
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery

store = SqliteStore(sys.argv[1], clock=SystemClock())
def add(number):
    store.add([DetectedAction("wave", 1.0, number, 0.5)])
def read():
    while not done.is_set():
        store.select(ActionQuery())
        assert store.wait(0, 1.0)
done = threading.Event()
add(0)
reader = threading.Thread(target=read)
reader.start()
for number in range(1, 6):
    child = os.fork()
    if child == 0:
        add(number * 10)
        assert len(store) >= 2
        os._exit(0)
    add(number)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
done.set()
reader.join()
found = sorted(each.action.frame_number for each in store.select(ActionQuery()))
store.close()
print(found)
"""


def test_who_is_killed_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "actions.db"
    acknowledged = killed(f"sqlite:///{path}", [f"program {n}" for n in range(KILLS)])
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    store = SqliteStore(path, clock=CLOCK)
    batches = check_all_is_there(store, acknowledged)
    store.close()
    assert len(acknowledged) == KILLS
    print(f"{KILLS} killed, {batches} batches acknowledged, none lost")


def test_parent_and_child_go_on_after_a_fork(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(tmp_path / "actions.db")],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str([0, 1, 2, 3, 4, 5, 10, 20, 30, 40, 50])


BUSY_FORKING = """
import os, sqlite3, sys, threading, time
from overshoot import StoreError
from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.stores import sqlite_connections
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.domain.action import DetectedAction

sqlite_connections.FORK_PATIENCE_SECONDS = 0.05
store = SqliteStore(sys.argv[1], clock=SystemClock())
other = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
other.execute("BEGIN IMMEDIATE")
some = [DetectedAction("wave", 1.0, 0, 0.5)]
adding = threading.Thread(target=store.add, args=(some,))
adding.start()
while not store._connections._writing.locked():
    time.sleep(0.001)
child = os.fork()
if child == 0:
    try:
        store.add(some)
    except StoreError as error:
        print(error, flush=True)
        os._exit(3)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
other.execute("COMMIT")
adding.join()
print(len(store))
store.close()
"""


def test_a_child_forked_while_somebody_writes_is_told_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUSY_FORKING, str(tmp_path / "actions.db")],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "in use while the program forked; open a new one" in done.stdout
    assert done.stdout.split()[-1] == "1"


def test_many_open_a_new_file_at_once(folder_in_memory: Path) -> None:
    path = folder_in_memory / "actions.db"
    together = threading.Barrier(8)

    def open_and_add(_: int) -> None:
        together.wait(20)
        store = SqliteStore(path, clock=CLOCK)
        store.add([action()])
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_add, range(8)))
    store = SqliteStore(path, clock=CLOCK)
    assert (len(store), store.latest()) == (8, 8)
    store.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names suffice


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_nothing_is_left_open(folder_in_memory: Path) -> None:
    before = descriptors(), threading.active_count()
    store = SqliteStore(folder_in_memory / "actions.db", clock=CLOCK)
    store.add([action()] * 10)
    for _ in range(3):  # threads that end leave nothing behind
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: store.select(EVERYTHING), range(64)))
            pool.submit(store.add, [action()]).result(20)
    # The file and its log, for at most four who read and one who writes; and what they share.
    assert descriptors() - before[0] <= 2 * 5 + 1
    store.close()
    assert (descriptors(), threading.active_count()) == before
    assert [path.name for path in folder_in_memory.iterdir()] == ["actions.db"]


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs /proc")
def test_memory_stays_flat(folder_in_memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_connections, "CACHE_KIB", 1024)
    store = SqliteStore(folder_in_memory / "actions.db", clock=CLOCK)

    def add_many(times: int) -> None:
        for number in range(times):
            said = action(prompt=f"prompt {number}", session_id=f"{number}", text="x" * 400)
            store.add([said] * 20)

    add_many(800)  # until the caches are full
    before = resident_kib()
    add_many(800)
    assert resident_kib() - before < 4 * 1024
    store.close()
