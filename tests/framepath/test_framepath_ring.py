"""The ring's laws, from Python and from several threads."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from overshoot import framepath
from overshoot.domain.frame import PlanarFrame
from overshoot.errors import FrameError
from overshoot.framepath import FrameRing, RingStats

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 8, 6
SLOTS = 3


def grey(level: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level, np.uint8)


class RingMachine(RuleBasedStateMachine):
    """One thread at a time, against a ring of one variable."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = FrameRing(WIDTH, HEIGHT, slots=SLOTS)
        self.held: list[tuple[PlanarFrame, NDArray[np.uint8]]] = []
        self.newest: tuple[float, int, int] | None = None
        self.idle = True
        self.closed = False
        self.pushed = self.taken = self.dropped = self.no_slot = 0

    @rule(
        level=st.integers(0, 255),
        timestamp=st.floats(allow_nan=False, allow_infinity=False),
        index=st.integers(-(2**63), 2**63 - 1),
        width=st.integers(1, 20),
        height=st.integers(1, 20),
    )
    def push(self, level: int, timestamp: float, index: int, width: int, height: int) -> None:
        wake = self.ring.push(grey(level, width, height), timestamp, index)
        self.pushed += 1
        if self.closed:
            assert not wake
            self.dropped += 1
            return
        if len(self.held) == SLOTS:
            assert not wake
            self.dropped += 1
            self.no_slot += 1
            return
        assert wake == self.idle
        self.idle = False
        self.dropped += self.newest is not None
        self.newest = (timestamp, index, level)

    @rule()
    def take(self) -> None:
        frame = self.ring.take()
        if self.newest is None:
            assert frame is None
            self.idle = True
            return
        assert frame is not None
        timestamp, index, level = self.newest
        assert (frame.timestamp, frame.index) == (timestamp, index)
        assert (frame.width, frame.height) == (WIDTH, HEIGHT)
        # A resize rounds otherwise than none, so a grey between two levels may be either.
        assert np.abs(frame.planes.astype(int) - framepath.to_i420(grey(level))).max() <= 1
        self.held.append((frame, frame.planes.copy()))
        self.newest = None
        self.taken += 1

    @rule(nth=st.integers(0, SLOTS - 1))
    def let_go(self, nth: int) -> None:
        del self.held[nth : nth + 1]

    @rule()
    def close(self) -> None:
        self.ring.close()
        self.closed = True

    @rule()
    def push_what_is_no_frame(self) -> None:
        with pytest.raises(FrameError):
            self.ring.push(grey(0)[..., 0], 0.0, 0)

    @invariant()
    def counts(self) -> None:
        stats = self.ring.stats
        ready = int(self.newest is not None)
        assert stats == RingStats(self.pushed, self.taken, self.dropped, ready, self.no_slot)
        assert stats.pushed == stats.taken + stats.dropped + stats.ready

    @invariant()
    def what_is_held_stays(self) -> None:
        for frame, before in self.held:
            np.testing.assert_array_equal(frame.planes, before)


RingMachine.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)
TestRingMachine = RingMachine.TestCase


def test_a_push_converts_and_resizes_as_to_i420_does() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (31, 47, 3), dtype=np.uint8)
    ring = FrameRing(33, 21)
    ring.push(pixels[::-1], 1.5, 9, order="rgb")
    frame = ring.take()
    assert isinstance(frame, PlanarFrame)
    assert (frame.timestamp, frame.index) == (1.5, 9)
    np.testing.assert_array_equal(
        frame.planes, framepath.to_i420(pixels[::-1], 33, 21, order="rgb")
    )


