"""What an `ActionQuery` asks, as terms of SQL that decide exactly as its `matches` does.

Only metadata by key and value is decided by `matches_metadata` in the end (`decided_by_sql`); its
term leaves out nothing that matches. Values are always parameters, written ``?``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from overshoot.adapters.stores.sql_rows import json_texts

if TYPE_CHECKING:
    from overshoot.domain.cursor import Cursor
    from overshoot.domain.query import ActionQuery

MOST_SEQ: Final = 2.0**62
MOST_TEXTS: Final = 500
"""More of them are compared in Python."""


@frozen
class Term:
    """A condition on one column, whose name ``sql`` begins with; ``values`` are its parameters."""

    column: str
    sql: str
    values: tuple[Any, ...] = ()


@frozen
class Dialect:
    """What the databases say differently.

    Attributes:
        table: where actions are.
        one_of: the term for a column that is one of some texts.
        holds_text: the term for metadata that has a text in it, as JSON is written.
        prompt_holds: the term for a prompt with that in it, without regard to case.
    """

    table: str
    one_of: Callable[[str, list[str]], Term]
    holds_text: Callable[[str], Term]
    prompt_holds: Callable[[str], Term]


def decided_by_sql(query: ActionQuery) -> bool:
    """Whether `terms` say all; else each row is for `ActionQuery.matches` to judge."""
    texts = (query.action, query.session, query.source)
    return not query.metadata and not any(each and len(each) > MOST_TEXTS for each in texts)


def terms(query: ActionQuery, dialect: Dialect, now: float) -> list[Term] | None:
    """Those that must all hold; None where nothing can match. ``now`` is UNIX time in seconds."""
    found = [*_ranges(query, dialect, now)]
    for column in ("action", "session", "source"):
        wanted: frozenset[str] | None = getattr(query, column)
        if wanted is not None and len(wanted) <= MOST_TEXTS:
            if not wanted:
                return None
            found.append(dialect.one_of(column, sorted(wanted)))
    if query.prompt_contains is not None:
        found.append(dialect.prompt_holds(query.prompt_contains.casefold()))
    found += [dialect.holds_text(_as_written(*pair)) for pair in query.metadata]
    cursor = query.cursor
    return found if cursor is None else [*found, _after(cursor)]


def order_by(query: ActionQuery) -> str:
    """The columns that put rows in order."""
    column = query.order.removeprefix("-").replace("added", "seq")
    columns = ("seq",) if column == "seq" else (column, "seq")
    down = " DESC" if query.order.startswith("-") else ""
    return ", ".join(f"{each}{down}" for each in columns)


def _ranges(query: ActionQuery, dialect: Dialect, now: float) -> Iterable[Term]:
    bounds = (
        ("timestamp", query.start_time, query.end_time),
        ("confidence", query.min_confidence, query.max_confidence),
        ("duration", query.min_duration, query.max_duration),
    )
    for column, least, most in bounds:
        if least is not None:
            yield Term(column, f"{column} >= ?", (least,))
        if most is not None:
            yield Term(column, f"{column} <= ?", (most,))
    if query.last_seconds is not None:
        newest = f"(SELECT max(timestamp) FROM {dialect.table})"  # noqa: S608 - our own name
        yield Term("timestamp", f"timestamp >= {newest} - ?", (query.last_seconds,))
    if query.last_wall_seconds is not None:
        yield Term("added_at", "added_at >= ?", (now - query.last_wall_seconds,))


def _after(cursor: Cursor) -> Term:
    down = cursor.order.startswith("-")
    column = cursor.order.removeprefix("-")
    if column == "added":
        last = _last_seq(cursor, down)
        return Term("seq", "seq < ?" if down else "seq > ?", (last,))
    sign = "<" if down else ">"
    return Term(column, f"({column}, seq) {sign} (?, ?)", (cursor.key, cursor.seq))


def _last_seq(cursor: Cursor, down: bool) -> int:
    """Of the order by ``seq``, where key and ``seq`` may differ in a cursor somebody wrote."""
    key = max(-MOST_SEQ, min(cursor.key, MOST_SEQ))
    if key != floor(key):
        return ceil(key) if down else floor(key)
    if down:
        return int(key) + (cursor.seq > key)
    return int(key) - (cursor.seq < key)


def _as_written(key: str, canonical: str) -> str:
    """What is in the text of all metadata with that key and value, as `json_texts` writes it."""
    value = json.loads(canonical)
    written_key, written = json_texts([key, value])
    return f"{written_key}:" + ("" if isinstance(value, (dict, list)) else written)
