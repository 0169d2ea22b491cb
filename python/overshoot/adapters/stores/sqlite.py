"""Actions in one SQLite file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from threading import TIMEOUT_MAX
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from overshoot.adapters.stores.sql_counting import SqlCounting
from overshoot.adapters.stores.sql_rows import ADDED, rows, stored
from overshoot.adapters.stores.sql_statements import (
    COUNTED,
    FOUND,
    judged,
)
from overshoot.adapters.stores.sql_terms import decided_by_sql, terms
from overshoot.adapters.stores.sqlite_connections import SqliteConnections
from overshoot.adapters.stores.sqlite_plan import SQLITE, fetched, planned
from overshoot.adapters.stores.sqlite_schema import save_prompts

if TYPE_CHECKING:
    from overshoot.adapters.stores.sql_rows import Prompts
    from overshoot.adapters.stores.sql_statements import Statement
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction
    from overshoot.ports.clock import Clock

BUSY_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.05
"""How often `SqliteStore.wait` looks for what other programs added; one look takes 20 µs."""
_INSERT: Final = f"INSERT INTO actions ({ADDED}) VALUES ({', '.join('?' * 10)})"  # noqa: S608


class SqliteStore(SqlCounting):
    """A `Store` in one file, for all threads and all programs of one machine.

    What ``add`` has acknowledged is on the disk: it survives ``kill -9`` at any moment, and the
    loss of power where the disk keeps what it says (write-ahead log, ``synchronous=FULL``). Each
    ``add`` therefore waits for the disk once, a millisecond or more, however many actions it is
    given: give it many. Filters read an index where one helps; ``metadata`` is compared row by row.

    It may be used after a fork, in parent and child; and it is not for network file systems, whose
    locks SQLite cannot trust.

    Args:
        path: the file; made where it is not there. Beside it are ``-wal`` and ``-shm`` meanwhile.
        clock: when actions are added.
        busy_seconds: how long to wait while another program writes, from 0.

    Raises:
        StoreError: it cannot be opened, is none of ours, or is newer than this version knows. Such
            a file is left as it is.
    """

    # Towards zero, which is down: no timestamp is negative.
    INTERVAL: ClassVar[str] = "CAST(timestamp / ? AS INTEGER)"

    def __init__(
        self, path: str | os.PathLike[str], *, clock: Clock, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        self._clock = clock
        self._connections = SqliteConnections(Path(path).absolute(), busy_seconds)

    @property
    def path(self) -> Path:
        """The file."""
        return self._connections.path

    def __repr__(self) -> str:
        return f"SqliteStore({str(self.path)!r})"

    def add(self, actions: Sequence[DetectedAction]) -> None:
        """Keep them."""
        with self._connections.writing() as connection:
            prompts: Prompts = {}
            connection.executemany(_INSERT, rows(actions, self._clock.wall(), prompts))
            save_prompts(connection, prompts)
        with self._connections.changed:
            self._connections.changed.notify_all()

    def select(self, query: ActionQuery) -> list[StoredAction]:
        """Those that match."""
        with self._connections.reading() as connection:
            asked = terms(query, SQLITE, self._clock.wall())
            if asked is None:
                return []
            if decided_by_sql(query):
                return stored(fetched(connection, query, asked))
            statement = planned(connection, query, asked, FOUND)
            cursor = connection.execute(statement.sql, statement.values)
            found = list(islice(judged(query, cursor.fetchmany), query.limit))
            cursor.close()
            return found

    def latest(self) -> int:
        """The highest ``seq`` that was ever given; 0 before the first."""
        with self._connections.reading() as connection:
            given = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'actions'")
            row: tuple[int] | None = given.fetchone()
            return 0 if row is None else row[0]

    def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait for something new."""
        end = monotonic() + min(timeout_seconds, TIMEOUT_MAX)
        while self.latest() <= after:
            with self._connections.changed:
                remaining = end - monotonic()
                if remaining > 0 and not self._connections.closed:
                    self._connections.changed.wait(min(POLL_SECONDS, remaining))
                if remaining <= 0 or self._connections.closed:
                    return False
        return True

    def clear(self) -> None:
        """Forget all; the file keeps its size, and its room is used again."""
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM actions")
            connection.execute("DELETE FROM prompts")

    def close(self) -> None:
        """Release everything, and put the log into the file."""
        self._connections.close()

    def __len__(self) -> int:
        with self._connections.reading() as connection:
            row: tuple[int] = connection.execute("SELECT count(*) FROM actions").fetchone()
            return row[0]

    def _counted(
        self, query: ActionQuery, count: Callable[[Statement], Statement]
    ) -> list[tuple[Any, ...]]:
        with self._connections.reading() as connection:
            asked = terms(query, SQLITE, self._clock.wall())
            if asked is None:
                return []
            counting = count(planned(connection, query, asked, COUNTED))
            return connection.execute(counting.sql, counting.values).fetchall()
