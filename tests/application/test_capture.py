"""The thread that reads a source."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from overshoot.application.capture import Capture, Pace
from overshoot.application.feed import RingFeed
from overshoot.application.frame_intake import IntakeSink
from overshoot.application.frame_sink import FrameSink
from overshoot.domain.frame import Frame
from overshoot.errors import CallbackError, OvershootError, SourceError
from overshoot.ports.source import OnSourceEvent, SourceEvent, SourceInfo
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until
from support.stream_fakes import ListSource, frames, picture


class Recorder:
    """What a capture told, and on which thread."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.ends: list[OvershootError | None] = []
        self.errors: list[OvershootError] = []
        self.dropped: list[str] = []
        self.threads: set[str] = set()
        self._ended = threading.Event()

    def on_frame(self, frame: Frame) -> None:
        self.threads.add(threading.current_thread().name)
        self.frames.append(frame)

    def on_end(self, error: OvershootError | None) -> None:
        self.ends.append(error)
        self._ended.set()

    async def ended(self) -> None:
        await until(self._ended.is_set)


@pytest.fixture
def told() -> Recorder:
    return Recorder()


def capture(
    source: ListSource,
    told: Recorder,
    *,
    processor: Callable[..., Any] | None = None,
    on_frame: Callable[[Frame], None] | None = None,
) -> Capture:
    return Capture(
        source,
        clock=ManualClock(),
        processor=processor,
        sink=IntakeSink(
            offer=lambda frame, _: (on_frame or told.on_frame)(frame),
            when_free=lambda call: call(),
            met=lambda event: None,
            drop=told.dropped.append,
            ended=told.on_end,
            fault=told.errors.append,
        ),
    )


async def test_reads_in_order_on_a_thread_of_its_own_and_ends_once(told: Recorder) -> None:
    source = ListSource(frames(5))
    with nothing_left():
        reading = capture(source, told)
        info = await reading.open()
        assert (info.width, info.height) == (32, 16)
        reading.run()
        await told.ended()
        await reading.close()
    assert [frame.index for frame in told.frames] == [0, 1, 2, 3, 4]
    assert told.ends == [None]
    assert told.threads == {"overshoot-capture"}
    assert source.closed == 1


async def test_reads_nothing_before_it_may(told: Recorder) -> None:
    source = ListSource(frames(5))
    reading = capture(source, told)
    await reading.open()
    await asyncio.sleep(0.01)
    assert source.given == 0
    await reading.close()
    assert told.frames == []


async def test_a_source_that_does_not_open_raises_its_error_and_is_released(told: Recorder) -> None:
    error = SourceError("no camera 7")
    source = ListSource(open_error=error)
    with nothing_left():
        reading = capture(source, told)
        with pytest.raises(SourceError) as caught:
            await reading.open()
        await reading.close()
    assert caught.value is error
    assert source.closed == 1
    assert told.ends == []


@pytest.mark.parametrize("fault", [ZeroDivisionError("by me"), SystemExit(3)])
async def test_whatever_a_source_raises_at_open_is_a_source_error(
    told: Recorder, fault: BaseException
) -> None:
    source = ListSource(open_error=fault)
    reading = capture(source, told)
    with pytest.raises(SourceError, match=type(fault).__name__) as caught:
        await reading.open()
    assert caught.value.__cause__ is fault
    await reading.close()


async def test_a_source_that_breaks_ends_with_its_error_after_its_frames(told: Recorder) -> None:
    error = SourceError("unplugged")
    reading = capture(ListSource(frames(3), read_error=error), told)
    await reading.open()
    reading.run()
    await told.ended()
    assert len(told.frames) == 3
    assert told.ends == [error]
    await reading.close()


async def test_a_source_that_fails_to_close_is_reported(told: Recorder) -> None:
    class Sticky(ListSource):
        def close(self) -> None:
            raise OSError("stuck")

    with nothing_left():
        reading = capture(Sticky(frames(1)), told)
        await reading.open()
        reading.run()
        await told.ended()
        await reading.close()
    assert [type(error) for error in told.errors] == [SourceError]


async def test_close_interrupts_a_waiting_read(told: Recorder) -> None:
    source = ListSource(frames(2), endless=True)
    with nothing_left():
        reading = capture(source, told)
        await reading.open()
        reading.run()
        await until(lambda: len(told.frames) == 2)
        await reading.close()
        await reading.close()
    assert source.closed == 1


