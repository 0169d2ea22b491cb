"""Every frame is counted, whatever becomes of it: captured == sent + waiting + dropped, always."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot.application.feed import RingFeed
from overshoot.application.frame_sink import MOST_CAPTURE_TIMES, FrameSink
from overshoot.domain.frame import Frame
from overshoot.domain.ledger import FrameCounts
from overshoot.errors import FrameError
from overshoot.framepath import FrameRing
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import until
from support.stream_fakes import frames, picture

SIZES = [(32, 16), (48, 64), (16, 48)]


def sink_of(clock: ManualClock | None = None) -> FrameSink:
    return FrameSink(clock or ManualClock(), RingFeed(asyncio.get_running_loop()))


def total(counts: FrameCounts) -> int:
    return counts.sent + counts.waiting + sum(counts.dropped.values())


def sized(index: int, size: tuple[int, int]) -> Frame:
    return Frame(picture(index, width=size[0], height=size[1]), index / 10, index)


class Steps:
    """Plays any order of what may happen to a sink, beside the plain rules of it."""

    def __init__(self) -> None:
        self.sink = sink_of()
        self.index = 0
        self.captured = 0
        self.waiting: int | None = None
        self.closed = False
        self.finished = False
        self.sent: list[int] = []
        self.bad = 0

    async def play(self, step: str, size: tuple[int, int]) -> None:
        await getattr(self, step)(size)
        counts = self.sink.counts()
        assert counts.captured == self.captured == total(counts)
        assert counts.sent == len(self.sent)
        assert counts.waiting == (0 if self.waiting is None or self.closed else 1)
        assert counts.dropped.get("rejected", 0) == self.bad

    async def offer(self, size: tuple[int, int]) -> None:
        self.sink.offer(sized(self.index, size), 0.0)
        self.captured += 1
        if not self.closed:
            self.waiting = self.index
        self.index += 1

    async def offer_bad(self, size: tuple[int, int]) -> None:
        self.captured += 1
        spoiled = Frame(np.zeros((*size, 4), np.uint8), 0.0, self.index)
        self.index += 1
        if self.closed:
            self.sink.offer(spoiled, 0.0)
            return
        self.bad += 1
        with pytest.raises(FrameError):
            self.sink.offer(spoiled, 0.0)

    async def drop(self, size: tuple[int, int]) -> None:
        self.captured += 1
        self.sink.drop("processor_failed")

    async def take(self, size: tuple[int, int]) -> None:
        if self.waiting is None and not self.finished:
            return
        taken = await self.sink.take()
        assert (taken is None) == (self.waiting is None)
        if taken is not None:
            assert taken[0].index == taken[1].index == self.waiting
            self.sent.append(taken[0].index)
        self.waiting = None

    async def finish(self, size: tuple[int, int]) -> None:
        self.finished = True
        self.sink.finish()

    async def close(self, size: tuple[int, int]) -> None:
        self.closed = self.finished = True
        self.sink.close()


STEPS = st.sampled_from(
    ["offer", "offer", "offer", "take", "take", "offer_bad", "drop", "finish", "close"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(STEPS, st.sampled_from(SIZES)), max_size=40))
def test_whatever_happens_the_counts_add_up(steps: list[tuple[str, tuple[int, int]]]) -> None:
    async def play() -> None:
        played = Steps()
        for step, size in steps:
            await played.play(step, size)
        assert played.sent == sorted(set(played.sent))

    asyncio.run(play())


@pytest.mark.parametrize("sizes", [SIZES[:1], SIZES])
async def test_many_threads_a_slow_consumer_and_an_end_amidst_it(
    sizes: list[tuple[int, int]],
) -> None:
    sink = sink_of()
    numbers = iter(range(10**9))
    numbering = threading.Lock()
    done = threading.Event()
    offered = [0] * 6

    def push(slot: int) -> None:
        while not done.is_set():
            with numbering:
                index = next(numbers)
            sink.offer(sized(index, sizes[index % len(sizes)]), 0.0)
            offered[slot] += 1

    threads = [threading.Thread(target=push, args=(slot,)) for slot in range(len(offered))]
    for thread in threads:
        thread.start()
    sent: list[int] = []
    async with asyncio.timeout(20):
        while len(sent) < 200:
            taken = await sink.take()
            assert taken is not None
            sent.append(taken[0].index)
            counts = sink.counts()
            assert counts.captured == total(counts)
        before = sum(offered)
        sink.close()
        await until(lambda: sum(offered) > before + 50)
    done.set()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert sent == sorted(set(sent)), "frames of several threads go out in the order they came"
    counts = sink.counts()
    assert counts.captured == sum(offered) == total(counts)
    assert (counts.sent, counts.waiting) == (len(sent), 0)


async def test_a_frame_that_was_overtaken_on_its_way_is_not_sent_after_the_later_one() -> None:
    sink = sink_of()
    first, second, third = frames(3)
    sink.offer(second, 0.0)
    assert await sink.take() is not None
    sink.offer(first, 0.0)
    waiting = asyncio.create_task(sink.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    sink.offer(third, 0.0)
    taken = await waiting
    assert taken is not None
    assert taken[0].index == 2
    counts = sink.counts()
    assert (counts.captured, counts.sent, counts.dropped) == (3, 2, {"overtaken": 1})


async def test_a_push_under_way_when_the_sink_closes_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sink = sink_of()
    inside, go_on = threading.Event(), threading.Event()
    push = FrameRing.push

    def slow(*given: Any, **how: Any) -> bool:
        inside.set()
        assert go_on.wait(20)
        return push(*given, **how)

    monkeypatch.setattr(FrameRing, "push", slow)
    thread = threading.Thread(target=sink.offer, args=(frames(1)[0], 0.0))
    thread.start()
    await asyncio.to_thread(inside.wait)
    sink.close()
    assert sink.counts() == FrameCounts()
    go_on.set()
    await asyncio.to_thread(thread.join)
    assert sink.counts() == FrameCounts(1, 0, 0, {"not_running": 1})


async def test_a_push_under_way_into_a_ring_that_is_given_up_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sink = sink_of()
    inside, go_on = threading.Event(), threading.Event()
    push = FrameRing.push

    def slow(*given: Any, **how: Any) -> bool:
        if threading.current_thread().name == "slow":
            inside.set()
            assert go_on.wait(20)
        return push(*given, **how)

    monkeypatch.setattr(FrameRing, "push", slow)
    thread = threading.Thread(target=sink.offer, args=(sized(0, SIZES[0]), 0.0), name="slow")
    thread.start()
    await asyncio.to_thread(inside.wait)
    sink.offer(sized(1, SIZES[1]), 0.0)
    go_on.set()
    await asyncio.to_thread(thread.join)
    assert sink.counts() == FrameCounts(2, 0, 1, {"overtaken": 1})


async def test_rings_of_earlier_sizes_are_not_kept() -> None:
    made: weakref.WeakSet[FrameRing] = weakref.WeakSet()
    create = FrameRing.__init__

    def remembered(ring: FrameRing, *given: Any, **how: Any) -> None:
        create(ring, *given, **how)
        made.add(ring)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FrameRing, "__init__", remembered)
        sink = sink_of()
        for index in range(300):
            sink.offer(sized(index, SIZES[index % 2]), 0.0)
    gc.collect()
    assert len(made) == 1
    assert sink.counts() == FrameCounts(300, 0, 1, {"overtaken": 299})


async def test_times_of_capture_are_not_kept_while_nothing_is_sent() -> None:
    clock = ManualClock()
    sink = sink_of(clock)
    for index, frame in enumerate(frames(5000)):
        sink.offer(frame, index / 100)
    kept: dict[int, float] = sink._captured_at
    assert len(kept) <= MOST_CAPTURE_TIMES
    await clock.advance(50.0)
    taken = await sink.take()
    assert taken is not None
    assert taken[1].captured_at == 49.99
    assert kept == {}


async def test_latency_runs_from_the_capture_to_the_sending() -> None:
    clock = ManualClock(monotonic=10.0)
    sink = sink_of(clock)
    sink.offer(frames(1)[0], 9.0)
    await clock.advance(0.5)
    taken = await sink.take()
    assert taken is not None
    assert (taken[1].captured_at, taken[1].sent_at) == (9.0, 10.5)
    assert sink.latency.percentiles().max == 1500.0


async def test_who_wants_every_frame_sent_is_told_when_there_is_room() -> None:
    sink = sink_of()
    told: list[str] = []
    sink.when_free(lambda: told.append("at once"))
    assert told == ["at once"]
    sink.offer(frames(1)[0], 0.0)
    sink.when_free(lambda: told.append("later"))
    assert told == ["at once"]
    await sink.take()
    assert told == ["at once", "later"]
    sink.finish()
    await sink.take()
    assert told == ["at once", "later"], "it is told once"


async def test_each_connection_remembers_what_it_sent_itself() -> None:
    sink = sink_of()
    first, second = sink.connection(), sink.connection()
    for frame, feed in zip(frames(2), (first, second), strict=True):
        feed.let_flow()
        sink.offer(frame, 0.0)
        assert await feed.next_frame() is not None
    sink.finish()
    assert await second.next_frame() is None
    assert sink.exhausted
    assert (first.sent.origin, second.sent.origin) == (0.0, 0.1)


async def test_a_connection_takes_no_frame_before_it_can_be_answered() -> None:
    sink = sink_of()
    feed = sink.connection()
    sink.offer(frames(1)[0], 0.0)
    waiting = asyncio.create_task(feed.next_frame())
    await asyncio.sleep(0)
    assert sink.counts().waiting == 1
    feed.let_flow()
    assert await waiting is not None