def test_several_producers_and_one_consumer_keep_the_laws() -> None:
    producers, pushes = 4, 300
    ring = FrameRing(WIDTH, HEIGHT)
    wake, done = threading.Event(), threading.Event()
    frames: list[PlanarFrame] = []
    unlawful: list[RingStats] = []

    def produce(producer: int) -> None:
        for index in range(pushes):
            if ring.push(grey(60 * producer), float(index), producer * pushes + index):
                wake.set()

    def consume() -> None:
        while True:
            wake.wait()
            wake.clear()
            last = done.is_set()
            while (frame := ring.take()) is not None:
                frames.append(evolve(frame, planes=frame.planes.copy()))
                stats = ring.stats
                if stats.pushed != stats.taken + stats.dropped + stats.ready:
                    unlawful.append(stats)
            if last:
                return

    consumer = threading.Thread(target=consume)
    consumer.start()
    threads = [threading.Thread(target=produce, args=(number,)) for number in range(producers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    wake.set()
    consumer.join()

    stats = ring.stats
    assert not unlawful
    assert stats.pushed == producers * pushes == stats.taken + stats.dropped + stats.ready
    assert stats.taken == len(frames)
    assert len({frame.index for frame in frames}) == len(frames), "a frame was given twice"
    for producer in range(producers):
        own = [frame.index for frame in frames if frame.index // pushes == producer]
        assert own == sorted(own), "time went backwards"
    for frame in frames:
        want = framepath.to_i420(grey(60 * (frame.index // pushes)))
        np.testing.assert_array_equal(frame.planes, want)


def test_each_wait_of_the_consumer_is_ended_by_a_push() -> None:
    """The consumer waits without a time limit, so a wake-up that is lost would hang here."""
    ring = FrameRing(WIDTH, HEIGHT, slots=2)
    wake, took = threading.Event(), threading.Semaphore(0)
    rounds = 500

    def consume() -> None:
        taken = 0
        while taken < rounds:
            wake.wait()
            wake.clear()
            while ring.take() is not None:
                taken += 1
                took.release()

    consumer = threading.Thread(target=consume)
    consumer.start()
    for index in range(rounds):
        if ring.push(grey(0), 0.0, index):
            wake.set()
        took.acquire()
    consumer.join()
    assert ring.stats == RingStats(rounds, rounds, 0, 0)


def test_the_interpreter_is_released_during_a_push(never_switch: None) -> None:
    ring = FrameRing(300, 200)
    pixels = grey(0, 1000, 1000)
    seen: list[bool] = []
    start = threading.Lock()
    start.acquire()

    def other() -> None:
        with start:
            seen.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    start.release()
    for index in range(1000):
        ring.push(pixels, 0.0, index)
        if seen:
            break
    ran = bool(seen)
    thread.join()
    assert ran


@pytest.mark.parametrize("timestamp", [math.nan, math.inf, -math.inf])
def test_a_timestamp_must_be_finite(timestamp: float) -> None:
    ring = FrameRing(WIDTH, HEIGHT)
    with pytest.raises(FrameError, match="timestamp"):
        ring.push(grey(0), timestamp, 0)
    assert ring.stats == RingStats(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timestamp": None}, "timestamp=None"),
        ({"index": 2**63}, "index=9223372036854775808"),
        ({"index": 1.5}, "index=1.5"),
        ({"order": "gbr"}, "gbr"),
    ],
)
def test_what_is_wrong_with_a_push_is_said(changes: dict[str, object], words: str) -> None:
    ring = FrameRing(WIDTH, HEIGHT)
    arguments = {"timestamp": 0.0, "index": 0} | changes
    with pytest.raises(FrameError, match=words):
        ring.push(grey(0), **arguments)  # type: ignore[arg-type]  # wrong on purpose
    assert ring.stats.pushed == 0


@pytest.mark.parametrize(
    ("width", "height", "slots", "words"),
    [(0, 5, 3, "0x5"), (5, 16385, 3, "16384"), (5, 5, 1, "2 to 64"), (5, 5, -1, "slots=-1")],
)
def test_a_ring_that_cannot_be_is_refused(width: int, height: int, slots: int, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        FrameRing(width, height, slots=slots)
