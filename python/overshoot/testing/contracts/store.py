"""What `overshoot.ports.store.Store` promises, sentence by sentence; run on every adapter.

An adapter derives `StoreContract` and a `StoreMachine`; one whose actions outlive the program
derives `DurableStoreContract` and a `DurableStoreMachine` instead (``durable_store_contract.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeAlias

import pytest

from overshoot import ConfigurationError, StoreError
from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import ORDERS, Cursor, Order
from overshoot.domain.json_value import MOST_NESTED
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import ActionSummary, IntervalCount, StoredAction
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.strategies import exact

MakeStore: TypeAlias = "Callable[[Clock], Store]"
EVERYTHING = ActionQuery()


def action(
    name: str = "waving",
    timestamp: float = 1.0,
    frame_number: int = 0,
    confidence: float = 0.9,
    **metadata: Any,
) -> DetectedAction:
    return DetectedAction(name, timestamp, frame_number, confidence, None, metadata)


def frames(store: Store, **filters: Any) -> list[int]:
    """The frame numbers of what is found, which tests use as names of actions."""
    return [each.action.frame_number for each in store.select(ActionQuery(**filters))]


def pages(store: Store, limit: int, **filters: Any) -> Iterator[list[StoredAction]]:
    """All pages, one after the other."""
    after: str | None = None
    order: Order = filters.get("order", "timestamp")
    while page := store.select(ActionQuery(**filters, limit=limit, after=after)):
        yield page
        after = str(Cursor.of(order, page[-1]))


class StoreContract:
    """Subclass it and give `make_store`."""

    @pytest.fixture
    def make_store(self) -> MakeStore:
        """Makes an empty store of that clock; another one at each call."""
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def store(self, make_store: MakeStore, clock: ManualClock) -> Iterator[Store]:
        store = make_store(clock)
        yield store
        store.close()

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)

    def test_a_new_one_is_empty(self, store: Store) -> None:
        assert (len(store), store.latest()) == (0, 0)
        assert store.select(EVERYTHING) == []
        assert store.select(ActionQuery(last_seconds=5)) == []
        assert store.summarize(EVERYTHING) == []
        assert store.count_by_interval(EVERYTHING, 1.0) == []

    def test_adding_nothing_changes_nothing(self, store: Store) -> None:
        store.add(())
        assert (len(store), store.latest()) == (0, 0)

    # What is kept.

    def test_what_is_kept_comes_back_whole(self, store: Store, clock: ManualClock) -> None:
        metadata = {"a": {"b": [1, 2.5, "ü\0", None]}, "huge": 10**40, "tiny": 5e-324, "on": True}
        full = DetectedAction("wave", 0.1 + 0.2, 2**63 - 1, 1 / 3, 1e15, metadata)
        bare = DetectedAction("=1+1 \U0001f44b", 1e15, 0, 0.0)
        store.add([full, bare])
        first, second = store.select(EVERYTHING)
        wanted = [
            StoredAction(first.seq, full, clock.wall()),
            StoredAction(second.seq, bare, clock.wall()),
        ]
        assert exact([first, second]) == exact(wanted)

    def test_the_same_action_twice_is_there_twice(self, store: Store) -> None:
        one = action()
        store.add([one, one])
        store.add([one])
        assert len(store) == 3
        assert [stored.action for stored in store.select(EVERYTHING)] == [one, one, one]

    def test_it_was_added_when_the_clock_said_so(self, store: Store, clock: ManualClock) -> None:
        store.add([action(frame_number=0)])
        clock.jump_wall(60.25)
        store.add([action(frame_number=1)] * 2)
        clock.jump_wall(-3600)
        store.add([action(frame_number=2)])
        start = 1_700_000_000.0
        found = [stored.added_at for stored in store.select(EVERYTHING)]
        assert found == [start, start + 60.25, start + 60.25, start + 60.25 - 3600]

    def test_seq_counts_what_was_added_in_its_order(self, store: Store) -> None:
        store.add([action(timestamp=9.0, frame_number=0), action(timestamp=3.0, frame_number=1)])
        store.add([action(timestamp=5.0, frame_number=2)])
        found = store.select(ActionQuery(order="added"))
        assert [stored.action.frame_number for stored in found] == [0, 1, 2]
        seqs = [stored.seq for stored in found]
        assert seqs[0] >= 1
        assert seqs[1] == seqs[0] + 1
        assert seqs[2] > seqs[1]
        assert store.latest() == seqs[2]

    @pytest.mark.parametrize(
        "wrong",
        [float("nan"), float("inf"), {1, 2}, (1, 2), b"x", object, {3: 4}, "\ud800", 1j],
        ids=repr,
    )
    def test_metadata_that_is_not_json_is_refused(self, store: Store, wrong: object) -> None:
        store.add([action()])
        latest = store.latest()
        places: list[dict[str, Any]] = [{"deep": [{"er": wrong}]}, {"at once": wrong}]
        for at in places:
            with pytest.raises(ConfigurationError) as caught:
                store.add([action(), action(**at), action()])
            assert caught.value.details["field"] == "metadata"
        assert (len(store), store.latest()) == (1, latest)
        store.add([action()])
        assert len(store) == 2

    def test_metadata_may_be_nested_so_deep_and_no_deeper(self, store: Store) -> None:
        def nested(lists: int) -> Any:
            return [] if lists == 1 else [nested(lists - 1)]

        deepest = action(k=nested(MOST_NESTED))
        store.add([deepest])
        assert store.select(ActionQuery(metadata={"k": nested(MOST_NESTED)}))[0].action == deepest
        with pytest.raises(ConfigurationError, match="nested deeper than"):
            store.add([action(k=nested(MOST_NESTED + 1))])

    # What is found. The machine compares all filters with their definition.

    def test_what_comes_late_is_put_in_its_place(self, store: Store) -> None:
        times = [3.0, 1.0, 2.0, 0.5, 2.5]
        for number, time in enumerate(times):
            store.add([action(timestamp=time, frame_number=number)])
        found = store.select(EVERYTHING)
        assert [each.action.timestamp for each in found] == sorted(times)

    @pytest.mark.parametrize("order", ORDERS)
    def test_equals_stay_in_the_order_of_their_coming(self, store: Store, order: Order) -> None:
        store.add([action("b", frame_number=0), action("a", frame_number=1)])
        store.add([action("b", frame_number=2)])
        wanted = [2, 1, 0] if order.startswith("-") else [0, 1, 2]
        assert frames(store, order=order) == wanted
        assert frames(store, order=order, action=["a", "b"]) == wanted
        assert frames(store, order=order, limit=2) == wanted[:2]

    def test_the_newest_is_that_of_the_store_and_not_of_the_name(self, store: Store) -> None:
        store.add([action("wave", 10.0), action("nod", 20.0)])
        assert store.select(ActionQuery(action="wave", last_seconds=5)) == []
        assert len(store.select(ActionQuery(action="wave", last_seconds=10))) == 1

    def test_last_wall_seconds_asks_the_clock(self, store: Store, clock: ManualClock) -> None:
        store.add([action(frame_number=0)])
        clock.jump_wall(10)
        store.add([action(frame_number=1)])
        clock.jump_wall(5)
        assert frames(store, last_wall_seconds=5) == [1]
        assert frames(store, last_wall_seconds=4.5) == []
        assert frames(store, last_wall_seconds=15) == [0, 1]
        clock.jump_wall(-100)
        store.add([action(frame_number=2)])
        assert frames(store, last_wall_seconds=0) == [0, 1, 2]

    def test_text_is_not_a_pattern(self, store: Store) -> None:
        prompts = ["100% sure?", "100 sure", "a_b", "axb", "a\\b", "'; --", "nul\0nul", 100, None]
        store.add([action(frame_number=n, prompt=text) for n, text in enumerate(prompts)])
        store.add([action(frame_number=99)])
        assert frames(store, prompt_contains="0%") == [0]
        assert frames(store, prompt_contains="a_b") == [2]
        assert frames(store, prompt_contains="\\") == [4]
        assert frames(store, prompt_contains="'; --") == [5]
        assert frames(store, prompt_contains="L\0N") == [6]
        assert frames(store, prompt_contains="") == [0, 1, 2, 3, 4, 5, 6]

    def test_case_is_that_of_all_languages(self, store: Store) -> None:
        for number, text in enumerate(["STRASSE", "Straße", "ÇA VA", "ΣΊΣΥΦΟΣ"]):
            store.add([action(frame_number=number, prompt=text)])
        assert frames(store, prompt_contains="straße") == [0, 1]
        assert frames(store, prompt_contains="ça") == [2]
        assert frames(store, prompt_contains="ίσυφος") == [3]

    def test_metadata_is_compared_with_its_type(self, store: Store) -> None:
        values: list[Any] = [1, 1.0, True, "1", None, [1], [1.0], {"a": 1, "b": []}]
        for number, value in enumerate(values):
            store.add([action(frame_number=number, k=value)])
        store.add([action(frame_number=99)])
        found = [frames(store, metadata={"k": value}) for value in (1, 1.0, True, "1", None)]
        assert found == [[0], [1], [2], [3], [4]]
        assert frames(store, metadata={"k": [1.0]}) == [6]
        assert frames(store, metadata={"k": {"b": [], "a": 1}}) == [7]
        assert frames(store, metadata={"k": 1, "other": 1}) == []

    def test_session_and_source_are_texts(self, store: Store) -> None:
        store.add([action(frame_number=0, session_id="1", source="cam")])
        store.add([action(frame_number=1, session_id=1, source="file")])
        store.add([action(frame_number=2, session_id="2", source="cam")])
        assert frames(store, session="1") == [0]
        assert frames(store, session=["1", "2"], source="cam") == [0, 2]
        assert frames(store, session=[]) == []

    def test_values_at_the_edge_of_what_can_be_asked(self, store: Store) -> None:
        store.add([action(prompt="nul\0nul", session_id="a\0b")])
        assert frames(store, start_time=-(10**400), end_time=10**400) == [0]
        assert frames(store, start_time=float("-inf"), end_time=float("inf")) == [0]
        assert frames(store, start_time=1e300) == []
        assert frames(store, last_seconds=10**400, last_wall_seconds=float("inf")) == [0]
        assert frames(store, min_duration=10**400) == []
        assert frames(store, action="wav\0ing") == []
        assert frames(store, session=["a\0b", ""], prompt_contains="\0") == [0]
        assert frames(store, metadata={"session_id": "a\0b"}) == [0]
        assert frames(store, metadata={"\0": "\0"}) == []
        assert frames(store, limit=2**31 - 1) == [0]
        assert frames(store, after=f"timestamp~-inf~{2**63 - 1}") == [0]
        assert frames(store, after=f"timestamp~inf~{2**63 - 1}") == []
        assert frames(store, order="-added", after=f"-added~1e308~{2**63 - 1}") == [0]

    def test_lists_are_the_callers(self, store: Store) -> None:
        store.add([action()])
        store.select(EVERYTHING).clear()
        store.summarize(EVERYTHING).clear()
        store.count_by_interval(EVERYTHING, 1.0).clear()
        assert len(store.select(EVERYTHING)) == 1
        assert len(store.summarize(EVERYTHING)) == 1
        assert len(store.count_by_interval(EVERYTHING, 1.0)) == 1

    def test_many_late_ones_are_found_again(self, store: Store) -> None:
        times = [float((n * 7919) % 5003) for n in range(5003)]
        store.add([action(timestamp=time) for time in times])
        found = [each.action.timestamp for each in store.select(EVERYTHING)]
        assert found == sorted(times)
        middle = store.select(ActionQuery(start_time=2000, end_time=2999.5))
        assert [each.action.timestamp for each in middle] == [float(n) for n in range(2000, 3000)]

    @pytest.mark.parametrize("order", ORDERS)
    @pytest.mark.parametrize("limit", [1, 3, 1000])
    def test_pages_are_the_whole_list(self, store: Store, order: Order, limit: int) -> None:
        store.add([action("ab"[n % 2], float(n % 3), n, (n % 4) / 4) for n in range(20)])
        asked: list[dict[str, Any]] = [
            {},
            {"action": "a"},
            {"min_confidence": 0.5, "last_seconds": 1},
        ]
        for filters in asked:
            whole = store.select(ActionQuery(order=order, **filters))
            paged = list(pages(store, limit, order=order, **filters))
            assert [stored for page in paged for stored in page] == whole
            assert all(len(page) == limit for page in paged[:-1])

    @pytest.mark.parametrize("order", ORDERS)
    def test_what_is_added_between_pages_moves_nothing(self, store: Store, order: Order) -> None:
        store.add([action("old", float(n % 3), n, (n % 4) / 4) for n in range(12)])
        there = store.select(ActionQuery(order=order))
        paged: list[StoredAction] = []
        for page in pages(store, 2, order=order):
            paged += page
            if len(paged) < 20:
                store.add([action("new", float(n), n, n / 4) for n in range(3)])
        assert len({stored.seq for stored in paged}) == len(paged)
        assert [stored for stored in paged if stored.action.action == "old"] == there

    # What is counted.

    def test_the_summary_begins_with_the_most_frequent(self, store: Store) -> None:
        store.add([action("c", 4.0), action("a", 3.0), action("b", 2.0), action("b", 1.0)])
        store.add([DetectedAction("b", 5.0, 0, 1.0, 1.5), DetectedAction("b", 4.0, 0, 1.0, 0.25)])
        assert store.summarize(EVERYTHING) == [
            ActionSummary("b", 4, 1.75, 1.0, 5.0),
            ActionSummary("c", 1, 0.0, 4.0, 4.0),
            ActionSummary("a", 1, 0.0, 3.0, 3.0),
        ]
        some = ActionQuery(action=["a", "b"], order="-timestamp", limit=3)
        assert store.summarize(some) == [
            ActionSummary("b", 2, 1.75, 4.0, 5.0),
            ActionSummary("a", 1, 0.0, 3.0, 3.0),
        ]

    def test_intervals_begin_at_zero_and_only_some_are_there(self, store: Store) -> None:
        store.add([action("b", t) for t in (0.0, 1.999, 2.0, 7.5)] + [action("a", 2.5)])
        assert store.count_by_interval(EVERYTHING, 2.0) == [
            IntervalCount(0, "b", 2),
            IntervalCount(1, "a", 1),
            IntervalCount(1, "b", 1),
            IntervalCount(3, "b", 1),
        ]
        assert store.count_by_interval(ActionQuery(start_time=2, limit=1), 2.0) == [
            IntervalCount(1, "b", 1)
        ]

    @pytest.mark.parametrize("wrong", [0, -1, 0.0009, float("nan"), float("inf"), True, "1", None])
    def test_what_is_no_interval_is_refused(self, store: Store, wrong: Any) -> None:
        with pytest.raises(ConfigurationError, match="interval"):
            store.count_by_interval(EVERYTHING, wrong)

    # Forgetting.

    def test_clear_forgets_all_and_it_goes_on(self, store: Store) -> None:
        store.add([action("old", 99.0)])
        before = store.latest()
        store.clear()
        store.clear()
        assert (len(store), store.latest()) == (0, before)
        assert store.select(EVERYTHING) == []
        assert store.summarize(EVERYTHING) == []
        store.add([action("new", 1.0)])
        assert [each.action for each in store.summarize(EVERYTHING)] == ["new"]
        (found,) = store.select(ActionQuery(last_seconds=0))
        assert found.seq == store.latest() > before

    def test_two_stores_share_nothing(self, make_store: MakeStore, clock: ManualClock) -> None:
        one, other = make_store(clock), make_store(clock)
        one.add([action()])
        assert (len(other), other.latest()) == (0, 0)
        one.close()
        other.add([action()])
        assert len(other) == 1
        other.close()

    # Waiting.

    def test_waiting_for_what_is_there_ends_at_once(self, store: Store) -> None:
        assert store.wait(0, 0.0) is False
        store.add([action(), action()])
        assert store.wait(0, 60.0) is True
        assert store.wait(store.latest() - 1, 60.0) is True
        assert store.wait(store.latest(), 0.0) is False
        store.clear()
        assert store.wait(0, 60.0) is True
        assert store.wait(store.latest(), 0.01) is False

    def test_an_action_wakes_all_who_wait(self, store: Store) -> None:
        store.add([action()])
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(store.wait, store.latest(), 60.0) for _ in range(3)]
            store.add([action()])
            assert [each.result(30) for each in waiting] == [True, True, True]

    def test_clear_wakes_nobody(self, store: Store) -> None:
        store.add([action()])
        latest = store.latest()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(store.wait, latest, 60.0)
            store.clear()
            assert len(store) == 0
            store.add([action()])
            assert waiting.result(30) is True
        assert store.latest() > latest

    # Closing.

    def test_a_closed_store_says_so(self, store: Store) -> None:
        store.add([action()])
        store.close()
        store.close()
        for call in (
            lambda: store.add([action()]),
            lambda: store.select(EVERYTHING),
            lambda: store.summarize(EVERYTHING),
            lambda: store.count_by_interval(EVERYTHING, 1.0),
            store.latest,
            lambda: store.wait(0, 60.0),
            store.clear,
            lambda: len(store),
        ):
            with pytest.raises(StoreError, match="closed"):
                call()

    def test_closing_ends_every_wait(self, store: Store) -> None:
        began = threading.Barrier(3)

        def wait() -> bool:
            began.wait(30)
            try:
                return store.wait(0, 600.0)
            except StoreError:  # it began after the store was closed
                return False

        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(wait) for _ in range(2)]
            began.wait(30)
            store.close()
            assert [each.result(30) for each in waiting] == [False, False]

    # Threads.

    def test_threads_that_add_lose_nothing(self, store: Store) -> None:
        together = threading.Barrier(4)

        def add(worker: int) -> None:
            together.wait(20)
            for number in range(200):
                store.add([action(f"w{worker}", float(number % 10), number)] * 2)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(4)))
        assert len(store) == 1600
        counts = {each.action: each.count for each in store.summarize(EVERYTHING)}
        assert counts == {f"w{worker}": 400 for worker in range(4)}
        seqs = [stored.seq for stored in store.select(ActionQuery(order="added"))]
        assert all(later > earlier for earlier, later in pairwise(seqs))
        for worker in range(4):
            added = frames(store, action=f"w{worker}", order="added")
            assert added == [number for number in range(200) for _ in range(2)]

    def test_who_reads_meanwhile_sees_an_add_whole_or_not_at_all(self, store: Store) -> None:
        done = threading.Event()

        def read() -> list[int]:
            seen: list[int] = []
            while not done.is_set():
                seen.append(len(store.select(EVERYTHING)))
                seen.append(sum(each.count for each in store.summarize(EVERYTHING)))
                seen.append(sum(each.count for each in store.count_by_interval(EVERYTHING, 2)))
                seen.append(len(store.select(ActionQuery(action="waving", min_confidence=0.5))))
                seen.append(len(store))
            return seen

        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read)
            for number in range(100):
                store.add([action(timestamp=float(number % 7))] * 5)
            done.set()
            seen = reading.result(20)
        assert all(count % 5 == 0 for count in seen)
        assert all(later >= earlier for earlier, later in pairwise(seen))

    def test_who_goes_on_where_he_was_misses_nothing(self, store: Store) -> None:
        def add(worker: int) -> None:
            for number in range(50):
                store.add([action(f"w{worker}", frame_number=number)] * 2)

        def follow() -> list[StoredAction]:
            seen: list[StoredAction] = []
            while len(seen) < 300:
                after = seen[-1].seq if seen else 0
                assert store.wait(after, 30.0)
                cursor = str(Cursor("added", after, after))
                seen += store.select(ActionQuery(order="added", after=cursor))
            return seen

        with ThreadPoolExecutor(4) as pool:
            following = pool.submit(follow)
            list(pool.map(add, range(3)))
            seen = following.result(30)
        assert seen == store.select(ActionQuery(order="added"))

    def test_nothing_appears_below_what_was_the_latest(self, store: Store) -> None:
        done = threading.Event()

        def add(worker: int) -> None:
            for number in range(50):
                store.add([action(f"w{worker}", frame_number=number)] * 2)

        def look() -> list[tuple[int, list[int]]]:
            seen: list[tuple[int, list[int]]] = []
            while not done.is_set():
                latest = store.latest()
                seen.append((latest, [each.seq for each in store.select(EVERYTHING)]))
            return seen

        with ThreadPoolExecutor(4) as pool:
            looking = pool.submit(look)
            list(pool.map(add, range(3)))
            done.set()
            seen = looking.result(30)
        every = [stored.seq for stored in store.select(EVERYTHING)]
        for latest, seqs in seen:
            assert {seq for seq in every if seq <= latest} <= set(seqs)
