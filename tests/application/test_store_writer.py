"""`StoreWriter`: nothing waits for the store, nothing is lost in silence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from overshoot import ConfigurationError, DetectedAction
from overshoot.application import store_writer
from overshoot.application.store_writer import StoreWriter
from overshoot.errors import OvershootError, StoreError
from overshoot.testing.waiting import until

SOON = (0.001, 0.002)


def action(number: int) -> DetectedAction:
    return DetectedAction("wave", float(number), number, 0.9)


class Shelf:
    """A store that can be made to fail, to refuse one action, or to hang."""

    def __init__(self) -> None:
        self.kept: list[DetectedAction] = []
        self.failing = threading.Event()
        self.attempts = 0
        self.tried_twice = threading.Event()
        self.let_go = threading.Event()
        self.let_go.set()
        self.refused: set[int] = set()

    def keep(self, actions: Sequence[DetectedAction]) -> None:
        self.let_go.wait(20)
        self.attempts += 1
        if self.attempts > 1:
            self.tried_twice.set()
        if self.failing.is_set():
            raise StoreError("the disk is full")
        if {each.frame_number for each in actions} & self.refused:
            raise ConfigurationError("metadata is no JSON")
        self.kept += actions


class Told:
    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.tried: list[int] = []
        self.kept_when_tried: list[bool] = []
        self.failed: list[OvershootError] = []

    def on_tried(self, each: DetectedAction) -> None:
        self.kept_when_tried.append(each in self.shelf.kept)
        self.tried.append(each.frame_number)

    async def until(self, count: int) -> None:
        await until(lambda: len(self.tried) >= count)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def told(shelf: Shelf) -> Told:
    return Told(shelf)


@pytest.fixture
def writer(shelf: Shelf, told: Told) -> StoreWriter:
    return StoreWriter(shelf.keep, tried=told.on_tried, failed=told.failed.append, pauses=SOON)


async def test_all_are_kept_in_order_and_told_afterwards(
    shelf: Shelf, told: Told, writer: StoreWriter
) -> None:
    writer.start()
    for number in range(1200):
        writer.put(action(number))
    await writer.close(patience_seconds=20)
    assert [each.frame_number for each in shelf.kept] == list(range(1200))
    assert told.tried == list(range(1200))
    assert all(told.kept_when_tried)
    assert told.failed == []


async def test_many_that_wait_are_written_at_once(
    shelf: Shelf, told: Told, writer: StoreWriter
) -> None:
    shelf.let_go.clear()
    writer.start()
    for number in range(900):
        writer.put(action(number))
    shelf.let_go.set()
    await writer.close(patience_seconds=20)
    assert len(shelf.kept) == 900
    assert shelf.attempts <= 4


async def test_a_store_that_fails_is_tried_until_it_works_and_told_of_once(
    shelf: Shelf, told: Told, writer: StoreWriter
) -> None:
    shelf.failing.set()
    writer.start()
    writer.put(action(0))
    await told.until(1)
    writer.put(action(1))
    writer.put(action(2))
    await told.until(3)
    assert shelf.kept == []
    assert [error.message for error in told.failed] == ["the disk is full"]
    await asyncio.to_thread(shelf.tried_twice.wait, 20)
    shelf.failing.clear()
    await until(lambda: len(shelf.kept) == 3)
    writer.put(action(3))
    await writer.close(patience_seconds=20)
    assert [each.frame_number for each in shelf.kept] == [0, 1, 2, 3]
    assert told.tried == [0, 1, 2, 3]
    assert told.kept_when_tried == [False, False, False, True]
    assert len(told.failed) == 1


async def test_of_several_the_one_at_fault_is_refused(
    shelf: Shelf, told: Told, writer: StoreWriter
) -> None:
    shelf.refused = {3}
    shelf.let_go.clear()
    writer.start()
    for number in range(6):
        writer.put(action(number))
    shelf.let_go.set()
    await writer.close(patience_seconds=20)
    assert [each.frame_number for each in shelf.kept] == [0, 1, 2, 4, 5]
    assert told.tried == [0, 1, 2, 3, 4, 5]
    assert [error.message for error in told.failed] == ["metadata is no JSON"]


async def test_what_cannot_be_kept_by_the_end_is_told(
    shelf: Shelf, told: Told, writer: StoreWriter
) -> None:
    shelf.failing.set()
    writer.start()
    for number in range(3):
        writer.put(action(number))
    await told.until(3)
    await writer.close(patience_seconds=0.01)
    assert shelf.kept == []
    assert told.tried == [0, 1, 2]
    assert "last 3 actions" in told.failed[-1].message
    assert [type(error) for error in told.failed] == [StoreError, StoreError]


async def test_a_store_that_hangs_holds_up_neither_the_loop_nor_the_end(
    shelf: Shelf, told: Told, writer: StoreWriter
) -> None:
    shelf.let_go.clear()
    writer.start()
    writer.put(action(0))
    await writer.close(patience_seconds=0.01)
    assert "last 1 actions" in told.failed[-1].message
    shelf.let_go.set()
    for thread in threading.enumerate():
        if thread.name == "overshoot-store":
            await asyncio.to_thread(thread.join, 20)


async def test_more_than_fit_are_told_and_not_kept(
    shelf: Shelf, told: Told, writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_writer, "MOST_WAITING", 2)
    shelf.let_go.clear()
    writer.start()
    for number in range(3):
        writer.put(action(number))
    assert "2.0 s is not kept" in told.failed[0].message
    shelf.let_go.set()
    await writer.close(patience_seconds=20)
    assert [each.frame_number for each in shelf.kept] == [0, 1]
    assert sorted(told.tried) == [0, 1, 2]


async def test_a_foreign_stores_error_is_one_of_ours(told: Told) -> None:
    def keep(actions: Sequence[DetectedAction]) -> None:
        raise OSError("no such host")

    writer = StoreWriter(keep, tried=told.on_tried, failed=told.failed.append, pauses=SOON)
    writer.start()
    writer.put(action(7))
    await told.until(1)
    await writer.close(patience_seconds=0.01)
    assert "'wave' at 7.0 s: OSError: no such host" in told.failed[0].message


async def test_one_that_was_never_started_closes() -> None:
    writer = StoreWriter(lambda actions: None, tried=lambda each: None, failed=lambda error: None)
    await writer.close(patience_seconds=1)