async def test_close_interrupts_the_wait_for_a_frame_that_is_not_due(told: Recorder) -> None:
    far = [Frame(picture(), 0.0, 0), Frame(picture(), 3600.0, 1)]
    source = ListSource(far, live=False)
    with nothing_left():
        reading = capture(source, told)
        await reading.open()
        reading.run()
        await until(lambda: source.given == 2)
        await reading.close()
    assert [frame.index for frame in told.frames] == [0]


async def test_a_cancelled_opening_can_be_closed(told: Recorder) -> None:
    gate = threading.Event()
    source = ListSource(frames(3), gate=gate)
    with nothing_left():
        reading = capture(source, told)
        opening = asyncio.create_task(reading.open())
        await until(source.opening.is_set)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        gate.set()
        await reading.close()
    assert source.closed == 1
    assert told.frames == []


async def test_close_before_open_is_nothing(told: Recorder) -> None:
    await capture(ListSource(), told).close()


def test_a_loop_that_closes_over_a_running_capture_ends_its_thread(told: Recorder) -> None:
    many = frames(5)
    source = ListSource(many[i % 5] for i in range(10**9))

    async def leave_running() -> None:
        reading = capture(source, told, on_frame=lambda _: None)
        await reading.open()
        reading.run()

    asyncio.run(leave_running())
    for thread in threading.enumerate():
        if thread.name == "overshoot-capture":
            thread.join(20)
            assert not thread.is_alive()
    assert source.closed == 1


# --- sources that want something of their reader ------------------------------------------------


class Informed(ListSource):
    """A list of frames that says how it wants to be read."""

    def __init__(self, given: list[Frame], **info: Any) -> None:
        super().__init__(given)
        self._info = info

    def open(self) -> SourceInfo:
        return evolve(super().open(), **self._info)


async def test_a_source_that_counts_every_frame_is_neither_paced_nor_overrun() -> None:
    far_apart = [Frame(picture(n), n * 3600.0, n) for n in range(200)]
    sizes = [(32, 16), (48, 64)]
    far_apart[100:] = [
        Frame(picture(n, width=sizes[n % 2][0], height=sizes[n % 2][1]), n * 3600.0, n)
        for n in range(100, 200)
    ]
    clock, told = ManualClock(), Recorder()
    sink = FrameSink(clock, RingFeed(asyncio.get_running_loop()))
    reading = Capture(
        Informed(far_apart, live=False, real_time=False),
        clock=clock,
        processor=None,
        sink=IntakeSink(
            offer=sink.offer,
            when_free=sink.when_free,
            drop=sink.drop,
            met=lambda event: None,
            ended=told.on_end,
            fault=told.errors.append,
        ),
    )
    await reading.open()
    reading.run()
    taken: list[int] = []
    async with asyncio.timeout(20):
        while len(taken) < 200:
            frame = await sink.take()
            assert frame is not None
            taken.append(frame[0].index)
            if len(taken) % 40 == 0:
                await asyncio.sleep(0.01)  # A reader that is slow for once.
    await told.ended()
    await reading.close()
    assert taken == list(range(200))
    assert sink.counts().dropped == {}


async def test_a_stop_while_the_last_frame_is_not_taken_is_no_wait(told: Recorder) -> None:
    source = Informed(frames(5), real_time=False)
    waiting = threading.Event()
    with nothing_left():
        reading = Capture(
            source,
            clock=ManualClock(),
            processor=None,
            sink=IntakeSink(
                offer=lambda frame, _: told.on_frame(frame),
                when_free=lambda call: call() if not told.frames else waiting.set(),
                drop=told.dropped.append,
                met=lambda event: None,
                ended=told.on_end,
                fault=told.errors.append,
            ),
        )
        await reading.open()
        reading.run()
        await until(waiting.is_set)
        await reading.close()
    assert [frame.index for frame in told.frames] == [0]
    assert told.dropped == ["not_running"], "what was read and not offered is counted, too"
    assert source.given == 2


async def test_a_source_that_mends_itself_tells_through_the_sink(told: Recorder) -> None:
    class Mending(ListSource):
        on_event: OnSourceEvent | None = None

        def read(self) -> Frame | None:
            assert self.on_event is not None
            self.on_event(SourceEvent("lost", "gone"))
            return super().read()

    met: list[SourceEvent] = []
    reading = Capture(
        Mending(frames(1)),
        clock=ManualClock(),
        processor=None,
        sink=IntakeSink(
            offer=lambda frame, _: told.on_frame(frame),
            when_free=lambda call: call(),
            drop=told.dropped.append,
            met=met.append,
            ended=told.on_end,
            fault=told.errors.append,
        ),
    )
    await reading.open()
    reading.run()
    await told.ended()
    await reading.close()
    assert [event.message for event in met] == ["gone", "gone"]


