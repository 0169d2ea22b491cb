"""The PostgreSQL server that tests use; each test has a schema of its own.

Its address is in ``OVERSHOOT_TEST_POSTGRES``. Where that is missing, tests of the store are skipped
and say so; in CI they fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

VARIABLE = "OVERSHOOT_TEST_POSTGRES"
ADDRESS = os.environ.get(VARIABLE, "")

needs_postgres = pytest.mark.skipif(
    not ADDRESS and os.environ.get("CI") != "true",
    reason=f"no PostgreSQL server: set {VARIABLE}, for example to postgresql://user@host/test",
)


@contextmanager
def server() -> Iterator[psycopg.Connection[Any]]:
    """A connection that belongs to the test."""
    assert ADDRESS, f"set {VARIABLE} to the address of a PostgreSQL server for tests"
    with psycopg.connect(ADDRESS, autocommit=True) as connection:
        yield connection


def create_schema(connection: psycopg.Connection[Any]) -> str:
    """The address of a new schema, for `drop_schema` to remove."""
    name = f"overshoot_test_{uuid4().hex}"
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    return make_conninfo(ADDRESS, options=f"-csearch_path={name}")


def drop_schema(connection: psycopg.Connection[Any], address: str) -> None:
    name = address.rpartition("search_path=")[2].strip("'")
    connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


@contextmanager
def own_schema() -> Iterator[str]:
    """The address of an empty schema, which is dropped afterwards."""
    with server() as connection:
        address = create_schema(connection)
        try:
            yield address
        finally:
            drop_schema(connection, address)
