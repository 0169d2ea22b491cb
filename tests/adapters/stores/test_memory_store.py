"""The store in memory."""

from __future__ import annotations

import pytest

from contracts.store_contract import MakeStore, StoreContract
from contracts.store_machine import StoreMachine, machine_settings
from overshoot import bootstrap
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        return MemoryStore


class MemoryMachine(StoreMachine):
    def make_store(self, clock: Clock) -> Store:
        return MemoryStore(clock)


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = machine_settings(40, 20)


def test_bootstrap_makes_one() -> None:
    assert isinstance(bootstrap.memory_store(), MemoryStore)
