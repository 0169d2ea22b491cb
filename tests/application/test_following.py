"""`Follower`: each action once, in order, for threads and for event loops."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest

from overshoot import StoreError
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.application import following
from overshoot.application.following import Follower
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import StoredAction


def action(number: int, name: str = "wave") -> DetectedAction:
    return DetectedAction(name, 0.0, number, 1.0)


def numbers(follower: Follower, count: int) -> list[int]:
    return [each.frame_number for each in islice(follower, count)]


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    store = MemoryStore()
    yield store
    store.close()


@pytest.fixture
def follower(store: MemoryStore) -> Follower:
    return Follower(store, ActionQuery(), 0)


@pytest.fixture
def no_thread_stays() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name == "overshoot-follower":
            thread.join(30)
            assert not thread.is_alive()


pytestmark = pytest.mark.usefixtures("no_thread_stays")


def test_what_is_there_is_given_in_order(store: MemoryStore, follower: Follower) -> None:
    store.add([action(0), action(1)])
    store.add([action(2)])
    assert numbers(follower, 2) == [0, 1]
    assert follower.seq == 2
    assert numbers(follower, 1) == [2]


def test_more_than_is_read_at_once(
    store: MemoryStore, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_AT_ONCE", 3)
    follower = Follower(store, ActionQuery(), 0)
    store.add([action(number) for number in range(10)])
    assert numbers(follower, 10) == list(range(10))


def test_only_what_was_asked_for_after_since(store: MemoryStore) -> None:
    store.add([action(0), action(1, "nod"), action(2)])
    follower = Follower(store, ActionQuery(action="wave", order="-timestamp", limit=1), 1)
    store.add([action(3, "nod"), action(4)])
    assert numbers(follower, 2) == [2, 4]


def test_it_waits_for_what_is_added(store: MemoryStore, follower: Follower) -> None:
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(numbers, follower, 30)
        for number in range(10):
            store.add([action(number * 3 + more) for more in range(3)])
        assert reading.result(30) == list(range(30))


def test_what_does_not_match_keeps_nobody_awake() -> None:
    class Counting(MemoryStore):
        selected = 0

        def select(self, query: ActionQuery) -> list[StoredAction]:
            self.selected += 1
            return super().select(query)

        def wait(self, after: int, timeout_seconds: float) -> bool:
            if super().wait(after, 0.0):
                raise AssertionError("it was told of this one already")
            waves.close()
            return False

    store = Counting()
    waves = Follower(store, ActionQuery(action="wave"), 0)
    store.add([action(0, "nod")])
    assert list(waves) == []
    assert store.selected == 1


def test_it_goes_on_after_clear(store: MemoryStore, follower: Follower) -> None:
    store.add([action(0)])
    assert numbers(follower, 1) == [0]
    store.add([action(1)])
    store.clear()
    store.add([action(2)])
    assert numbers(follower, 1) == [2]


def test_close_ends_it_from_another_thread(store: MemoryStore, follower: Follower) -> None:
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(list, follower)
        follower.close()
        follower.close()
        assert reading.result(30) == []
    store.add([action(0)])
    assert list(follower) == []


def test_leaving_its_context_ends_it(store: MemoryStore, follower: Follower) -> None:
    store.add([action(0), action(1)])
    with follower as same:
        assert next(same).frame_number == 0
    assert list(follower) == []


def test_a_fault_is_raised_and_then_it_goes_on(store: MemoryStore) -> None:
    class Faulty(MemoryStore):
        faults = 1

        def select(self, query: ActionQuery) -> list[StoredAction]:
            if self.faults:
                self.faults -= 1
                raise StoreError("the disk is away")
            return super().select(query)

    faulty = Faulty()
    follower = Follower(faulty, ActionQuery(), 0)
    faulty.add([action(0)])
    with pytest.raises(StoreError, match="away"):
        next(follower)
    assert numbers(follower, 1) == [0]


def test_two_who_share_it_get_each_action_once(store: MemoryStore, follower: Follower) -> None:
    def read() -> list[int]:
        return [each.frame_number for each in follower]

    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read) for _ in range(2)]
        for number in range(200):
            store.add([action(number)])
        seen: list[int] = []
        while follower.seq < 200:
            threading.Event().wait(0.001)
        follower.close()
        for each in reading:
            got = each.result(30)
            assert got == sorted(got)
            seen += got
    assert sorted(seen) == list(range(200))


async def test_async_for_leaves_the_loop_free(store: MemoryStore, follower: Follower) -> None:
    seen: asyncio.Queue[int] = asyncio.Queue()

    async def read() -> None:
        async for each in follower:
            seen.put_nowait(each.frame_number)

    reading = asyncio.create_task(read())
    for number in range(3):
        store.add([action(number * 2), action(number * 2 + 1)])
        assert [await seen.get(), await seen.get()] == [number * 2, number * 2 + 1]
    follower.close()
    await reading


async def test_cancelling_ends_the_waiting_and_loses_nothing(
    store: MemoryStore, follower: Follower
) -> None:
    for number in range(5):
        waiting = asyncio.create_task(anext(follower))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        store.add([action(number)])
        assert (await anext(follower)).frame_number == number


async def test_close_ends_async_for(store: MemoryStore, follower: Follower) -> None:
    async def read() -> list[int]:
        return [each.frame_number async for each in follower]

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    follower.close()
    assert await reading == []
    async with Follower(store, ActionQuery(), 0) as other:
        store.add([action(0)])
        assert (await anext(other)).frame_number == 0
    with pytest.raises(StopAsyncIteration):
        await anext(other)


async def test_a_fault_is_raised_where_it_is_awaited(
    store: MemoryStore, follower: Follower
) -> None:
    waiting = asyncio.create_task(anext(follower))
    await asyncio.sleep(0)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        await waiting


def test_a_loop_that_ends_meanwhile_disturbs_nobody(store: MemoryStore, follower: Follower) -> None:
    async def give_up() -> None:
        waiting = asyncio.create_task(anext(follower))
        await asyncio.sleep(0)
        del waiting

    asyncio.run(give_up())
    store.add([action(0)])
    assert numbers(follower, 1) == [0]


async def test_a_forgotten_one_leaves_no_thread(store: MemoryStore) -> None:
    store.add([action(0)])
    follower: Any = Follower(store, ActionQuery(), 0)
    async for each in follower:
        assert each.frame_number == 0
        break
    del follower
    gc.collect()
    for thread in threading.enumerate():
        if thread.name == "overshoot-follower":
            thread.join(30)
            assert not thread.is_alive()
