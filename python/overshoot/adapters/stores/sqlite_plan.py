"""Which index SQLite reads for a query.

SQLite guesses without statistics, which would have to be kept up to date; wrong guesses cost
seconds among a million actions. So the index entries of each filter are counted first, up to
`FEW`, in microseconds: a filter that leaves few rows leads. Where none does, rows are read in
their order, until ``limit`` are found; and where that takes too many steps, because those that
match are far apart, by the index of the filter that leaves the fewest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from math import isqrt
from typing import TYPE_CHECKING, Final

from attrs import evolve

from overshoot.adapters.stores.sql_statements import COUNTED, FOUND, Statement, selection
from overshoot.adapters.stores.sql_terms import Dialect, Term, decided_by_sql, order_by
from overshoot.adapters.stores.sqlite_errors import primary_code

if TYPE_CHECKING:
    from overshoot.adapters.stores.sql_rows import Found
    from overshoot.domain.query import ActionQuery

FEW: Final = 150
STEPS: Final = 5_000
STEPS_FOR_EACH: Final = 50
"""Of SQLite's machine, in all and for each row that is asked for: less than a millisecond."""
MOST_HURRIED: Final = 10_000
MOST_MERGED: Final = 20
_WITH_TIME: Final = ("session", "source", "action")
"""Columns whose index goes on with the timestamp."""
_ALONE: Final = ("duration", "confidence", "added_at", "timestamp")


def _one_of(column: str, texts: list[str]) -> Term:
    if len(texts) == 1:
        return Term(column, f"{column} = ?", (texts[0],))
    return Term(column, f"{column} IN ({', '.join('?' * len(texts))})", tuple(texts))


def _holds_text(text: str) -> Term:
    return Term("metadata", "instr(metadata, ?) > 0", (text,))


def _prompt_holds(folded: str) -> Term:
    prompts = "SELECT digest FROM prompts WHERE instr(folded, ?) > 0"
    return Term("prompt", f"prompt IN ({prompts})", (folded,))


SQLITE: Final = Dialect("actions", _one_of, _holds_text, _prompt_holds)


def planned(
    connection: sqlite3.Connection,
    query: ActionQuery,
    terms: Sequence[Term],
    columns: str,
    *,
    few: int | None = None,
) -> Statement:
    """The statement for rows of a query; in its order, where they are found or limited.

    A filter leads that leaves at most ``few`` rows, `FEW` by default.
    """
    limit = query.limit if decided_by_sql(query) else None
    ordered = query.limit is not None or columns != COUNTED
    order = order_by(query) if ordered else ""
    leading = _leading(connection, query, terms, FEW if few is None else few)
    if leading is not None:
        return selection(columns, f"actions INDEXED BY actions_{leading}", terms, order, limit)
    names = _to_merge(query, terms)
    if names is not None:
        return _merged(columns, [each for each in terms if each != names], names, order, limit)
    return selection(columns, "actions", _without_others(query, terms), order, limit)


def fetched(
    connection: sqlite3.Connection, query: ActionQuery, terms: Sequence[Term]
) -> list[Found]:
    """The rows of a query that SQL decides."""
    statement = planned(connection, query, terms, FOUND)
    if query.limit is None or query.limit > MOST_HURRIED or not _candidates(query, terms):
        return connection.execute(statement.sql, statement.values).fetchall()
    connection.set_progress_handler(lambda: 1, STEPS + STEPS_FOR_EACH * query.limit)
    try:
        return connection.execute(statement.sql, statement.values).fetchall()
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_INTERRUPT:
            raise
    finally:
        connection.set_progress_handler(None, 0)
    # Among n rows, k of which match, an index reads k; in order, limit * n / k are read.
    (rows,) = connection.execute("SELECT coalesce(max(seq), 0) FROM actions").fetchone()
    statement = planned(connection, query, terms, FOUND, few=isqrt(query.limit * rows))
    return connection.execute(statement.sql, statement.values).fetchall()


def _leading(
    connection: sqlite3.Connection, query: ActionQuery, terms: Sequence[Term], few: int
) -> str | None:
    """The column whose index is to be read, where that is clear."""
    candidates = _candidates(query, terms)
    counts = {column: _count(connection, column, terms, few) for column in candidates}
    fewest = min(candidates, key=lambda column: counts[column], default=None)
    return fewest if fewest is not None and counts[fewest] <= few else None


def _candidates(query: ActionQuery, terms: Sequence[Term]) -> list[str]:
    """The columns whose index may be better than one that gives the order."""
    in_order = ["action"] if _to_merge(query, terms) else _in_order(query, terms)[:1]
    served = {query.order.removeprefix("-"), *in_order}
    there = {term.column for term in terms}
    return [column for column in (*_WITH_TIME, *_ALONE) if column in there - served]


def _count(connection: sqlite3.Connection, column: str, terms: Sequence[Term], few: int) -> int:
    """How many rows its index leaves, up to one more than ``few``."""
    known = (column, "timestamp") if column in _WITH_TIME else (column,)
    entries = selection(
        "1",
        f"actions INDEXED BY actions_{column}",
        [term for term in terms if term.column in known],
        limit=few + 1,
    )
    counted = connection.execute(f"SELECT count(*) FROM ({entries.sql})", entries.values)  # noqa: S608
    row: tuple[int] = counted.fetchone()
    return row[0]


def _in_order(query: ActionQuery, terms: Sequence[Term]) -> list[str]:
    """The columns of one text each whose index has the rows in the order of the query."""
    if query.order.removeprefix("-") != "timestamp":
        return []
    return [t.column for t in terms if t.column in _WITH_TIME and len(t.values) == 1]


def _to_merge(query: ActionQuery, terms: Sequence[Term]) -> Term | None:
    """The term of several names, where each is to be read in the order of time by itself."""
    if query.limit is None or query.order.removeprefix("-") != "timestamp":
        return None
    names = next((term for term in terms if term.column == "action"), None)
    return names if names is not None and 1 < len(names.values) <= MOST_MERGED else None


def _without_others(query: ActionQuery, terms: Sequence[Term]) -> list[Term]:
    """The terms, but for indexes that would lead through too much."""
    in_order = _in_order(query, terms)[:1]
    useful = [*_WITH_TIME, "timestamp"] if query.limit is None and not in_order else in_order
    kept = {query.order.removeprefix("-"), *useful}
    # A plus sign keeps SQLite from looking for an index.
    return [
        evolve(term, sql=f"+{term.sql}")
        if term.column in (*_WITH_TIME, *_ALONE) and term.column not in kept
        else term
        for term in terms
    ]


def _merged(
    columns: str, terms: Sequence[Term], names: Term, order: str, limit: int | None
) -> Statement:
    """The rows of several names, each read in the order of time, merged until there are enough."""
    parts = [
        selection(
            columns,
            "actions INDEXED BY actions_action",
            [Term("action", "action = ?", (name,)), *terms],
        )
        for name in names.values
    ]
    sql = f"{' UNION ALL '.join(part.sql for part in parts)} ORDER BY {order}"
    values = tuple(value for part in parts for value in part.values)
    if limit is None:
        return Statement(sql, values)
    return Statement(f"{sql} LIMIT ?", (*values, limit))
