"""Statements that read actions, put together from `sql_terms`; and what is judged in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from overshoot.adapters.stores.sql_rows import FOUND, Found, stored
from overshoot.domain.matching import metadata_checks

if TYPE_CHECKING:
    from overshoot.adapters.stores.sql_terms import Term
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction

Values: TypeAlias = tuple[Any, ...]
COUNTED: Final = "seq, action, timestamp, duration"
"""The columns that counting needs."""
ROWS_AT_ONCE: Final = 500
LONGEST_SECONDS: Final = 1e300


@frozen
class Statement:
    """SQL with ``?`` for its ``values``."""

    sql: str
    values: Values = ()


def selection(
    columns: str, source: str, terms: Iterable[Term], order: str = "", limit: int | None = None
) -> Statement:
    """Rows of ``source``, a table with its hints, for which all terms hold."""
    terms = list(terms)
    where = " AND ".join(term.sql for term in terms) or "true"
    values = tuple(value for term in terms for value in term.values)
    sql = f"SELECT {columns} FROM {source} WHERE {where}"  # noqa: S608 - terms have no values
    if order:
        sql += f" ORDER BY {order}"
    if limit is not None:
        sql, values = f"{sql} LIMIT ?", (*values, limit)
    return Statement(sql, values)


def summary_of(rows: Statement) -> Statement:
    """One row for each name among ``rows`` of `COUNTED`, as `overshoot.domain.stored.summaries`."""
    columns = "action, count(*), coalesce(sum(duration), 0.0), min(timestamp), max(timestamp)"
    sql = (
        f"SELECT {columns} FROM ({rows.sql}) AS kept"  # noqa: S608 - put together above
        " GROUP BY action ORDER BY count(*) DESC, min(seq)"
    )
    return Statement(sql, rows.values)


def intervals_of(rows: Statement, floor: str, seconds: float) -> Statement:
    """As `overshoot.domain.stored.interval_counts`; ``floor`` is ``timestamp`` through ``?``."""
    sql = (
        f"SELECT {floor} AS place, action, count(*) FROM ({rows.sql}) AS kept"  # noqa: S608
        " GROUP BY place, action ORDER BY place, action"
    )
    # No timestamp comes near that, and databases know no larger numbers.
    length = float(min(seconds, LONGEST_SECONDS))
    return Statement(sql, (length,) * floor.count("?") + rows.values)


def judged(query: ActionQuery, fetch: Callable[[int], list[Found]]) -> Iterator[StoredAction]:
    """Of rows that may match, those that do: what SQL did not decide; a few in memory at a time."""
    checks = list(metadata_checks(query).values())
    while batch := fetch(ROWS_AT_ONCE):
        for each in stored(batch):
            action = each.action
            named = query.action is None or action.action in query.action
            if named and all(check(action.metadata) for check in checks):
                yield each


__all__ = [
    "COUNTED",
    "FOUND",
    "Statement",
    "intervals_of",
    "judged",
    "selection",
    "summary_of",
]
