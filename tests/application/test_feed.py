"""From the capture thread to the event loop: the newest frame wins, none is lost at the end."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.application.feed import RingFeed, sending_size
from overshoot.domain.frame import Frame
from overshoot.errors import FrameError
from support.stream_fakes import frames, picture


def feed() -> RingFeed:
    return RingFeed(asyncio.get_running_loop())


async def test_gives_a_frame_once_and_as_i420() -> None:
    ring = feed()
    ring.offer(Frame(picture(255), 0.5, 7))
    ring.finish()
    frame = await ring.next_frame()
    assert frame is not None
    assert (frame.timestamp, frame.index, frame.width, frame.height) == (0.5, 7, 32, 16)
    assert frame.planes.shape == (32 * 16 * 3 // 2,)
    assert np.all(frame.planes[: 32 * 16] == 235), "white of limited range"
    assert await ring.next_frame() is None


async def test_the_newest_frame_wins() -> None:
    ring = feed()
    for frame in frames(5):
        ring.offer(frame)
    taken = await ring.next_frame()
    assert taken is not None
    assert taken.index == 4


async def test_what_was_offered_before_the_end_is_still_given() -> None:
    ring = feed()
    ring.finish()
    ring.offer(frames(1)[0])
    assert await ring.next_frame() is not None
    assert await ring.next_frame() is None
    assert await ring.next_frame() is None


async def test_an_end_without_any_frame() -> None:
    ring = feed()
    waiting = asyncio.create_task(ring.next_frame())
    await asyncio.sleep(0)
    ring.finish()
    assert await waiting is None


async def test_a_waiting_consumer_is_woken_by_another_thread() -> None:
    ring = feed()
    for frame in frames(20):
        waiting = asyncio.create_task(ring.next_frame())
        await asyncio.sleep(0)
        thread = threading.Thread(target=ring.offer, args=(frame,))
        thread.start()
        taken = await asyncio.wait_for(waiting, 20)
        thread.join()
        assert taken is not None
        assert taken.index == frame.index


async def test_a_racing_producer_loses_frames_but_never_order_nor_the_last_one() -> None:
    ring = feed()

    def produce() -> None:
        for frame in frames(400):
            ring.offer(frame)
        ring.finish()

    thread = threading.Thread(target=produce)
    thread.start()
    taken = []
    async with asyncio.timeout(20):
        while (frame := await ring.next_frame()) is not None:
            taken.append(frame.index)
    thread.join()
    assert taken == sorted(set(taken))
    assert taken[-1] == 399


async def test_a_cancelled_wait_loses_nothing() -> None:
    ring = feed()
    waiting = asyncio.create_task(ring.next_frame())
    await asyncio.sleep(0)
    ring.offer(frames(1)[0])
    waiting.cancel()
    await asyncio.wait({waiting})
    taken = await asyncio.wait_for(ring.next_frame(), 20)
    assert taken is not None


async def test_a_frame_of_another_shape_keeps_it_and_nothing_is_miscounted() -> None:
    ring = feed()
    ring.offer(Frame(picture(width=64, height=48), 0.0, 0))
    ring.offer(Frame(picture(width=200, height=20), 0.1, 1))
    frame = await ring.next_frame()
    assert frame is not None
    assert (frame.width, frame.height, frame.index) == (200, 20, 1)
    stats = ring.stats()
    assert (stats.pushed, stats.taken, stats.dropped, stats.ready) == (2, 1, 1, 0)


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (4, 4), (4, 4, 4)])
async def test_a_frame_of_a_wrong_shape_is_refused_and_decides_nothing(
    shape: tuple[int, ...],
) -> None:
    ring = feed()
    with pytest.raises(FrameError):
        ring.offer(Frame(np.zeros(shape, np.uint8), 0.0, 0))
    ring.offer(Frame(picture(), 0.1, 1))
    frame = await ring.next_frame()
    assert frame is not None
    assert (frame.width, frame.height) == (32, 16)


def test_offering_after_the_loop_has_closed_is_no_error() -> None:
    loop = asyncio.new_event_loop()
    ring = RingFeed(loop)
    loop.close()
    ring.offer(frames(1)[0])
    ring.finish()


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((640, 480), (640, 480)),
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((3840, 1600), (1280, 534)),
        ((720, 1280), (720, 1280)),
        ((641, 481), (640, 480)),
        ((8, 8), (16, 16)),
    ],
)
def test_sending_size(size: tuple[int, int], sent: tuple[int, int]) -> None:
    assert sending_size(*size) == sent


@given(st.integers(1, 16384), st.integers(1, 16384))
def test_a_sending_size_is_even_and_within_720p(width: int, height: int) -> None:
    sent_width, sent_height = sending_size(width, height)
    assert sent_width % 2 == 0
    assert sent_height % 2 == 0
    assert 16 <= min(sent_width, sent_height) <= 720
    assert max(sent_width, sent_height) <= 1280
