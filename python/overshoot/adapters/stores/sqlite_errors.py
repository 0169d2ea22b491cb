"""What SQLite reports, in the words of the one who must do something about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from overshoot.errors import StoreError

_PRIMARY: Final = 0xFF
_REMEDIES: Final = {
    sqlite3.SQLITE_FULL: "the disk is full; make room and try again",
    sqlite3.SQLITE_BUSY: "another program keeps it locked; let that end, or give more time",
    sqlite3.SQLITE_LOCKED: "it is locked; try again",
    sqlite3.SQLITE_READONLY: "it, or its folder, is read-only; make both writable",
    sqlite3.SQLITE_PERM: "it may not be opened; make it and its folder readable and writable",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; make it and its folder readable and writable",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database; it was left as it is, choose another file",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a copy, or try `sqlite3 FILE .recover`",
    sqlite3.SQLITE_IOERR: "its disk cannot be read or written, or is full; see to that",
    sqlite3.SQLITE_TOOBIG: "an action is too large for it; keep less in its metadata",
    sqlite3.SQLITE_INTERRUPT: "the store was closed meanwhile",
}
PASSING: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""Faults after which a connection is as good as before."""


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its details; 0 where the error is of the Python module."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY


@contextmanager
def translated(path: Path, doing: str) -> Generator[None]:
    """Raise `StoreError` for what SQLite raises in the block."""
    try:
        yield
    except sqlite3.Error as cause:
        remedy = _REMEDIES.get(primary_code(cause), "see the cause")
        message = f"{path} cannot be {doing}: {remedy} (SQLite: {cause})"
        raise StoreError(message) from cause
