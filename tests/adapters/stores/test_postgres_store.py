"""The store in PostgreSQL keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from unittest import TestCase

import pytest

from adapters.stores.postgres_server import needs_postgres, own_schema
from overshoot.adapters.stores.postgres import PostgresStore
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.contracts.durable_store import (
    DurableStoreContract,
    DurableStoreMachine,
    OpenAgain,
)
from overshoot.testing.contracts.store import MakeStore
from overshoot.testing.contracts.store_machine import machine_settings

pytestmark = needs_postgres
addresses: dict[int, str] = {}
"""Of each store that a test made, by its id."""


def made(clock: Clock, address: str) -> Store:
    store = PostgresStore(address, clock=clock)
    addresses[id(store)] = address
    return store


def open_again(store: Store, clock: Clock) -> Store:
    return made(clock, addresses[id(store)])


class TestPostgresStore(DurableStoreContract):
    @pytest.fixture
    def make_store(self) -> Iterator[MakeStore]:
        with ExitStack() as schemas:
            yield lambda clock: made(clock, schemas.enter_context(own_schema()))

    @pytest.fixture
    def open_again(self) -> OpenAgain:
        return open_again


class PostgresMachine(DurableStoreMachine):
    def make_store(self, clock: Clock) -> Store:
        self.schemas = ExitStack()
        return made(clock, self.schemas.enter_context(own_schema()))

    def open_again(self, store: Store, clock: Clock) -> Store:
        return open_again(store, clock)

    def teardown(self) -> None:
        with self.schemas:
            super().teardown()


TestPostgresMachine: type[TestCase] = PostgresMachine.TestCase
TestPostgresMachine.settings = machine_settings(max_examples=10, steps=15)  # type: ignore[attr-defined]
