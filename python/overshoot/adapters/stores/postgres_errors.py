"""What PostgreSQL reports, in the words of the one who must do something about it."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import PoolClosed

from overshoot.errors import ConfigurationError, StoreError

CLOSED: Final = "this store was closed; open a new one"
_REMEDIES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (errors.QueryCanceled, "it took longer than the time limit; ask for less, or give more time"),
    (errors.LockNotAvailable, "another program keeps it locked; let that end"),
    (errors.DiskFull, "the server's disk is full; make room and try again"),
    (errors.TooManyConnections, "the server has no connection left; close some"),
    (errors.ReadOnlySqlTransaction, "the server is read-only; name the one that can be written"),
    (errors.InsufficientPrivilege, "the user may not do that; grant it, or name another user"),
    (errors.InvalidAuthorizationSpecification, "the user or password is wrong"),
    (errors.InvalidCatalogName, "there is no such database; create it, or name another"),
    (errors.UndefinedTable, "its tables are gone; restore them, or open a new store"),
    (errors.UndefinedColumn, "a table of that name is another program's; use another schema"),
    (errors.ProgramLimitExceeded, "an action is too large for it; keep less in its metadata"),
    (psycopg.OperationalError, "the server cannot be reached, or went away; see to it, try again"),
)


class Address:
    """A server's address; what is shown of it, or of errors about it, has no password.

    ``dsn`` is a URL (``postgresql://user@host/database``) or ``key=value`` pairs, else
    `ConfigurationError`.
    """

    def __init__(self, dsn: str) -> None:
        try:
            parts = conninfo_to_dict(dsn)
        except psycopg.Error:
            parts = None
        if parts is None:  # outside the handler: libpq's words may quote the password
            message = (
                "the address of a PostgreSQL store cannot be read; write it like"
                " postgresql://user:password@host:5432/database, with % and @ in the password"
                " as %25 and %40"
            )
            raise ConfigurationError(message, details={"field": "dsn"})
        self.dsn = dsn
        self._secrets = [str(parts[key]) for key in ("password", "sslpassword") if parts.get(key)]
        shown = [parts.get(key) or other for key, other in (("host", "localhost"), ("port", 5432))]
        self._shown = f"{shown[0]}:{shown[1]}/{parts.get('dbname') or parts.get('user') or ''}"

    def __str__(self) -> str:
        return self._shown

    def error(self, cause: Exception, doing: str) -> StoreError:
        """The `StoreError` for what psycopg raised."""
        if isinstance(cause, PoolClosed):
            return StoreError(CLOSED)
        remedy = next((words for kind, words in _REMEDIES if isinstance(cause, kind)), "see why")
        message = f"the store at {self} cannot be {doing}: {remedy} (PostgreSQL: {cause})"
        for secret in self._secrets:
            message = message.replace(secret, "***")
        return StoreError(" ".join(message.split()))
