"""Frames that callers push, from any thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from adapters.sources.made_videos import numbered_picture
from overshoot.adapters.sources.pushed_frames import PushedFrames
from overshoot.domain.pushed import PushCounts, PushSource
from overshoot.errors import FrameError, SourceError
from overshoot.ports.source import Source
from overshoot.testing.contracts.source import PATIENCE_SECONDS, MakeSource, SourceContract, opened


class EachTaken:
    """Makes sources whose frames are pushed one after the other, each when the last was taken."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __call__(self) -> tuple[Source, int | None]:
        spec = PushSource()
        thread = threading.Thread(target=self._push, args=(spec,), name="process_request: pusher")
        thread.start()
        self._threads.append(thread)
        return PushedFrames(spec), None

    def _push(self, spec: PushSource) -> None:
        number = 0
        while not self._stop.wait(0.001):
            before = spec.counts
            if spec._link.sink is None or before.waiting:
                continue
            spec.push_frame(numbered_picture(number), number / 10)
            number += spec.counts.not_open == before.not_open

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


class TestPushedFrames(SourceContract):
    @pytest.fixture
    def make_source(self) -> Iterator[MakeSource]:
        maker = EachTaken()
        yield maker
        maker.close()


def adds_up(counts: PushCounts) -> bool:
    return counts.pushed == counts.taken + counts.waiting + counts.superseded + counts.not_open


def test_the_newest_wins_and_the_rest_is_counted() -> None:
    spec = PushSource()
    with opened(PushedFrames(spec)) as source:
        for number in range(5):
            spec.push_frame(numbered_picture(number), 100.0 + number)
        frame = source.read()
        assert frame is not None
        np.testing.assert_array_equal(frame.pixels, numbered_picture(4))
        assert (frame.timestamp, frame.index) == (104.0, 0)
        assert spec.counts == PushCounts(pushed=5, taken=1, superseded=4)
        spec.push_frame(numbered_picture(0))
        assert spec.counts.waiting == 1
    assert spec.counts == PushCounts(pushed=6, taken=1, superseded=4, not_open=1)


def test_it_is_live_and_says_the_size_that_was_asked_for() -> None:
    source = PushedFrames(PushSource(width=320, height=240, fps=12))
    info = source.open()
    source.close()
    assert (info.width, info.height, info.fps, info.live, info.real_time) == (
        *(320, 240, 12, True, True),
    )


def test_frames_keep_their_own_sizes_unless_one_was_asked_for() -> None:
    pictures = []
    for spec in (PushSource(), PushSource(width=64, height=64)):
        with opened(PushedFrames(spec)) as source:
            spec.push_frame(np.full((40, 80, 3), 200, np.uint8))
            frame = source.read()
            assert frame is not None
            pictures.append(frame.pixels)
    assert [picture.shape for picture in pictures] == [(40, 80, 3), (64, 64, 3)]
    assert pictures[1][:16].max() == 0  # Black bars, not a stretched picture.
    assert pictures[1][16:48].min() == 200


@pytest.mark.parametrize(
    ("pixels", "how", "expected"),
    [
        (np.full((4, 6, 3), (1, 2, 3), np.uint8), {"order": "rgb"}, (3, 2, 1)),
        (np.full((4, 6, 4), (1, 2, 3, 9), np.uint8), {"order": "bgra"}, (1, 2, 3)),
        (np.full((4, 6), 7, np.uint8), {"order": "gray"}, (7, 7, 7)),
        (cv2.imencode(".jpg", np.zeros((16, 16)))[1].tobytes(), {"encoding": "jpeg"}, (0, 0, 0)),
    ],
)
def test_a_push_may_say_what_its_pixels_are(pixels: Any, how: Any, expected: Any) -> None:
    spec = PushSource()
    with opened(PushedFrames(spec)) as source:
        spec.push_frame(pixels, **how)
        frame = source.read()
    assert frame is not None
    assert tuple(frame.pixels[0, 0]) == expected


def test_the_array_may_be_used_again_at_once() -> None:
    spec = PushSource()
    picture = numbered_picture(1)
    with opened(PushedFrames(spec)) as source:
        spec.push_frame(picture)
        picture[:] = 0
        frame = source.read()
    assert frame is not None
    np.testing.assert_array_equal(frame.pixels, numbered_picture(1))


