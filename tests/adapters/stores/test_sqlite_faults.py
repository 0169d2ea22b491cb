"""What can be wrong with a file or its disk: an error that says what to do, and nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from overshoot import StoreError
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.domain.query import ActionQuery
from overshoot.testing.contracts.store import EVERYTHING, action, frames
from overshoot.testing.manual_clock import ManualClock

NOBODY = 65534
CLOCK = ManualClock()


@pytest.fixture
def path(folder_in_memory: Path) -> Path:
    return folder_in_memory / "actions.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path, clock=CLOCK, busy_seconds=0.05)
    store.add([action(frame_number=1)])
    yield store
    store.close()


@contextmanager
def without_rights() -> Iterator[None]:
    """Root may write anything; so be nobody for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def refused(path: Path, words: str) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        SqliteStore(path, clock=CLOCK)
    assert path.name in caught.value.message


# Opening.


@pytest.mark.parametrize(
    "content", [b"rubbish", b"SQLite format 3\0" + b"\xff" * 4096, b"x" * 9999]
)
def test_a_file_that_is_no_database_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path, "not a SQLite database|damaged")
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    SqliteStore(path, clock=CLOCK).close()


@pytest.mark.parametrize("marks", ["CREATE TABLE theirs (a)", "PRAGMA application_id = 7"])
def test_a_database_of_another_program_is_left_as_it_is(path: Path, marks: str) -> None:
    theirs = sqlite3.connect(path)
    theirs.execute(marks)
    theirs.close()
    before = path.read_bytes()
    refused(path, "another program")
    assert path.read_bytes() == before


def test_a_newer_version_is_left_as_it_is(store: SqliteStore, path: Path) -> None:
    store.close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    before = path.read_bytes()
    refused(path, "of version 99.*install a newer overshoot")
    assert path.read_bytes() == before


def test_a_folder_or_a_missing_one_is_named(folder_in_memory: Path) -> None:
    refused(folder_in_memory, "is a folder")
    refused(folder_in_memory / "no" / "actions.db", "make the folder .*no first")


def test_a_read_only_folder_is_named(folder_in_memory: Path, store: SqliteStore) -> None:
    store.close()
    folder_in_memory.chmod(0o555)
    with without_rights():
        refused(folder_in_memory / "new.db", "readable and writable|writable")
        refused(folder_in_memory / "actions.db", "writable")
    folder_in_memory.chmod(0o700)
    again = SqliteStore(folder_in_memory / "actions.db", clock=CLOCK)
    assert len(again) == 1
    again.close()


# While it is open.


def test_a_lock_is_waited_for_and_then_named(store: SqliteStore, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    locked = "another program keeps it locked"
    with pytest.raises(StoreError, match=locked):
        store.add([action()])
    with pytest.raises(StoreError, match=locked):
        store.clear()
    assert frames(store) == [1]
    other.execute("COMMIT")
    other.close()
    store.add([action(frame_number=2)])
    assert frames(store) == [1, 2]


def test_a_file_that_was_taken_away_takes_no_action(store: SqliteStore, path: Path) -> None:
    away = path.with_name("away.db")
    path.rename(away)
    for _ in range(2):
        for call in (lambda: store.add([action()]), lambda: len(store), store.clear):
            with pytest.raises(StoreError, match=r"removed.*put it back"):
                call()
    assert not path.exists()
    away.rename(path)
    store.add([action(frame_number=2)])
    assert frames(store) == [1, 2]


def test_rubbish_in_its_place_is_left_as_it_is(store: SqliteStore, path: Path) -> None:
    away = path.with_name("away.db")
    path.rename(away)
    path.write_bytes(b"rubbish" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"was replaced.*put it back, or remove .*-wal"):
            store.add([action()])
    refused(path, "not a SQLite database")
    assert path.read_bytes() == b"rubbish" * 1000
    away.replace(path)
    store.add([action(frame_number=2)])
    assert frames(store) == [1, 2]


def test_a_copy_in_its_place_is_used_next(store: SqliteStore, path: Path) -> None:
    backup = path.with_name("backup.db")
    copying = sqlite3.connect(path)
    copying.execute("VACUUM INTO ?", (str(backup),))
    copying.close()
    store.add([action(frame_number=2)])
    backup.replace(path)
    for name in ("actions.db-wal", "actions.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    with pytest.raises(StoreError, match="is used next"):
        store.add([action()])
    store.add([action(frame_number=3)])
    assert frames(store) == [1, 3]


def test_rubbish_in_place_of_file_and_log_is_left_as_it_is(store: SqliteStore, path: Path) -> None:
    path.unlink()
    for name in ("actions.db-wal", "actions.db-shm"):
        path.with_name(name).unlink()
    path.write_bytes(b"rubbish")
    for words in ("is used next", "not a SQLite database", "not a SQLite database"):
        with pytest.raises(StoreError, match=words):
            store.add([action()])
    assert path.read_bytes() == b"rubbish"


def test_rubbish_written_into_it_is_an_error_until_it_is_restored(path: Path) -> None:
    store = SqliteStore(path, clock=CLOCK)
    store.add([action(frame_number=1)])
    store.close()
    good = path.read_bytes()
    store = SqliteStore(path, clock=CLOCK)
    path.write_bytes(b"rubbish" * 4096)
    for call in (lambda: len(store), lambda: store.add([action()])):
        with pytest.raises(StoreError, match=r"not a SQLite database|damaged"):
            call()
    path.write_bytes(good)
    store.add([action(frame_number=2)])
    assert frames(store) == [1, 2]
    store.close()


def test_metadata_that_another_program_broke_is_an_error(store: SqliteStore, path: Path) -> None:
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE actions SET metadata = '\"k\":1'")
    other.close()
    (found,) = store.select(EVERYTHING)
    with pytest.raises(StoreError, match="no JSON object: '\"k\":1'"):
        assert found.action.metadata
    with pytest.raises(StoreError, match="no JSON object"):
        store.select(ActionQuery(metadata={"k": 1}))


# Disks that are full.


@pytest.fixture
def small_disk(folder_in_memory: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    disk = folder_in_memory / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = (
        mount and os.geteuid() == 0 and _run(mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk)
    )
    if not made:
        pytest.skip("only root can mount a small file system")
    yield disk
    assert _run("umount", disk)


def _run(*command: str | Path) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_full_disk_loses_nothing_and_it_goes_on(small_disk: Path) -> None:
    path = small_disk / "actions.db"
    store = SqliteStore(path, clock=CLOCK)
    (small_disk / "ballast").write_bytes(b"x" * 200_000)
    added = 0

    def add_for_ever() -> None:
        nonlocal added
        while True:
            store.add([action(frame_number=added, text="x" * 5000)] * 3)
            added += 1

    with pytest.raises(StoreError, match="full"):
        add_for_ever()
    assert added > 3
    kept = [number for number in range(added) for _ in range(3)]
    assert frames(store, order="added") == kept
    (small_disk / "ballast").unlink()
    store.add([action(frame_number=added)])
    assert frames(store, order="added") == [*kept, added]
    store.close()
    again = SqliteStore(path, clock=CLOCK)
    assert frames(again, order="added") == [*kept, added]
    again.close()


def test_a_disk_too_full_for_a_new_file_is_named(small_disk: Path) -> None:
    with pytest.raises(OSError, match="space"):
        (small_disk / "ballast").write_bytes(b"x" * 2_000_000)
    path = small_disk / "actions.db"
    refused(path, "full")
    (small_disk / "ballast").unlink()
    SqliteStore(path, clock=CLOCK).close()
