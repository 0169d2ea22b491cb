"""The store in memory."""

from __future__ import annotations

from typing import Any

import pytest

from overshoot.adapters.stores import ordered
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.domain.cursor import ORDERS, Order
from overshoot.domain.query import ActionQuery
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.contracts.store import EVERYTHING, MakeStore, StoreContract, action, frames
from overshoot.testing.contracts.store_machine import StoreMachine, machine_settings


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return MemoryStore


class MemoryMachine(StoreMachine):
    """With blocks so small that a handful of actions fills several."""

    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(ordered, "BLOCK", 2)
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.patch.undo()

    def make_store(self, clock: Clock) -> Store:
        return MemoryStore(clock)


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = machine_settings(40, 20)


def test_it_hands_out_what_was_added() -> None:
    store, mine = MemoryStore(), action(k=[1])
    store.add([mine])
    assert store.select(EVERYTHING)[0].action is mine
    assert store.select(EVERYTHING)[0].added_at > 1_700_000_000


class Prompt(str):
    """A text that does something when somebody looks for another in it."""

    __slots__ = ("store",)
    store: MemoryStore

    def casefold(self) -> str:
        self.store.add([action(timestamp=0.5), action(timestamp=7.0), action(timestamp=50.0)])
        return super().casefold()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("filters", [{}, {"limit": 9}, {"session": "s"}, {"action": "waving"}])
def test_what_is_added_while_somebody_reads_is_passed_over(
    order: Order, filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordered, "BLOCK", 2)
    store, prompt = MemoryStore(), Prompt("look!")
    prompt.store = store
    store.add(
        [
            action(timestamp=float(n), frame_number=n, prompt=prompt, session_id="s")
            for n in range(9)
        ]
    )
    found = frames(store, prompt_contains="LOOK", order=order, **filters)
    assert sorted(found) == list(range(9))
    assert len(store) == 9 + 9 * 3


def test_clearing_does_not_disturb_who_reads() -> None:
    class Clearing(Prompt):
        def casefold(self) -> str:
            self.store.clear()
            return "look!"

    store, prompt = MemoryStore(), Clearing("look!")
    prompt.store = store
    store.add([action(frame_number=n, prompt=prompt) for n in range(3000)])
    assert frames(store, prompt_contains="look") == list(range(3000))
    assert len(store) == 0


def test_the_first_of_a_list_are_found_where_they_lie_last() -> None:
    """The most selective filter and the order point to opposite ends."""
    store = MemoryStore()
    store.add([action(timestamp=float(n), frame_number=n, confidence=0.1) for n in range(9000)])
    store.add([action(timestamp=9e4 + n, frame_number=9000 + n) for n in range(20)])
    assert frames(store, min_confidence=0.5, limit=3) == [9000, 9001, 9002]
    assert frames(store, min_confidence=0.5, limit=3, order="-timestamp") == [9019, 9018, 9017]
    everything = store.select(EVERYTHING)
    query = ActionQuery(min_confidence=0.5, order="-added", limit=30)
    assert store.select(query) == query.select(everything, now=0.0)


def test_so_many_stay_and_the_oldest_go() -> None:
    store = MemoryStore(most=8)
    for number in range(10):
        store.add([action(timestamp=float(number))])
    assert len(store) == 10
    reading = store.select(EVERYTHING)
    store.add([action(timestamp=10.0)])
    assert [each.seq for each in store.select(EVERYTHING)] == list(range(4, 12))
    assert store.latest() == 11
    assert len(reading) == 10
    store.add([action(timestamp=float(number)) for number in range(100)])
    assert [each.seq for each in store.select(EVERYTHING)] == list(range(104, 112))
    store.clear()
    store.add([action()])
    assert len(store) == 1
