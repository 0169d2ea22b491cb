"""Waiting for what others add to a store in PostgreSQL, with LISTEN and NOTIFY."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

from overshoot.errors import StoreError

if TYPE_CHECKING:
    from psycopg import Connection

    from overshoot.adapters.stores.postgres_connections import PostgresConnections

LISTEN_SECONDS: Final = 0.25
"""So long, then who waits looks again: whether the store was closed, or the server went away."""
_CHANNEL: Final = "'overshoot_' || 'overshoot_store'::regclass::oid"
"""One for each store of a database."""


def notify(connection: Connection[Any]) -> None:
    """Tell who waits, as soon as the transaction is committed."""
    connection.execute(f"SELECT pg_notify({_CHANNEL}, '')")


class PostgresListening:
    """One of those who wait listens, for all of them; nobody does where nobody waits.

    Args:
        connections: to the server.
        latest: the highest ``seq`` that was ever given.
    """

    def __init__(self, connections: PostgresConnections, latest: Callable[[], int]) -> None:
        self._connections = connections
        self._latest = latest
        self._changed = Condition()
        self._listening = False

    def wait(self, after: int, timeout_seconds: float) -> bool:
        """As `overshoot.ports.store.Store.wait`."""
        end = monotonic() + timeout_seconds
        while self._latest() <= after:
            remaining = end - monotonic()
            if remaining > 0 and not self._connections.closed:
                self._take_turns(after, min(remaining, LISTEN_SECONDS))
            if remaining <= 0 or self._connections.closed:
                return False
        return True

    def wake_all(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def _take_turns(self, after: int, seconds: float) -> None:
        with self._changed:
            if self._listening:
                self._changed.wait(seconds)
                return
            self._listening = True
        try:
            # What is wrong with the server, the next look at it says.
            with suppress(StoreError), self._connections.reading() as connection:
                self._listen(connection, after, seconds)
        finally:
            with self._changed:
                self._listening = False
                self._changed.notify_all()

    def _listen(self, connection: Connection[Any], after: int, seconds: float) -> None:
        found = connection.execute(f"SELECT {_CHANNEL}").fetchone()
        channel = sql.Identifier(str(found[0] if found else ""))
        connection.execute(sql.SQL("LISTEN {}").format(channel))
        try:
            # Somebody may have added between the last look and LISTEN.
            if self._latest() <= after:
                for _ in connection.notifies(timeout=seconds, stop_after=1):
                    pass
        finally:
            with suppress(psycopg.OperationalError):  # a lost connection listens no more
                connection.execute("UNLISTEN *")
