"""What `overshoot.ports.store.Store` promises, sentence by sentence; run on every adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.ports.store import Store
from support.actions import actions, counted, filters, selected

if TYPE_CHECKING:
    from typing import Any

MakeStore: TypeAlias = "Callable[[], Store]"
EVERYTHING = ActionQuery()


def action(name: str = "waving", timestamp: float = 1.0, frame_number: int = 0) -> DetectedAction:
    return DetectedAction(name, timestamp, frame_number, 0.9, metadata={"who": [1, None, "x"]})


class StoreContract:
    """Subclass it and give `make_store`."""

    @pytest.fixture
    def make_store(self) -> MakeStore:
        """Makes an empty store."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, make_store: MakeStore) -> Store:
        return make_store()

    def test_it_is_a_store(self, store: Store) -> None:
        assert isinstance(store, Store)

    def test_a_new_one_is_empty(self, store: Store) -> None:
        assert len(store) == 0
        assert store.summary() == {}
        assert store.select(EVERYTHING) == []
        assert store.select(ActionQuery(last_seconds=5)) == []

    def test_adding_nothing_changes_nothing(self, store: Store) -> None:
        store.add(())
        assert len(store) == 0

    def test_what_is_kept_comes_back_whole(self, store: Store) -> None:
        full = DetectedAction("wave", 1.1, 33, 0.7, 0.25, {"a": {"b": [1, 2.5, "ü"]}})
        store.add([full])
        assert store.select(EVERYTHING) == [full]

    def test_the_same_action_twice_is_there_twice(self, store: Store) -> None:
        one = action()
        store.add([one, one])
        store.add([one])
        assert len(store) == 3
        assert store.select(EVERYTHING) == [one, one, one]
        assert store.summary() == {"waving": 3}

    def test_what_comes_late_is_put_in_its_place(self, store: Store) -> None:
        times = [3.0, 1.0, 2.0, 0.5, 2.5]
        for number, time in enumerate(times):
            store.add([action(timestamp=time, frame_number=number)])
        found = store.select(EVERYTHING)
        assert [each.timestamp for each in found] == sorted(times)

    def test_actions_of_one_time_stay_in_the_order_of_their_coming(self, store: Store) -> None:
        store.add([action("b", frame_number=0), action("a", frame_number=1)])
        store.add([action("b", frame_number=2)])
        for query in (EVERYTHING, ActionQuery(action=["a", "b"])):
            assert [each.frame_number for each in store.select(query)] == [0, 1, 2]

    def test_the_newest_is_that_of_the_store_and_not_of_the_name(self, store: Store) -> None:
        store.add([action("wave", 10.0), action("nod", 20.0)])
        assert store.select(ActionQuery(action="wave", last_seconds=5)) == []
        assert len(store.select(ActionQuery(action="wave", last_seconds=10))) == 1

    def test_the_summary_begins_with_the_most_frequent(self, store: Store) -> None:
        store.add([action("c"), action("a"), action("b"), action("b")])
        assert list(store.summary().items()) == [("b", 2), ("c", 1), ("a", 1)]

    def test_lists_and_dicts_are_the_callers(self, store: Store) -> None:
        store.add([action()])
        store.select(EVERYTHING).clear()
        store.summary().clear()
        assert len(store.select(EVERYTHING)) == 1
        assert store.summary() == {"waving": 1}

    def test_clear_forgets_all_and_it_goes_on(self, store: Store) -> None:
        store.add([action("old", 99.0)])
        store.clear()
        store.clear()
        assert (len(store), store.summary(), store.select(EVERYTHING)) == (0, {}, [])
        store.add([action("new", 1.0)])
        assert store.summary() == {"new": 1}
        assert len(store.select(ActionQuery(last_seconds=0))) == 1

    def test_two_stores_share_nothing(self, make_store: MakeStore) -> None:
        one, other = make_store(), make_store()
        one.add([action()])
        assert len(other) == 0

    def test_many_late_ones_are_found_again(self, store: Store) -> None:
        times = [float((n * 7919) % 5003) for n in range(5003)]
        store.add([action(timestamp=time) for time in times])
        found = [each.timestamp for each in store.select(EVERYTHING)]
        assert found == sorted(times)
        middle = store.select(ActionQuery(start_time=2000, end_time=2999.5))
        assert [each.timestamp for each in middle] == [float(n) for n in range(2000, 3000)]

    def test_threads_that_add_lose_nothing(self, store: Store) -> None:
        together = threading.Barrier(4)

        def add(worker: int) -> None:
            together.wait(20)
            for number in range(200):
                store.add([action(f"w{worker}", float(number % 10), number)] * 2)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(4)))
        assert len(store) == 1600
        assert store.summary() == {f"w{worker}": 400 for worker in range(4)}
        for worker in range(4):
            mine = store.select(ActionQuery(action=f"w{worker}"))
            order = [(each.timestamp, each.frame_number) for each in mine]
            assert order == sorted(order)

    def test_who_reads_meanwhile_sees_an_add_whole_or_not_at_all(self, store: Store) -> None:
        done = threading.Event()
        seen: list[int] = []

        def read() -> None:
            while not done.is_set():
                seen.append(len(store.select(EVERYTHING)))
                seen.append(sum(store.summary().values()))
                seen.append(len(store))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(100):
            store.add([action(timestamp=float(number % 7))] * 5)
        done.set()
        reader.join(20)
        assert all(count % 5 == 0 for count in seen)
        assert all(later >= earlier for earlier, later in pairwise(seen))


class StoreMachine(RuleBasedStateMachine):
    """A store against a plain list. Subclass it and give `make_store`."""

    def make_store(self) -> Store:
        """Makes an empty store."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make_store()
        self.kept: list[DetectedAction] = []

    @rule(added=st.lists(actions, max_size=6))
    def add(self, added: list[DetectedAction]) -> None:
        self.store.add(added)
        self.kept += added

    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.kept.clear()

    @rule(given=filters())
    def select(self, given: dict[str, Any]) -> None:
        query = ActionQuery.from_filters(given)
        assert self.store.select(query) == selected(self.kept, query)

    @invariant()
    def it_holds_what_was_added(self) -> None:
        assert len(self.store) == len(self.kept)
        assert list(self.store.summary().items()) == counted(self.kept)
        assert self.store.select(EVERYTHING) == selected(self.kept, EVERYTHING)
