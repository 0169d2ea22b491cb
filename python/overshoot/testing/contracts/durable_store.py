"""What a `Store` promises besides whose actions outlive the program and are seen by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeAlias

import pytest
from hypothesis.stateful import rule

from overshoot.domain.cursor import Cursor
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import StoredAction
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.contracts.store import EVERYTHING, StoreContract, action
from overshoot.testing.contracts.store_machine import StoreMachine
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.strategies import exact

OpenAgain: TypeAlias = "Callable[[Store, Clock], Store]"


class DurableStoreContract(StoreContract):
    """Subclass it and give `make_store` and `open_again`."""

    @pytest.fixture
    def open_again(self) -> OpenAgain:
        """Opens the place of a store, which may be open or closed, once more."""
        raise NotImplementedError

    @pytest.fixture
    def other(self, store: Store, open_again: OpenAgain, clock: ManualClock) -> Iterator[Store]:
        """Another one on the same place, as another program would have it."""
        other = open_again(store, clock)
        yield other
        other.close()

    def test_what_was_added_is_there_after_closing(
        self, store: Store, open_again: OpenAgain, clock: ManualClock
    ) -> None:
        store.add([action("b", 2.0, k=[1, 1.0, True, None, "ü\0"]), action("a", 1.0)])
        clock.jump_wall(0.1)
        store.add([action("late", 0.5)])
        there, latest = store.select(EVERYTHING), store.latest()
        store.close()
        again = open_again(store, clock)
        try:
            assert exact(again.select(EVERYTHING)) == exact(there)
            assert (len(again), again.latest()) == (3, latest)
            again.add([action()])
            assert again.latest() > latest
        finally:
            again.close()

    def test_seq_goes_on_after_clearing_and_closing(
        self, store: Store, open_again: OpenAgain, clock: ManualClock
    ) -> None:
        store.add([action()] * 3)
        latest = store.latest()
        store.clear()
        store.close()
        again = open_again(store, clock)
        try:
            assert (len(again), again.latest()) == (0, latest)
            again.add([action()])
            (found,) = again.select(EVERYTHING)
            assert found.seq > latest
        finally:
            again.close()

    def test_what_one_does_the_other_sees(self, store: Store, other: Store) -> None:
        store.add([action(frame_number=0)])
        assert len(other) == 1
        other.add([action(frame_number=1)])
        assert other.select(EVERYTHING) == store.select(EVERYTHING)
        assert store.latest() == other.latest()
        other.clear()
        assert (len(store), store.latest()) == (0, other.latest())

    def test_one_closes_the_other_goes_on(self, store: Store, other: Store) -> None:
        store.add([action()])
        store.close()
        other.add([action()])
        assert len(other) == 2

    def test_an_action_of_the_other_ends_a_wait(self, store: Store, other: Store) -> None:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(store.wait, store.latest(), 60.0)
            other.add([action()])
            assert waiting.result(30) is True
        assert store.wait(0, 0.0) is True

    def test_both_add_and_nobody_misses_anything(
        self, store: Store, other: Store, open_again: OpenAgain, clock: ManualClock
    ) -> None:
        reader = open_again(store, clock)

        def add(to: Store) -> None:
            for number in range(40):
                to.add([action(timestamp=float(number), frame_number=number)] * 2)

        def follow() -> list[StoredAction]:
            seen: list[StoredAction] = []
            while len(seen) < 160:
                after = seen[-1].seq if seen else 0
                assert reader.wait(after, 30.0)
                cursor = str(Cursor("added", after, after))
                seen += reader.select(ActionQuery(order="added", after=cursor))
            return seen

        try:
            with ThreadPoolExecutor(3) as pool:
                following = pool.submit(follow)
                list(pool.map(add, [store, other]))
                seen = following.result(40)
            assert seen == store.select(ActionQuery(order="added"))
            assert all(later.seq > earlier.seq for earlier, later in pairwise(seen))
        finally:
            reader.close()


class DurableStoreMachine(StoreMachine):
    """Subclass it and give `make_store` and `open_again`."""

    def open_again(self, store: Store, clock: Clock) -> Store:
        """Opens the place of a store, which is closed, once more."""
        raise NotImplementedError

    @rule()
    def close_and_open(self) -> None:
        self.store.close()
        self.store: Store = self.open_again(self.store, self.clock)
