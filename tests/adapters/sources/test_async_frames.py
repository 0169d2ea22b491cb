"""Frames of the caller's async iterable, read by another thread than that of its loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from adapters.sources.made_videos import numbered_picture
from overshoot.adapters.sources.async_frames import AsyncFrames
from overshoot.domain.pushed import AsyncFramesSource
from overshoot.errors import SourceError
from overshoot.testing.contracts.source import (
    PATIENCE_SECONDS,
    MakeSource,
    SourceContract,
    opened,
    read_up_to,
)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs on a thread of its own."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever, name="process_request: loop")
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    assert not asyncio.all_tasks(running)
    running.close()


async def numbered(count: int | None = None, *, clock: float | None = 0.0) -> AsyncIterator[Any]:
    number = 0
    while count is None or number < count:
        picture = numbered_picture(number)
        yield picture if clock is None else (picture, clock + number / 10)
        number += 1
        await asyncio.sleep(0)


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what happens on other threads sets no event of this loop
        await asyncio.sleep(0)


class TestAsyncFramesOneByOne(SourceContract):
    @pytest.fixture
    def make_source(self, loop: asyncio.AbstractEventLoop) -> MakeSource:
        return lambda: (AsyncFrames(AsyncFramesSource(numbered(8), real_time=False), loop), 8)


class TestAsyncFramesWithoutEnd(SourceContract):
    @pytest.fixture
    def make_source(self, loop: asyncio.AbstractEventLoop) -> MakeSource:
        def make() -> tuple[AsyncFrames, int | None]:
            return AsyncFrames(AsyncFramesSource(numbered(), real_time=False), loop), None

        return make


def test_in_real_time_the_newest_wins(loop: asyncio.AbstractEventLoop) -> None:
    source = AsyncFrames(AsyncFramesSource(numbered(50, clock=1000.0)), loop)
    assert source.open().real_time
    ended = threading.Event()

    async def wait_for_the_end() -> None:
        await until(lambda: source.counts.pushed == 50)
        ended.set()

    asyncio.run_coroutine_threadsafe(wait_for_the_end(), loop)
    assert ended.wait(PATIENCE_SECONDS)
    frame = source.read()
    assert frame is not None
    assert (frame.timestamp, frame.index) == (1004.9, 0)
    np.testing.assert_array_equal(frame.pixels, numbered_picture(49))
    assert source.read() is None
    source.close()
    assert source.counts.superseded == 49


def test_for_analysis_none_is_lost(loop: asyncio.AbstractEventLoop) -> None:
    source = AsyncFrames(AsyncFramesSource(numbered(40), real_time=False), loop)
    assert not source.open().real_time
    frames = read_up_to(source, 100)
    source.close()
    assert [frame.timestamp for frame in frames] == [number / 10 for number in range(40)]


@pytest.mark.parametrize("real_time", [True, False])
def test_frames_without_a_timestamp_and_jpegs_are_taken(
    loop: asyncio.AbstractEventLoop, real_time: bool
) -> None:
    async def jpegs() -> AsyncIterator[bytes]:
        for number in range(3):
            yield cv2.imencode(".jpg", numbered_picture(number))[1].tobytes()

    spec = AsyncFramesSource(jpegs(), encoding="jpeg", real_time=real_time)
    with opened(AsyncFrames(spec, loop)) as source:
        frames = read_up_to(source, 5)
    assert 0.0 <= frames[0].timestamp < PATIENCE_SECONDS
    assert frames[-1].pixels.shape == (48, 64, 3)
    assert len(frames) == 3 or real_time


def test_what_the_iterable_raises_is_our_error_after_the_good_frames(
    loop: asyncio.AbstractEventLoop,
) -> None:
    async def failing() -> AsyncIterator[Any]:
        yield numbered_picture(0)
        raise OSError("camera unplugged")

    spec = AsyncFramesSource(failing(), real_time=False)
    with opened(AsyncFrames(spec, loop)) as source:
        assert source.read() is not None
        with pytest.raises(SourceError, match="OSError: camera unplugged") as caught:
            source.read()
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize(
    ("item", "encoding", "why"),
    [
        ("rubbish", None, "type str"),
        (np.zeros((3, 3)), None, "dtype float64"),
        ((numbered_picture(0), "soon"), None, "timestamp"),
        (b"rubbish", "jpeg", "no JPEG"),
        (numbered_picture(0), "jpeg", "must be bytes"),
    ],
)
def test_an_item_that_is_no_frame_is_our_error(
    loop: asyncio.AbstractEventLoop, item: Any, encoding: Any, why: str
) -> None:
    async def items() -> AsyncIterator[Any]:
        yield item

    spec = AsyncFramesSource(items(), encoding=encoding)
    with opened(AsyncFrames(spec, loop)) as source, pytest.raises(SourceError, match=why):
        source.read()


def test_close_closes_a_generator_that_waits(loop: asyncio.AbstractEventLoop) -> None:
    closed = threading.Event()

    async def endless() -> AsyncIterator[Any]:
        try:
            yield numbered_picture(0)
            await asyncio.Event().wait()
        finally:
            closed.set()

    with opened(AsyncFrames(AsyncFramesSource(endless()), loop)) as source:
        assert source.read() is not None
    assert closed.is_set()


def test_a_stopped_loop_ends_the_source() -> None:
    source: list[AsyncFrames] = []

    async def open_it() -> None:
        spec = AsyncFramesSource(numbered())
        source.append(AsyncFrames(spec, asyncio.get_running_loop()))
        source[0].open()
        await until(lambda: source[0].counts.pushed > 0)

    asyncio.run(open_it())
    assert len(read_up_to(source[0], 3)) == 1
    source[0].close()


def test_a_closed_loop_is_our_error() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    source = AsyncFrames(AsyncFramesSource(numbered()), loop)
    with pytest.raises(SourceError, match="loop"):
        source.open()
    source.close()


async def test_close_on_the_loops_own_thread_does_not_wait_for_itself() -> None:
    source = AsyncFrames(AsyncFramesSource(numbered()), asyncio.get_running_loop())
    source.open()
    await until(lambda: source.counts.pushed > 0)
    source.close()
    await until(lambda: len(asyncio.all_tasks()) == 1)
