"""The store in memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.store_contract import MakeStore, StoreContract, StoreMachine
from overshoot import bootstrap
from overshoot.adapters.stores import timeline
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.adapters.stores.timeline import Timeline
from overshoot.domain.action import DetectedAction
from overshoot.ports.store import Store


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return MemoryStore


class MemoryMachine(StoreMachine):
    def make_store(self) -> Store:
        return MemoryStore()


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_bootstrap_makes_one() -> None:
    assert isinstance(bootstrap.memory_store(), MemoryStore)


@settings(deadline=None)
@given(
    times=st.lists(st.integers(0, 20).map(float), max_size=60),
    edges=st.tuples(st.floats(-1, 21), st.floats(-1, 21)),
)
def test_a_timeline_of_tiny_blocks_is_a_sorted_list(
    times: list[float], edges: tuple[float, float]
) -> None:
    kept = Timeline()
    entries = [(t, n, DetectedAction("a", t, n, 1.0)) for n, t in enumerate(times)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline, "BLOCK", 3)
        for entry in entries:
            kept.add(entry)
    entries.sort(key=lambda entry: entry[:2])
    low, high = edges
    assert list(kept.between(low, high)) == [e for e in entries if low <= e[0] <= high]
    assert list(kept.between(float("-inf"), float("inf"))) == entries
    assert kept.newest == max(times, default=None)
