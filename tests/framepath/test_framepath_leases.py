"""A frame that was taken is read where it lies, and its slot is left alone meanwhile."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from overshoot import framepath
from overshoot.domain.frame import PlanarFrame
from overshoot.framepath import FrameRing
from overshoot.framepath.video import video_frame

if TYPE_CHECKING:
    from av import VideoFrame
    from numpy.typing import NDArray

WIDTH, HEIGHT = 16, 8


def grey(level: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level % 256, np.uint8)


def push_and_take(ring: FrameRing, level: int, index: int = 0) -> PlanarFrame:
    ring.push(grey(level), 0.0, index)
    frame = ring.take()
    assert frame is not None
    return frame


def picture_planes(picture: VideoFrame) -> bytes:
    # A plane has the buffer protocol, but not in its stub.
    return b"".join(
        np.frombuffer(cast("Any", plane), np.uint8)
        .reshape(-1, plane.line_size)[:, : plane.width]
        .tobytes()
        for plane in picture.planes
    )


def address(frame: PlanarFrame) -> int:
    return frame.planes.ctypes.data


def test_a_frame_stays_as_it_is_while_a_thousand_more_are_pushed() -> None:
    ring = FrameRing(WIDTH, HEIGHT, slots=3)
    frame = push_and_take(ring, 200)
    before = frame.planes.copy()
    for index in range(1000):
        other = push_and_take(ring, index)
        assert address(other) != address(frame)
    np.testing.assert_array_equal(frame.planes, before)
    assert ring.stats.no_slot == 0


def test_slots_come_back_to_where_they_were() -> None:
    ring = FrameRing(WIDTH, HEIGHT, slots=3)
    assert len({address(push_and_take(ring, index)) for index in range(50)}) == 1


def test_planes_are_read_only() -> None:
    frame = push_and_take(FrameRing(WIDTH, HEIGHT), 9)
    assert not frame.planes.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        frame.planes.flags.writeable = True
    with pytest.raises(ValueError, match="read-only"):
        frame.planes[0] = 0
    view = frame.planes.data
    assert view.readonly
    assert view.nbytes == framepath.i420_size(WIDTH, HEIGHT)


def test_a_slice_holds_the_slot_until_it_is_gone() -> None:
    ring = FrameRing(WIDTH, HEIGHT, slots=2)
    chroma = push_and_take(ring, 200).planes[WIDTH * HEIGHT :]
    whole = push_and_take(ring, 100)
    ring.push(grey(0), 0.0, 2)
    assert (ring.stats.no_slot, ring.stats.dropped, ring.take()) == (1, 1, None)
    assert np.all(chroma == 128)
    del chroma
    ring.push(grey(0), 0.0, 3)
    frame = ring.take()
    assert frame is not None
    assert frame.index == 3
    assert whole.index == 0


def test_a_slot_is_given_back_in_another_thread() -> None:
    ring = FrameRing(WIDTH, HEIGHT, slots=2)
    held = [push_and_take(ring, 1), push_and_take(ring, 2)]
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    assert push_and_take(ring, 3, 7).index == 7


def test_a_frame_outlives_its_ring() -> None:
    ring = FrameRing(WIDTH, HEIGHT)
    frame = push_and_take(ring, 200)
    before = frame.planes.copy()
    ring.close()
    del ring
    gc.collect()
    np.testing.assert_array_equal(frame.planes, before)


def test_pyav_encodes_from_the_slot_itself() -> None:
    ring = FrameRing(WIDTH, HEIGHT, slots=2)
    frame = push_and_take(ring, 200)
    planes, slot = frame.planes.copy(), address(frame)
    picture = video_frame(frame)
    luma, chroma = WIDTH * HEIGHT, WIDTH * HEIGHT // 4
    offsets = [plane.buffer_ptr - slot for plane in picture.planes]
    assert offsets == [0, luma, luma + chroma]
    del frame
    for index in range(1000):
        push_and_take(ring, index)
    assert picture_planes(picture) == bytes(planes)
    assert ring.stats.no_slot == 0, "one of two slots was free all along"
    del picture
    addresses = {address(push_and_take(ring, index)) for index in range(2)}
    assert slot in addresses, "the picture's slot is the first, and free again"


@pytest.mark.parametrize(("width", "height"), [(16, 6), (480, 270), (62, 478), (15, 8), (7, 5)])
def test_sizes_that_pyav_mistakes_are_right_nevertheless(width: int, height: int) -> None:
    """Rows of chroma are where `from_numpy_buffer` would look for them, or the frame is copied."""
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    planes = framepath.to_i420(pixels)
    picture = video_frame(PlanarFrame(planes, width, height, 0.0, 0))
    assert (picture.width, picture.height, picture.format.name) == (width, height, "yuv420p")
    assert picture_planes(picture) == bytes(planes)


def test_memory_is_flat_over_ten_thousand_frames() -> None:
    ring = FrameRing(WIDTH, HEIGHT)
    pixels = grey(77)

    def steady(count: int) -> None:
        for index in range(count):
            ring.push(pixels, 0.0, index)
            frame = ring.take()
            assert frame is not None
            video_frame(frame)

    steady(100)
    gc.collect()
    tracemalloc.start()
    try:
        steady(100)
        blocks, (traced, _) = sys.getallocatedblocks(), tracemalloc.get_traced_memory()
        steady(10_000)
        gc.collect()
        more_blocks = sys.getallocatedblocks() - blocks
        more_traced = tracemalloc.get_traced_memory()[0] - traced
    finally:
        tracemalloc.stop()
    # A frame that leaked anything at all would show ten thousand times.
    assert more_blocks < 500
    assert more_traced < 20_000
