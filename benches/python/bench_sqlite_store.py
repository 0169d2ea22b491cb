"""The store in a SQLite file beside bare SQL, in one run.

    python benches/python/bench_sqlite_store.py [actions]

Adding: ``SqliteStore.add`` beside one ``executemany`` of ready rows into a file with the same
tables, indexes and settings. Finding: a query of a hundred actions among a million (or as many as
are given) beside ``execute`` and ``fetchall`` of the very statement that the store runs. Answers
are compared before anything is timed; rounds take turns, so a noisy machine is noisy for both.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from overshoot.adapters.clocks import SystemClock
from overshoot.adapters.stores.sql_rows import ADDED, rows, stored
from overshoot.adapters.stores.sql_statements import FOUND, Statement
from overshoot.adapters.stores.sql_terms import terms
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.adapters.stores.sqlite_plan import SQLITE, planned
from overshoot.adapters.stores.sqlite_schema import save_prompts
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery

if TYPE_CHECKING:
    from overshoot.domain.stored import StoredAction

NAMES = [f"action {n}" for n in range(12)]
ADD_AT_ONCE = 20_000
ADD_ROUNDS = 9
FIND_ROUNDS = 60
FAR_APART = {"long ones"}
LEAST_SHARE = 0.6
MOST_TIMES = 2.0
MOST_SECONDS = 0.010


def actions(first: int, count: int) -> list[DetectedAction]:
    """As ActionDetector makes them, twelve keys of metadata each."""
    chance = random.Random(first)  # noqa: S311 - the same actions each time
    return [
        DetectedAction(
            chance.choice(NAMES),
            timestamp=n * 0.1,
            frame_number=n * 3,
            confidence=chance.random(),
            duration=chance.expovariate(0.5),
            metadata={
                "session_id": f"session {n // 1000}",
                "source": f"camera:{n % 4}",
                "stream_id": f"str_{n // 1000:016x}",
                "model": "some-model-2.0",
                "prompt": "Which of these actions do you see? Answer with JSON.",
                "prompt_version": n % 3,
                "inference_latency_ms": 300 + chance.random() * 100,
                "total_latency_ms": 400 + chance.random() * 100,
                "timestamp_from": "video",
                "peak_confidence": chance.random(),
                "mean_confidence": chance.random(),
                "schema_version": 1,
            },
        )
        for n in range(first, first + count)
    ]


def queries(count: int) -> dict[str, ActionQuery]:
    end = count * 0.1
    return {
        "one name, time range": ActionQuery(
            action=NAMES[3], start_time=end / 2, end_time=end / 2 + 120
        ),
        "two names, confidence": ActionQuery(
            action=NAMES[:2], min_confidence=0.5, order="-timestamp", limit=100
        ),
        "rare confidence": ActionQuery(min_confidence=1 - 100 / count),
        "common confidence": ActionQuery(min_confidence=0.5, start_time=end / 3, limit=100),
        "long ones": ActionQuery(min_duration=15, order="-timestamp", limit=100),
        "one session": ActionQuery(session=f"session {count // 2000}", limit=100),
        "last seconds": ActionQuery(last_seconds=9.9),
        "text of the prompt": ActionQuery(prompt_contains="which of", limit=100),
        "surest": ActionQuery(order="-confidence", limit=100),
    }


def adding(folder: Path) -> bool:
    clock = SystemClock()
    store = SqliteStore(folder / "ours.db", clock=clock)
    SqliteStore(folder / "bare.db", clock=clock).close()
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("synchronous = FULL", "cache_size = -16384"):
        bare.execute(f"PRAGMA {pragma}")
    insert = f"INSERT INTO actions ({ADDED}) VALUES ({', '.join('?' * 10)})"  # noqa: S608
    ours, theirs = [], []
    for turn in range(ADD_ROUNDS):
        some = actions(turn * ADD_AT_ONCE, ADD_AT_ONCE)
        prompts: dict[str, tuple[bytes, str]] = {}
        ready = list(rows(some, time(), prompts))
        for work in ("ours", "theirs") if turn % 2 else ("theirs", "ours"):
            start = perf_counter()
            if work == "ours":
                store.add(some)
                ours.append(perf_counter() - start)
            else:
                bare.execute("BEGIN IMMEDIATE")
                bare.executemany(insert, ready)
                save_prompts(bare, prompts)
                bare.execute("COMMIT")
                theirs.append(perf_counter() - start)
    all_sql = f"SELECT {FOUND} FROM actions ORDER BY seq"  # noqa: S608
    there = stored(bare.execute(all_sql).fetchall())
    bare.close()
    kept = store.select(ActionQuery(order="added"))
    store.close()
    assert [(e.seq, e.action) for e in kept] == [(e.seq, e.action) for e in there]
    share = median(theirs) / median(ours)
    print(f"add {ADD_AT_ONCE} at once, {ADD_ROUNDS} rounds in turn; answers equal")
    for name, times in (("executemany of ready rows", theirs), ("SqliteStore.add", ours)):
        print(f"  {name:28} {ADD_AT_ONCE / median(times):10,.0f} rows/s")
    print(f"  share of the bare rows/s     {share:10.2f}   (at least {LEAST_SHARE})")
    return share >= LEAST_SHARE


def timed(work: Callable[[], Any], times: list[float]) -> Any:
    start = perf_counter()
    answer = work()
    times.append(perf_counter() - start)
    return answer


def finding(folder: Path, count: int) -> bool:
    store = SqliteStore(folder / "many.db", clock=SystemClock())
    for first in range(0, count, 50_000):
        store.add(actions(first, min(50_000, count - first)))
    bare = sqlite3.connect(folder / "many.db")
    bare.execute("PRAGMA cache_size = -16384")
    print(f"find among {count:,} actions, {FIND_ROUNDS} rounds in turn; answers equal")
    print(f"  {'':24} {'found':>6} {'bare ms':>9} {'ours ms':>9} {'ratio':>7}")
    good = True
    for name, query in queries(count).items():
        asked = terms(query, SQLITE, time()) or []
        # The store finds out by itself when rows in their order take too long.
        statement = planned(
            bare, query, asked, FOUND, few=count // 100 if name in FAR_APART else None
        )
        good &= compared(name, store, bare, query, statement)
    bare.close()
    store.close()
    return good


def compared(
    name: str, store: SqliteStore, bare: sqlite3.Connection, query: ActionQuery, sql: Statement
) -> bool:
    def plain() -> list[Any]:
        return bare.execute(sql.sql, sql.values).fetchall()

    def fetched(found: list[StoredAction]) -> list[Any]:
        return [(each.seq, each.added_at, each.action) for each in found]

    wanted = stored(plain())
    assert fetched(store.select(query)) == fetched(wanted)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(FIND_ROUNDS):
        timed(plain, theirs)
        timed(lambda: store.select(query), ours)
    ratio = median(ours) / median(theirs)
    line = f"{median(theirs) * 1e3:9.3f} {median(ours) * 1e3:9.3f} {ratio:7.2f}"
    print(f"  {name:24} {len(wanted):6} {line}")
    return ratio < MOST_TIMES and median(ours) < MOST_SECONDS


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"SQLite {sqlite3.sqlite_version}, Python {sys.version.split()[0]}")
    with TemporaryDirectory() as folder:
        good = adding(Path(folder))
        good &= finding(Path(folder), count)
    print(f"wanted: ratio below {MOST_TIMES}, {MOST_SECONDS * 1e3:.0f} ms at most: {good}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
