"""The connections of one program to one PostgreSQL server: a small pool, opened when needed."""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from overshoot.adapters.stores.postgres_errors import CLOSED, Address
from overshoot.adapters.stores.postgres_schema import migrate
from overshoot.errors import StoreError

MOST_CONNECTIONS: Final = 5
Pool: TypeAlias = "ConnectionPool[Connection[Any]]"


class PostgresConnections:
    """See the module. The first use makes the tables, or brings older ones up to date.

    Args:
        address: of the server.
        connect_seconds: how long to wait for a connection.
        statement_seconds: how long a statement may take, or wait for another program's lock.
    """

    def __init__(self, address: Address, connect_seconds: float, statement_seconds: float) -> None:
        self.address = address
        self._connect_seconds = connect_seconds
        self._statement_seconds = statement_seconds
        self._lock = Lock()
        self._pool: Pool | None = None
        self.closed: bool = False
        _everyone.add(self)

    @contextmanager
    def reading(self) -> Generator[Connection[Any]]:
        """A connection on which each statement is a transaction."""
        with self._connection("read") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection[Any]]:
        """A transaction, undone where the block raises."""
        finished = False
        try:
            with self._connection("written") as connection, connection.transaction():
                yield connection
                finished = True
        except StoreError as error:
            if finished and not self.closed:
                message = f"{error.message}; whether it was kept is not known"
                raise StoreError(message) from error.__cause__
            raise

    def close(self) -> None:
        """Close all; what is in use is closed when it comes back. Idempotent."""
        with self._lock:
            self.closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def leave_to_parent(self) -> None:
        """Begin anew in a forked child: sockets and threads are the parent's."""
        self._lock = Lock()
        if self._pool is not None:
            _parents.append(self._pool)
            self._pool = None

    @contextmanager
    def _connection(self, doing: str) -> Generator[Connection[Any]]:
        try:
            with self._opened().connection() as connection:
                yield connection
        except PoolTimeout as cause:
            raise self._why_not() from cause
        except psycopg.Error as cause:
            if self.closed:
                raise StoreError(CLOSED) from None
            # Without its cause, whose words may have the password.
            raise self.address.error(cause, doing) from None

    def _opened(self) -> Pool:
        with self._lock:
            if self.closed:
                raise StoreError(CLOSED)
            if self._pool is None:
                with self._directly() as connection:
                    migrate(connection)
                self._pool = ConnectionPool(
                    self.address.dsn,
                    kwargs=self._settings(),
                    min_size=0,
                    max_size=MOST_CONNECTIONS,
                    timeout=self._connect_seconds,
                    configure=self._configure,
                    check=ConnectionPool.check_connection,
                    open=True,
                )
            return self._pool

    def _directly(self) -> Connection[Any]:
        return psycopg.connect(self.address.dsn, **self._settings())

    def _settings(self) -> dict[str, Any]:
        return {
            "autocommit": True,
            "connect_timeout": max(2, round(self._connect_seconds)),
            "client_encoding": "utf8",
            "tcp_user_timeout": round(self._statement_seconds * 1000),
        }

    def _configure(self, connection: Connection[Any]) -> None:
        milliseconds = str(round(self._statement_seconds * 1000))
        for name in ("statement_timeout", "lock_timeout"):
            connection.execute("SELECT set_config(%s, %s, false)", [name, milliseconds])
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )

    def _why_not(self) -> StoreError:
        """Why the pool has no connection: it does not say, so ask once more."""
        try:
            self._directly().close()
        except psycopg.Error as cause:
            return self.address.error(cause, "reached")
        return StoreError(
            f"all {MOST_CONNECTIONS} connections to {self.address} were busy for"
            f" {self._connect_seconds:g} s; ask for less at once"
        )


_everyone: weakref.WeakSet[PostgresConnections] = weakref.WeakSet()
_parents: list[Pool] = []
"""In a forked child, what it must not close."""


def _after_fork_in_child() -> None:
    for each in list(_everyone):
        each.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