# --- the processor -------------------------------------------------------------------------------


async def run_through(source: ListSource, told: Recorder, processor: Callable[..., Any]) -> None:
    ring = RingFeed(asyncio.get_running_loop())

    def on_frame(frame: Frame) -> None:
        ring.offer(frame)
        told.on_frame(frame)

    reading = capture(source, told, processor=processor, on_frame=on_frame)
    await reading.open()
    reading.run()
    await told.ended()
    await reading.close()


async def test_the_processor_gets_the_pixels_off_the_loop_and_its_frame_is_sent(
    told: Recorder,
) -> None:
    def brighten(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> Any:
        told.threads.add(threading.current_thread().name)
        pixels[:] = 200
        return pixels

    await run_through(ListSource(frames(3)), told, brighten)
    assert told.threads == {"overshoot-capture"}
    assert all(np.all(frame.pixels == 200) for frame in told.frames)
    assert [frame.timestamp for frame in told.frames] == [0.0, 0.1, 0.2]
    assert told.errors == []


async def test_a_processor_that_raises_spoils_its_frame_alone_and_is_reported_once_per_kind(
    told: Recorder,
) -> None:
    calls = iter(range(100))

    def sometimes(pixels: Any) -> Any:
        call = next(calls)
        if call % 3 == 1:
            raise KeyError(f"call {call}")
        if call % 3 == 2:
            raise ValueError(f"call {call}")
        return pixels

    await run_through(ListSource(frames(9)), told, sometimes)
    assert [frame.index for frame in told.frames] == [0, 3, 6]
    assert [type(e.cause) for e in told.errors if isinstance(e, CallbackError)] == [
        KeyError,
        ValueError,
    ]
    assert told.ends == [None]


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, "NoneType"),
        ("a picture", "str"),
        (np.zeros((4, 4), np.uint8), r"\(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros((4, 4, 3), np.float32), "float32"),
        (np.zeros((1, 20000, 3), np.uint8), "16384"),
    ],
)
async def test_a_processor_that_returns_no_frame_is_told_so_once(
    told: Recorder, returned: object, said: str
) -> None:
    await run_through(ListSource(frames(4)), told, lambda _: returned)
    assert told.frames == []
    assert told.ends == [None]
    (error,) = told.errors
    assert isinstance(error, CallbackError)
    assert error.callback == "frame_processor"
    assert error.message.startswith("frame_processor must return a BGR frame")
    assert re.search(said, error.message)


async def test_a_processor_may_return_any_size(told: Recorder) -> None:
    sizes = iter([(48, 64), (16, 16), (200, 100)])
    await run_through(ListSource(frames(3)), told, lambda _: np.zeros((*next(sizes), 3), np.uint8))
    assert len(told.frames) == 3
    assert told.errors == []


# --- the pace ------------------------------------------------------------------------------------


def test_a_frame_is_due_as_long_after_the_first_as_it_was_taken() -> None:
    pace = Pace()
    assert pace.seconds_until(5.0, now=100.0) == 0.0
    assert pace.seconds_until(5.5, now=100.0) == 0.5
    assert pace.seconds_until(6.0, now=100.75) == 0.25


def test_a_film_played_faster_is_due_sooner() -> None:
    pace = Pace(speed=4.0)
    assert pace.seconds_until(60.0, now=100.0) == 0.0
    assert pace.seconds_until(62.0, now=100.0) == 0.5
    assert Pace(speed=0.5).seconds_until(60.0, now=1.0) == 0.0


def test_a_late_frame_is_due_at_once_and_the_next_one_at_its_own_time() -> None:
    pace = Pace()
    pace.seconds_until(0.0, now=10.0)
    assert pace.seconds_until(1.0, now=13.0) == 0.0
    assert pace.seconds_until(4.0, now=13.0) == 1.0


@given(
    st.floats(0, 1e6),
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=30),
)
def test_waiting_as_told_keeps_every_frame_at_or_after_its_time(
    start: float, steps: list[tuple[float, float]]
) -> None:
    pace, now, timestamp = Pace(), start, 0.0
    pace.seconds_until(0.0, now=start)
    for gap, busy in steps:
        timestamp += gap
        now += busy
        wait = pace.seconds_until(timestamp, now)
        assert wait >= 0
        assert wait == 0 or now + wait == pytest.approx(start + timestamp)
        now += wait
