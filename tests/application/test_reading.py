"""Reading with ``async for``: the newest items, an end, and no memory for who has left."""

from __future__ import annotations

import asyncio
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.application.reading import QUEUE_LIMIT, Readers


async def test_every_reader_gets_everything_from_its_making_on() -> None:
    readers = Readers[int]()
    first = readers.new()
    readers.put(1)
    second = readers.new()
    readers.put(2)
    readers.finish()
    assert [item async for item in first] == [1, 2]
    assert [item async for item in second] == [2]
    assert readers.dropped == 0


@given(st.integers(0, 300))
def test_a_busy_reader_finds_the_newest(count: int) -> None:
    async def play() -> None:
        readers = Readers[int]()
        reader = readers.new()
        for number in range(count):
            readers.put(number)
        readers.finish()
        assert [item async for item in reader] == list(range(count))[-QUEUE_LIMIT:]
        assert reader.dropped == readers.dropped == max(0, count - QUEUE_LIMIT)

    asyncio.run(play())


async def test_an_end_wakes_all_who_wait() -> None:
    readers = Readers[int]()
    reader = readers.new()

    async def read() -> list[int]:
        return [item async for item in reader]

    tasks = [asyncio.create_task(read()) for _ in range(3)]
    await asyncio.sleep(0)
    readers.put(7)
    await asyncio.sleep(0)
    readers.finish()
    got = await asyncio.wait_for(asyncio.gather(*tasks), 20)
    assert sorted(got, key=len) == [[], [], [7]], "each item goes to one of those who share it"


async def test_a_reader_made_after_the_end_ends_at_once() -> None:
    readers = Readers[int]()
    readers.put(1)
    readers.finish()
    with pytest.raises(StopAsyncIteration):
        await anext(readers.new())


async def test_a_cancelled_wait_loses_nothing() -> None:
    readers = Readers[int]()
    reader = readers.new()
    waiting = asyncio.create_task(asyncio.wait_for(anext(reader), 20))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    readers.put(1)
    assert await asyncio.wait_for(anext(reader), 20) == 1


async def test_a_reader_that_was_left_is_forgotten_and_loses_nothing_more() -> None:
    readers = Readers[int]()

    async def read_one() -> None:
        async for _ in readers.new():
            break

    reading = asyncio.create_task(read_one())
    await asyncio.sleep(0)
    assert len(readers) == 1
    readers.put(0)
    await reading
    del reading
    gc.collect()
    assert len(readers) == 0
    for number in range(5 * QUEUE_LIMIT):
        readers.put(number)
    assert readers.dropped == 0


async def test_what_a_reader_lost_stays_counted_when_it_is_gone() -> None:
    readers = Readers[int]()
    reader = readers.new()
    for number in range(QUEUE_LIMIT + 3):
        readers.put(number)
    del reader
    gc.collect()
    assert (len(readers), readers.dropped) == (0, 3)
