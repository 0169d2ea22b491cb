"""The connections of one program to one SQLite file: one that writes, a few that read.

They belong to no thread, so that threads that end leave nothing behind. Before the program forks
they are closed, because SQLite's locks belong to a process: parent and child open new ones.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Lock
from time import monotonic, sleep
from typing import Final, TypeAlias

from overshoot.adapters.stores.sqlite_errors import PASSING, primary_code, translated
from overshoot.adapters.stores.sqlite_schema import check_header, check_is_ours, migrate
from overshoot.errors import StoreError

Identity: TypeAlias = tuple[int, int]
"""Device and inode: a file as long as somebody has it open."""

MOST_READERS: Final = 4
FORK_PATIENCE_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 0.01
CACHE_KIB: Final = 16 * 1024


class SqliteConnections:
    """See the module. ``busy_seconds`` is how long another program's lock is waited for.

    Raises `StoreError` at once where the file is none of ours; one that is not there is made.
    """

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._prepare_locks()
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._in_use = 0
        self._generation = 0
        self._closed = ""
        self._pausing = False
        self._log_path = path.with_name(f"{path.name}-wal")
        self._log: Identity | None = None
        self._create()
        self._file = _identity(path)
        _everyone.add(self)

    def _prepare_locks(self) -> None:
        # Who needs both takes `writing` first.
        self._writing = Lock()
        self._state = Lock()
        self.changed: Condition = Condition(self._state)
        self._returned = Condition(self._state)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._closed)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """A transaction, the only one that writes; undone where the block raises."""
        with self._writing, translated(self.path, "written"):
            with self._state:
                self._check_open()
                self._check_same_file()
                if self._writer is None:
                    self._writer = self._open()
            writer = self._writer
            try:
                writer.execute("BEGIN IMMEDIATE")
                yield writer
                with self._state:
                    self._check_same_file()
                writer.execute("COMMIT")
            except BaseException as error:
                self._undo(writer, error)
                raise

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A connection that reads; waits while too many do."""
        with translated(self.path, "read"):
            reader, generation = self._borrow()
            broken = False
            try:
                yield reader
            except sqlite3.Error as error:
                broken = primary_code(error) not in PASSING
                raise
            finally:
                self._give_back(reader, generation, broken=broken)

    def close(self) -> None:
        """Wait for who reads or writes, put the log into the file, close all. Idempotent."""
        with self._writing, self._state:
            self._closed = "this store was closed; open a new one"
            self.changed.notify_all()
            self._returned.wait_for(lambda: self._in_use == 0)
            if self._writer is not None:
                # Where it cannot be done now, the next who opens the file does it.
                with suppress(sqlite3.Error):
                    self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._forget()

    def pause(self) -> bool:
        """Close everything and let nobody in until `resume`; False where that takes too long."""
        if not self._writing.acquire(timeout=FORK_PATIENCE_SECONDS):
            return False
        if self._state.acquire(timeout=FORK_PATIENCE_SECONDS):
            self._pausing = True
            quiet = self._returned.wait_for(lambda: self._in_use == 0, FORK_PATIENCE_SECONDS)
            self._pausing = False
            self._returned.notify_all()
            if quiet:
                self._forget()
                return True
            self._state.release()
        self._writing.release()
        return False

    def resume(self) -> None:
        """Go on after `pause`."""
        self._state.release()
        self._writing.release()

    def give_up(self) -> None:
        """Be closed, in a child that was forked while somebody else held the locks."""
        self._prepare_locks()
        _parents.append((self._writer, self._idle))
        self._writer, self._idle = None, []
        self._closed = "this store was in use while the program forked; open a new one here"

    def _create(self) -> None:
        if not self.path.parent.is_dir():
            raise StoreError(
                f"{self.path} cannot be made: make the folder {self.path.parent} first"
            )
        if self.path.is_dir():
            raise StoreError(f"{self.path} is a folder; name a file in it")
        with translated(self.path, "opened"):
            check_header(self.path)
            first = self._connect("rwc")
            try:
                check_is_ours(first, self.path)
                self._use_wal(first)
                migrate(first, self.path)
            finally:
                first.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch the log on; SQLite does not wait by itself for others who do the same."""
        end = monotonic() + self._busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or monotonic() > end:
                    raise
                sleep(_RETRY_SECONDS)
            else:
                return

    def _open(self) -> sqlite3.Connection:
        check_header(self.path)
        connection = self._connect("rw")
        try:
            check_is_ours(connection, self.path)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self._log = _identity(self._log_path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _borrow(self) -> tuple[sqlite3.Connection, int]:
        with self._state:
            self._returned.wait_for(self._may_borrow)
            self._check_open()
            self._check_same_file()
            reader = self._idle.pop() if self._idle else self._open()
            self._in_use += 1
            return reader, self._generation

    def _may_borrow(self) -> bool:
        return self.closed or (self._in_use < MOST_READERS and not self._pausing)

    def _give_back(self, reader: sqlite3.Connection, generation: int, *, broken: bool) -> None:
        with self._state:
            self._in_use -= 1
            if broken:
                self._forget()
            if broken or generation != self._generation:
                reader.close()
            else:
                self._idle.append(reader)
            self._returned.notify_all()

    def _undo(self, writer: sqlite3.Connection, error: BaseException) -> None:
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            sound = not isinstance(error, sqlite3.Error) or primary_code(error) in PASSING
        except sqlite3.Error:
            sound = False
        if not sound:
            with self._state:
                self._forget()

    def _forget(self) -> None:
        """Close what nobody uses; what is in use is closed when it comes back."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(self._closed)

    def _check_same_file(self) -> None:
        """What is written into a file that was moved away would be lost; so look each time."""
        identity = _identity(self.path)
        if identity == self._file:
            return
        if identity is None:
            message = f"{self.path} was removed, or cannot be reached, while it was open"
            raise StoreError(f"{message}; put it back")
        if self._log is not None and _identity(self._log_path) == self._log:
            # SQLite would write the newest actions of the one file into the other.
            raise StoreError(
                f"{self.path} was replaced while it was open; put it back, or remove"
                f" {self._log_path}, which has the newest actions of the one before"
            )
        self._forget()
        self._file = identity
        raise StoreError(
            f"{self.path} was replaced while it was open; what is there now is used next, if it is"
            " a store"
        )


def _identity(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


_everyone: weakref.WeakSet[SqliteConnections] = weakref.WeakSet()
_parents: list[object] = []
"""In a forked child, what it must not close."""
_paused: list[tuple[SqliteConnections, bool]] = []


def _before_fork() -> None:
    _paused.extend((each, each.pause()) for each in list(_everyone))


def _after_fork_in_parent() -> None:
    while _paused:
        connections, did_pause = _paused.pop()
        if did_pause:
            connections.resume()


def _after_fork_in_child() -> None:
    for connections, did_pause in _paused:
        if not did_pause:
            connections.give_up()
    _paused[:] = [pair for pair in _paused if pair[1]]
    _after_fork_in_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
