from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kit import numbered_frame, read_number
from overshoot.application.intake import Arrival
from overshoot.gateway.media import ConversionQueue, to_bgr
from overshoot.rtc import without_named_candidates

FRAME = numbered_frame(5)


def arrival(index: int, *, wanted: bool) -> Arrival:
    return Arrival(index, index / 10, wanted, 96, 64, 0.0)


async def drain(queue: ConversionQueue) -> list[tuple[int, bool]]:
    queue.close()
    found = []
    while (entry := await queue.next()) is not None:
        found.append((entry[0].index, entry[1] is not None))
    return found


async def test_of_frames_nobody_wants_the_newest_time_is_enough() -> None:
    queue = ConversionQueue()
    for index in range(10):
        queue.put(arrival(index, wanted=index in {0, 4}), FRAME)
    assert await drain(queue) == [(0, True), (3, False), (4, True), (9, False)]


async def test_it_is_idle_only_once_what_it_gave_is_done_with() -> None:
    queue = ConversionQueue()
    assert queue.idle
    queue.put(arrival(0, wanted=True), FRAME)
    assert not queue.idle
    await queue.next()
    assert not queue.idle
    queue.close()
    assert await queue.next() is None
    assert queue.idle


async def test_the_oldest_wanted_frame_gives_way() -> None:
    queue = ConversionQueue(capacity=3)
    for index in range(10):
        queue.put(arrival(index, wanted=index % 2 == 0), FRAME)
    entries = await drain(queue)
    assert [index for index, wanted in entries if wanted] == [4, 6, 8]
    assert entries[-1] == (9, False)
    assert queue.dropped == 2


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 5))
async def test_the_queue_is_bounded_and_in_order(wishes: list[bool], capacity: int) -> None:
    queue = ConversionQueue(capacity)
    for index, wanted in enumerate(wishes):
        queue.put(arrival(index, wanted=wanted), FRAME)
    entries = await drain(queue)
    kept = [index for index, wanted in entries if wanted]
    assert kept == [i for i, wanted in enumerate(wishes) if wanted][-capacity:]
    assert [index for index, _ in entries] == sorted(index for index, _ in entries)
    assert len(kept) + queue.dropped == sum(wishes)


@pytest.mark.parametrize("size", [(96, 64), (97, 65), (98, 33)])
@pytest.mark.parametrize("name", ["yuv420p", "yuvj420p", "yuv444p", "rgb24"])
def test_pixels_of_any_decoded_frame(size: tuple[int, int], name: str) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = (250, 30, 20)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=name)
    pixels = to_bgr(frame, width, height)
    assert pixels.shape == (height, width, 3)
    assert pixels[:, : width // 4].mean() < 10
    assert np.abs(pixels[5, -5].astype(int) - (20, 30, 250)).max() < 12


def test_pixels_are_made_smaller_on_the_way() -> None:
    pixels: Any = to_bgr(numbered_frame(21, width=192, height=128), 96, 64)
    assert pixels.shape == (64, 96, 3)
    assert read_number(pixels) == 21


def test_candidates_that_are_names_are_left_out() -> None:
    named = "a=candidate:1 1 udp 2113937151 5f0e4a1c.local 51234 typ host\r\n"
    numbered = "a=candidate:1 1 udp 2113937151 192.0.2.7 51234 typ host\r\n"
    ipv6 = "a=candidate:1 1 udp 2113937151 2001:db8::7 51234 typ host\r\n"
    rest = "v=0\r\nm=video 9 x 96\r\n"
    assert without_named_candidates(rest + named + numbered + ipv6) == rest + numbered + ipv6
    assert without_named_candidates("a=candidate:1\r\n") == "a=candidate:1\r\n"