@pytest.mark.parametrize(
    ("pixels", "timestamp"),
    [
        (np.zeros((4, 4), np.uint8), None),
        (np.full((4, 4, 3), math.nan), None),
        (b"bytes", None),
        (numbered_picture(0), math.nan),
        (numbered_picture(0), "now"),
    ],
)
def test_a_bad_frame_is_refused_in_the_pushers_thread_and_harms_nothing(
    pixels: Any, timestamp: Any
) -> None:
    spec = PushSource()
    with opened(PushedFrames(spec)) as source:
        with pytest.raises(FrameError):
            spec.push_frame(pixels, timestamp)
        spec.push_frame(numbered_picture(3), 1.0)
        assert source.read() is not None
    assert spec.counts == PushCounts(pushed=1, taken=1)


def test_timestamps_that_do_not_rise_are_counted() -> None:
    spec = PushSource()
    with opened(PushedFrames(spec)) as source:
        times = []
        for given in (5.0, 5.0, 4.9, 6.0):
            spec.push_frame(numbered_picture(0), given)
            frame = source.read()
            assert frame is not None
            times.append(frame.timestamp)
    assert (times[0], times[3]) == (5.0, 6.0)
    assert all(earlier < later for earlier, later in pairwise(times))
    assert spec.counts.retimed == 2


def test_the_end_comes_after_the_frame_that_waits() -> None:
    spec = PushSource()
    with opened(PushedFrames(spec)) as source:
        spec.push_frame(numbered_picture(0))
        spec.end()
        spec.push_frame(numbered_picture(1))
        assert source.read() is not None
        assert [source.read(), source.read()] == [None, None]
    assert spec.counts == PushCounts(pushed=2, taken=1, not_open=1)


def test_a_waiting_reader_is_woken_by_a_push_and_by_the_end() -> None:
    spec = PushSource()
    got: list[object] = []
    come = threading.Semaphore(0)
    with opened(PushedFrames(spec)) as source:

        def read_all() -> None:
            while (frame := source.read()) is not None:
                got.append(frame.index)
                come.release()

        reader = threading.Thread(target=read_all)
        reader.start()
        for _ in range(3):
            spec.push_frame(numbered_picture(0))
            assert come.acquire(timeout=PATIENCE_SECONDS)
        spec.end()
        reader.join(PATIENCE_SECONDS)
        assert not reader.is_alive()
    assert got == [0, 1, 2]


def test_a_second_stream_is_refused_while_the_first_reads_and_welcome_after() -> None:
    spec = PushSource()
    with opened(PushedFrames(spec)) as source:
        spec.push_frame(numbered_picture(0))
        source.read()
        second = PushedFrames(spec)
        with pytest.raises(SourceError, match="another stream"):
            second.open()
        second.close()
        spec.push_frame(numbered_picture(1))
        assert source.read() is not None
    with opened(PushedFrames(spec)) as source:
        spec.push_frame(numbered_picture(2))
        assert source.read() is not None
    assert spec.counts == PushCounts(pushed=3, taken=3)


def test_many_threads_push_and_every_frame_is_accounted_for() -> None:
    spec = PushSource()
    pushers, each = 8, 150
    got: list[tuple[int, float, int]] = []
    with opened(PushedFrames(spec)) as source:

        def push(number: int) -> None:
            picture = np.full((2, 2, 3), number, np.uint8)
            for turn in range(each):
                picture[0, 0, 0] = turn
                spec.push_frame(picture)

        def read_all() -> None:
            while (frame := source.read()) is not None:
                got.append((frame.index, frame.timestamp, int(frame.pixels[1, 1, 1])))
                turns[got[-1][2]].append(int(frame.pixels[0, 0, 0]))

        turns: dict[int, list[int]] = {number: [] for number in range(pushers)}
        reader = threading.Thread(target=read_all)
        threads = [threading.Thread(target=push, args=(number,)) for number in range(pushers)]
        reader.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spec.end()
        reader.join(PATIENCE_SECONDS)
        assert not reader.is_alive()
    assert [index for index, _, _ in got] == list(range(len(got)))
    assert all(earlier[1] < later[1] for earlier, later in pairwise(got))
    for order in turns.values():
        assert order == sorted(order)  # Each thread's frames came in its order.
    counts = spec.counts
    assert adds_up(counts)
    assert counts.pushed == pushers * each
    assert counts.taken == len(got)
    assert counts.waiting == counts.not_open == 0
