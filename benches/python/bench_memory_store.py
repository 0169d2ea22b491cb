"""The memory store beside a list comprehension, over a million actions.

First every answer is compared with its definition, `ActionQuery.select`. Then both sides are timed
in turns, and the medians and their ratio are printed. The last lines say what adding costs, what an
action takes in memory, and how long adding waits while somebody reads everything.

``python benches/python/bench_memory_store.py [how many actions]``
"""

from __future__ import annotations

import random
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from time import perf_counter, sleep
from typing import Any

from overshoot.adapters.stores.memory import MemoryStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import StoredAction
from overshoot.testing.manual_clock import ManualClock

NAMES = ["walking", "waving hand", "pointing", "thumbs up", "clapping", "jumping", "falling"]
WEIGHTS = [600, 200, 100, 60, 30, 9, 1]
ROUNDS = 7
Keep = Callable[[StoredAction], bool]


def made(count: int) -> Iterator[DetectedAction]:
    """Ten a second, one in a hundred up to a minute late; a third have a duration."""
    chance = random.Random(4)  # noqa: S311 - no secrets
    for number in range(count):
        late = chance.random() * 60 if chance.random() < 0.01 else 0.0
        yield DetectedAction(
            chance.choices(NAMES, WEIGHTS)[0],
            max(0.0, number * 0.1 - late),
            number,
            chance.random(),
            None if number % 3 else chance.expovariate(0.5),
            {"session_id": f"session {number // 1000}", "source": "camera 0"},
        )


def questions(last: float) -> list[tuple[dict[str, Any], Keep]]:
    """Filters, and the same as a program without a store would say it."""
    at = float(round(last / 2))
    return [
        ({"action": "falling"}, lambda s: s.action.action == "falling"),
        (
            {"start_time": at, "end_time": at + 60},
            lambda s: at <= s.action.timestamp <= at + 60,
        ),
        ({"last_seconds": 60}, lambda s: s.action.timestamp >= last - 60),
        ({"min_confidence": 0.999}, lambda s: s.action.confidence >= 0.999),
        (
            {"action": "waving hand", "min_confidence": 0.99},
            lambda s: s.action.action == "waving hand" and s.action.confidence >= 0.99,
        ),
        (
            {"start_time": at, "end_time": at + 600, "min_confidence": 0.9},
            lambda s: at <= s.action.timestamp <= at + 600 and s.action.confidence >= 0.9,
        ),
        ({"session": "session 7"}, lambda s: s.action.metadata["session_id"] == "session 7"),
        (
            {"min_duration": 20.0},
            lambda s: s.action.duration is not None and s.action.duration >= 20,
        ),
        ({"limit": 100}, lambda s: True),
        (
            {"action": ["walking", "falling"], "limit": 100},
            lambda s: s.action.action in {"walking", "falling"},
        ),
        ({"order": "-confidence", "limit": 100}, lambda s: True),
        (
            {"action": "walking", "min_confidence": 0.5, "order": "-confidence", "limit": 100},
            lambda s: s.action.action == "walking" and s.action.confidence >= 0.5,
        ),
    ]


def seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def compare(store: MemoryStore, kept: list[StoredAction], clock: ManualClock) -> None:
    """Equal first, then timed; a list comprehension neither sorts nor cuts."""
    last = max(stored.action.timestamp for stored in kept)
    print(f"{'filters':<88} {'found':>5} {'store':>10} {'list':>11} {'ratio':>6}")
    for filters, keep in questions(last):
        query = ActionQuery.from_filters(filters)
        found = store.select(query)
        assert found == query.select(kept, now=clock.wall()), filters
        whole = ActionQuery.from_filters({**filters, "limit": None})
        listed = {stored.seq for stored in kept if keep(stored)}
        assert listed == {stored.seq for stored in store.select(whole)}, filters
        ours, theirs = in_turns(
            partial(store.select, query),
            partial(comprehend, kept, keep),
        )
        print(
            f"{filters!s:<88} {len(found):>5} {ours * 1000:>7.3f} ms {theirs * 1000:>8.2f} ms"
            f" {theirs / ours:>5.0f}x"
        )


def comprehend(kept: list[StoredAction], keep: Keep) -> list[StoredAction]:
    return [stored for stored in kept if keep(stored)]


def in_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Medians in seconds."""
    times = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return median(time for time, _ in times), median(time for _, time in times)


def fill(store: MemoryStore, actions: list[DetectedAction]) -> None:
    """One after the other, as a detector adds them."""
    tenth = len(actions) // 10
    for start in range(0, len(actions), tenth):
        some = actions[start : start + tenth]
        spent = seconds(partial(add_each, store, some))
        if start in {0, tenth * 9}:
            print(f"add: {spent / tenth * 1e6:.1f} us each, from {start:,} actions on")


def add_each(store: MemoryStore, actions: list[DetectedAction]) -> None:
    for action in actions:
        store.add((action,))


def weigh(actions: list[DetectedAction]) -> None:
    store = MemoryStore()
    tracemalloc.start()
    store.add(actions)
    print(
        f"memory: {tracemalloc.get_traced_memory()[0] / len(actions):.0f} bytes an action, besides"
    )
    tracemalloc.stop()


def add_while_reading(store: MemoryStore, extra: list[DetectedAction], filters: Any) -> None:
    """How long one add takes while another thread reads a great part, again and again."""
    done = threading.Event()
    reads = 0

    def read() -> None:
        nonlocal reads
        while not done.is_set():
            store.select(ActionQuery.from_filters(filters))
            reads += 1

    reader = threading.Thread(target=read)
    reader.start()
    times: list[float] = []
    for action in extra:
        times.append(seconds(partial(store.add, (action,))))
        sleep(0.005)
    done.set()
    reader.join()
    print(
        f"add while {reads} x {filters!s} is read: median {median(times) * 1000:.2f} ms,"
        f" slowest of {len(times)} {max(times) * 1000:.1f} ms"
    )


def main(count: int) -> None:
    clock = ManualClock()
    actions = list(made(count + 1000))
    weigh(actions[: count // 10])
    store = MemoryStore(clock)
    fill(store, actions[:count])
    compare(store, store.select(ActionQuery(order="added")), clock)
    extra = actions[count:]
    for number, filters in enumerate(({}, {"min_confidence": 0.5}, {"min_confidence": 0.9})):
        add_while_reading(store, extra[number * 300 : number * 300 + 300], filters)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
