"""The tables of a store's file, and how files of older versions become the newest.

``application_id`` says that a file is ours, ``user_version`` of which version. Each step runs in a
transaction of its own, together with its version, and never changes once it was released.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from overshoot.adapters.stores.sql_rows import text_origin
from overshoot.domain.unread_metadata import read_metadata
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from overshoot.adapters.stores.sql_rows import Prompts

APPLICATION_ID: Final = 0x6F76_7374
"""``ovst`` in ASCII."""
_MAGIC: Final = b"SQLite format 3\0"
_STATE: Final = (
    "PRAGMA application_id",
    "PRAGMA user_version",
    "SELECT count(*) FROM sqlite_master",
)


def check_header(path: Path) -> None:
    """Raise `StoreError` for a file that is neither empty nor a database.

    SQLite finds out, too, but may first write a log into it that was left beside it.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(len(_MAGIC))
    except FileNotFoundError:
        return
    except OSError as cause:
        message = f"{path} cannot be read: make it and its folder readable and writable ({cause})"
        raise StoreError(message) from cause
    if begins not in {b"", _MAGIC}:
        message = f"{path} is not a SQLite database; it was left as it is, choose another file"
        raise StoreError(message)


def check_is_ours(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version, 0 for an empty one; `StoreError` for a file that is none of ours."""
    application, version, tables = _state(connection)
    empty = application == version == tables == 0
    if not empty and application != APPLICATION_ID:
        message = f"{path} is a database of another program; it was left as it is, choose another"
        raise StoreError(f"{message} file")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} is of version {version}, which a newer overshoot wrote; this one knows up to"
            f" {len(MIGRATIONS)}: install a newer overshoot"
        )
    return version


def migrate(connection: sqlite3.Connection, path: Path, *, to: int | None = None) -> None:
    """Take the steps that are missing, up to version ``to`` (the newest); once for all openers."""
    target = len(MIGRATIONS) if to is None else to
    while check_is_ours(connection, path) < target:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Somebody else may have taken the step while this one waited.
            version = check_is_ours(connection, path)
            if version < target:
                MIGRATIONS[version](connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def save_prompts(connection: sqlite3.Connection, prompts: Prompts) -> None:
    """Keep the texts of prompts that rows name."""
    connection.executemany("INSERT OR IGNORE INTO prompts VALUES (?, ?)", prompts.values())


def _actions(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE actions (seq INTEGER PRIMARY KEY AUTOINCREMENT, added_at REAL NOT NULL,"
        " action TEXT NOT NULL, timestamp REAL NOT NULL, frame_number INTEGER NOT NULL,"
        " confidence REAL NOT NULL, duration REAL, metadata TEXT NOT NULL)"
    )
    # With the duration, counting reads this index alone; seq keeps its order behind timestamp.
    connection.execute("CREATE INDEX actions_action ON actions (action, timestamp, seq, duration)")
    connection.execute("CREATE INDEX actions_timestamp ON actions (timestamp)")
    connection.execute("CREATE INDEX actions_confidence ON actions (confidence)")


def _origins(connection: sqlite3.Connection) -> None:
    for column in ("session TEXT", "source TEXT", "prompt BLOB"):
        connection.execute(f"ALTER TABLE actions ADD COLUMN {column}")
    connection.execute(
        "CREATE TABLE prompts (digest BLOB PRIMARY KEY, folded TEXT NOT NULL) WITHOUT ROWID"
    )
    prompts: Prompts = {}

    def part(metadata: str, place: int) -> str | bytes | None:
        return text_origin(read_metadata(metadata).get, prompts)[place]

    connection.create_function("overshoot_origin", 2, part, deterministic=True)
    parts = ", ".join(
        f"{column} = overshoot_origin(metadata, {place})"
        for place, column in enumerate(("session", "source", "prompt"))
    )
    connection.execute(f"UPDATE actions SET {parts}")  # noqa: S608 - the columns above
    connection.create_function("overshoot_origin", 2, None)
    save_prompts(connection, prompts)
    # Rows without them cost nothing.
    for column, more in (("session", ", timestamp"), ("source", ", timestamp"), ("duration", "")):
        connection.execute(
            f"CREATE INDEX actions_{column} ON actions ({column}{more}) WHERE {column} IS NOT NULL"
        )
    connection.execute("CREATE INDEX actions_added_at ON actions (added_at)")


MIGRATIONS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (_actions, _origins)
"""The step at index n leads from version n to n + 1."""


def _state(connection: sqlite3.Connection) -> list[int]:
    """All of one moment: somebody else may be making the file."""
    alone = not connection.in_transaction
    if alone:
        connection.execute("BEGIN")
    try:
        rows: list[tuple[int]] = [connection.execute(query).fetchone() for query in _STATE]
    finally:
        if alone and connection.in_transaction:
            connection.execute("ROLLBACK")
    return [row[0] for row in rows]
