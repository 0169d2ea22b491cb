"""The tables of a store in PostgreSQL, and how those of older versions become the newest.

They are in the first schema of the connection's ``search_path``. ``overshoot_store`` has one row:
the version, and the highest ``seq`` that was ever given. Who adds updates it first and so keeps
others from adding until the commit: the order of ``seq`` is that of the commits. Each step runs in
a transaction of its own and never changes once it was released.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from overshoot.adapters.stores.sql_rows import text_digest, text_origin
from overshoot.domain.unread_metadata import read_metadata
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from typing import LiteralString

    from psycopg import Connection

    from overshoot.adapters.stores.sql_rows import Prompts

ROWS_AT_ONCE: Final = 1000
_OURS: Final = "to_regclass(quote_ident(current_schema()) || '.overshoot_store')"


def migrate(connection: Connection[Any], *, to: int | None = None) -> None:
    """Take the steps that are missing, up to version ``to`` (the newest); once for all openers.

    Raises:
        StoreError: the tables are newer than this version knows, or the database is not fit.
    """
    _check_is_fit(connection)
    target = len(MIGRATIONS) if to is None else to
    version = -1
    while version < target:
        with connection.transaction():
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('overshoot' || current_schema(), 0))"
            )
            version = _version(connection)
            if version < target:
                MIGRATIONS[version](connection)
                version += 1
                connection.execute("UPDATE overshoot_store SET version = %s", [version])


def save_prompts(connection: Connection[Any], prompts: Prompts) -> None:
    """Keep the texts of prompts that rows name."""
    if prompts:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO overshoot_prompts VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [(digest, folded.encode()) for digest, folded in prompts.values()],
            )


def origin_digests(get: Callable[[str], object], prompts: Prompts) -> tuple[bytes | None, ...]:
    """The columns ``session``, ``source`` and ``prompt``.

    Digests, because PostgreSQL's text cannot hold NUL and its indexes hold no long texts.
    """
    session, source, prompt = text_origin(get, prompts)
    return (
        None if session is None else text_digest(session),
        None if source is None else text_digest(source),
        prompt,
    )


def _check_is_fit(connection: Connection[Any]) -> None:
    encoding, schema = _row(
        connection, "SELECT current_setting('server_encoding'), current_schema()"
    )
    if encoding != "UTF8":
        message = f"the database is encoded as {encoding}; create one with ENCODING 'UTF8'"
        raise StoreError(message)
    if schema is None:
        raise StoreError("no schema of the connection's search_path exists; create it first")


def _version(connection: Connection[Any]) -> int:
    (table,) = _row(connection, f"SELECT {_OURS}::text")
    if table is None:
        return 0
    (version,) = _row(connection, "SELECT version FROM overshoot_store")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the store is of version {version}, which a newer overshoot made; this one knows up"
            f" to {len(MIGRATIONS)}: install a newer overshoot"
        )
    return int(version)


def _row(connection: Connection[Any], query: LiteralString) -> tuple[Any, ...]:
    found = connection.execute(query).fetchone()
    assert found is not None  # noqa: S101 - these queries give one row
    return tuple(found)


def _actions(connection: Connection[Any]) -> None:
    connection.execute(
        "CREATE TABLE overshoot_store (version integer NOT NULL, latest bigint NOT NULL,"
        " single boolean PRIMARY KEY DEFAULT true CHECK (single))"
    )
    connection.execute("INSERT INTO overshoot_store VALUES (0, 0)")
    connection.execute(
        "CREATE TABLE overshoot_actions (seq bigint PRIMARY KEY, added_at float8 NOT NULL,"
        ' action text COLLATE "C" NOT NULL, timestamp float8 NOT NULL,'
        " frame_number bigint NOT NULL, confidence float8 NOT NULL, duration float8,"
        ' metadata text COLLATE "C" NOT NULL)'
    )
    for columns in ("hashtextextended(action, 0), timestamp, seq", "timestamp, seq", "confidence"):
        _index(connection, columns)


def _origins(connection: Connection[Any]) -> None:
    connection.execute(
        "ALTER TABLE overshoot_actions ADD session bytea, ADD source bytea, ADD prompt bytea"
    )
    connection.execute(
        "CREATE TABLE overshoot_prompts (digest bytea PRIMARY KEY, folded bytea NOT NULL)"
    )
    prompts: Prompts = {}
    # Numbered again, because an UPDATE while a cursor reads the same table may show rows twice.
    after = 0
    while True:
        found = connection.execute(
            "SELECT seq, metadata FROM overshoot_actions WHERE seq > %s ORDER BY seq LIMIT %s",
            [after, ROWS_AT_ONCE],
        ).fetchall()
        if not found:
            break
        after = found[-1][0]
        parts = [(*origin_digests(read_metadata(text).get, prompts), seq) for seq, text in found]
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE overshoot_actions SET session = %s, source = %s, prompt = %s"
                " WHERE seq = %s",
                parts,
            )
    save_prompts(connection, prompts)
    for columns in (
        "session, timestamp, seq",
        "source, timestamp, seq",
        "duration",
        "added_at",
    ):
        _index(connection, columns)


def _index(connection: Connection[Any], columns: LiteralString) -> None:
    query = sql.SQL("CREATE INDEX ON overshoot_actions ({})").format(sql.SQL(columns))
    connection.execute(query)


MIGRATIONS: Final[tuple[Callable[[Connection[Any]], None], ...]] = (_actions, _origins)
"""The step at index n leads from version n to n + 1."""
