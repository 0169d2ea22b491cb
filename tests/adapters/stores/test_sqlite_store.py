"""The store in a SQLite file keeps the contract."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from adapters.stores.store_folders import made_in_memory
from overshoot.adapters.stores.sqlite import SqliteStore
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.contracts.durable_store import (
    DurableStoreContract,
    DurableStoreMachine,
    OpenAgain,
)
from overshoot.testing.contracts.store import MakeStore
from overshoot.testing.contracts.store_machine import machine_settings


class TestSqliteStore(DurableStoreContract):
    @pytest.fixture
    def make_store(self, folder_in_memory: Path) -> MakeStore:
        numbers = count()
        return lambda clock: SqliteStore(folder_in_memory / f"{next(numbers)}.db", clock=clock)

    @pytest.fixture
    def open_again(self) -> OpenAgain:
        return open_again


def open_again(store: Store, clock: Clock) -> Store:
    assert isinstance(store, SqliteStore)
    return SqliteStore(store.path, clock=clock)


class SqliteMachine(DurableStoreMachine):
    def make_store(self, clock: Clock) -> Store:
        self.folder = made_in_memory()
        return SqliteStore(Path(self.folder.name) / "actions.db", clock=clock)

    def open_again(self, store: Store, clock: Clock) -> Store:
        return open_again(store, clock)

    def teardown(self) -> None:
        with self.folder:
            super().teardown()


TestSqliteMachine = SqliteMachine.TestCase
TestSqliteMachine.settings = machine_settings(max_examples=60, steps=20)
