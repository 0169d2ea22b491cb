"""Actions in a PostgreSQL database, for many machines that write to one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final

from overshoot.adapters.stores.postgres_connections import PostgresConnections
from overshoot.adapters.stores.postgres_errors import Address
from overshoot.adapters.stores.postgres_listening import PostgresListening, notify
from overshoot.adapters.stores.postgres_schema import origin_digests, save_prompts
from overshoot.adapters.stores.sql_counting import SqlCounting
from overshoot.adapters.stores.sql_rows import ADDED, FOUND, rows, stored, text_digest
from overshoot.adapters.stores.sql_statements import (
    COUNTED,
    Statement,
    judged,
    selection,
)
from overshoot.adapters.stores.sql_terms import (
    Dialect,
    Term,
    decided_by_sql,
    order_by,
    terms,
)

if TYPE_CHECKING:
    from psycopg import Connection

    from overshoot.adapters.stores.sql_rows import Prompts
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction
    from overshoot.ports.clock import Clock

CONNECT_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 60.0
_COPY: Final = f"COPY overshoot_actions (seq, {ADDED}) FROM STDIN"
_INTERVAL: Final = (
    # PostgreSQL refuses quotients too small for a float, which are in the first interval.
    "CASE WHEN timestamp < ? THEN 0 ELSE floor(timestamp / ?)::bigint END"
)


class PostgresStore(SqlCounting):
    """A `Store` in a PostgreSQL database (13 or newer), for any number of machines.

    What ``add`` has acknowledged is committed, with ``synchronous_commit`` on even where the server
    has it off. Who adds keeps others from adding until the commit, so that ``seq`` is in the order
    of the commits: all machines together add as often as the server's disk can be waited for, a
    few hundred times a second; give ``add`` many actions at once. Reading waits for nobody.

    The tables ``overshoot_…`` are in the first schema of the connection's ``search_path``; a store
    of its own is had with ``?options=-csearch_path%3Dsome_schema``. It is connected when it is
    first used, with at most five connections; ``wait`` takes one of them. After a fork the child
    has its own.

    Args:
        dsn: the address, ``postgresql://user:password@host:5432/database`` or ``key=value`` pairs.
        clock: when actions are added.
        connect_seconds: how long to wait for a connection.
        statement_seconds: how long a statement may take, or wait for another program's lock.

    Raises:
        ConfigurationError: the address cannot be read.
    """

    INTERVAL: ClassVar[str] = _INTERVAL

    def __init__(
        self,
        dsn: str,
        *,
        clock: Clock,
        connect_seconds: float = CONNECT_SECONDS,
        statement_seconds: float = STATEMENT_SECONDS,
    ) -> None:
        self._clock = clock
        self._connections = PostgresConnections(Address(dsn), connect_seconds, statement_seconds)
        self._listening = PostgresListening(self._connections, self.latest)

    def __repr__(self) -> str:
        return f"PostgresStore({str(self._connections.address)!r})"

    def add(self, actions: Sequence[DetectedAction]) -> None:
        """Keep them."""
        prompts: Prompts = {}
        with self._connections.writing() as connection:
            (latest,) = _one(
                connection,
                "UPDATE overshoot_store SET latest = latest + ? RETURNING latest",
                (len(actions),),
            )
            first = latest - len(actions) + 1
            with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                made = rows(actions, self._clock.wall(), prompts, origin_digests)
                for seq, row in enumerate(made, first):
                    copy.write_row((seq, *row))
            save_prompts(connection, prompts)
            notify(connection)

    def select(self, query: ActionQuery) -> list[StoredAction]:
        """Those that match."""
        statement = self._statement(query, FOUND)
        if statement is None:
            return []
        with self._connections.reading() as connection:
            if decided_by_sql(query):
                found = connection.execute(*_ready(statement), binary=True)
                return stored(found.fetchall())
            # With a name the rows stay at the server until they are asked for.
            with connection.transaction(), connection.cursor("judged") as cursor:
                cursor.execute(*_ready(statement), binary=True)
                return list(islice(judged(query, cursor.fetchmany), query.limit))

    def latest(self) -> int:
        """The highest ``seq`` that was ever given; 0 before the first."""
        with self._connections.reading() as connection:
            return int(_one(connection, "SELECT latest FROM overshoot_store")[0])

    def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait for something new."""
        return self._listening.wait(after, timeout_seconds)

    def clear(self) -> None:
        """Forget all."""
        with self._connections.writing() as connection:
            connection.execute("SET LOCAL statement_timeout = 0")
            # As for adding: the row keeps others from it meanwhile.
            connection.execute("UPDATE overshoot_store SET latest = latest")
            connection.execute("DELETE FROM overshoot_actions")
            connection.execute("DELETE FROM overshoot_prompts")

    def close(self) -> None:
        """Release everything."""
        self._connections.close()
        self._listening.wake_all()

    def __len__(self) -> int:
        with self._connections.reading() as connection:
            return int(_one(connection, "SELECT count(*) FROM overshoot_actions")[0])

    def _statement(self, query: ActionQuery, columns: str) -> Statement | None:
        asked = terms(query, POSTGRES, self._clock.wall())
        if asked is None:
            return None
        limit = query.limit if decided_by_sql(query) else None
        ordered = query.limit is not None or columns == FOUND
        order = order_by(query) if ordered else ""
        return selection(columns, POSTGRES.table, asked, order, limit)

    def _counted(
        self, query: ActionQuery, count: Callable[[Statement], Statement]
    ) -> list[tuple[Any, ...]]:
        kept = self._statement(query, COUNTED)
        if kept is None:
            return []
        with self._connections.reading() as connection:
            return connection.execute(*_ready(count(kept)), binary=True).fetchall()


def _one_of(column: str, texts: list[str]) -> Term:
    if column != "action":
        return Term(column, f"{column} = ANY(?)", ([text_digest(text) for text in texts],))
    names = [text for text in texts if "\0" not in text]  # which no action's name has
    if len(names) == 1:
        same = "hashtextextended(action, 0) = hashtextextended(?, 0) AND action = ?"
        return Term(column, same, (names[0], names[0]))
    hashes = "SELECT hashtextextended(name, 0) FROM unnest(?::text[]) AS name"
    same = f"hashtextextended(action, 0) = ANY(ARRAY({hashes})) AND action = ANY(?::text[])"
    return Term(column, same, (names, names))


def _holds_text(text: str) -> Term:
    return Term("metadata", "strpos(metadata, ?) > 0", (text,))


def _prompt_holds(folded: str) -> Term:
    prompts = "SELECT digest FROM overshoot_prompts WHERE position(? IN folded) > 0"
    return Term("prompt", f"prompt IN ({prompts})", (folded.encode(),))


POSTGRES: Final = Dialect("overshoot_actions", _one_of, _holds_text, _prompt_holds)


def _ready(statement: Statement) -> tuple[bytes, tuple[Any, ...]]:
    """As psycopg wants it; nothing else in our statements looks like a placeholder."""
    return statement.sql.replace("?", "%s").encode(), statement.values


def _one(connection: Connection[Any], query: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    found = connection.execute(*_ready(Statement(query, values))).fetchone()
    return tuple(found or ())
