from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from overshoot.domain.pixels import MAX_SIDE, packed
from overshoot.errors import FrameError

COLOURS = np.arange(5 * 7 * 4, dtype=np.uint8).reshape(5, 7, 4)


@pytest.mark.parametrize(
    ("order", "channels", "result_order"),
    [("bgr", 3, "bgr"), ("rgb", 3, "rgb"), ("bgra", 4, "bgr"), ("rgba", 4, "rgb")],
)
def test_colour_is_seen_without_a_copy_and_without_alpha(
    order: str, channels: int, result_order: str
) -> None:
    given = COLOURS[..., :channels].copy()
    pixels, found = packed(given, order)
    assert found == result_order
    assert np.shares_memory(pixels, given)
    np.testing.assert_array_equal(pixels, given[..., :3])


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1)])
def test_gray_is_seen_as_three_equal_channels(shape: tuple[int, ...]) -> None:
    given = np.arange(35, dtype=np.uint8).reshape(shape)
    pixels, order = packed(given, "gray")
    assert order == "bgr"
    assert pixels.shape == (5, 7, 3)
    assert np.shares_memory(pixels, given)
    for channel in range(3):
        np.testing.assert_array_equal(pixels[..., channel], given.reshape(5, 7))


def test_any_strides_and_read_only_arrays_are_taken() -> None:
    given = np.zeros((20, 30, 3), np.uint8)[::-2, 5::3]
    given.flags.writeable = False
    assert packed(given)[0].shape == (10, 9, 3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, MAX_SIDE, 3), (MAX_SIDE, 1, 3), (3, 5, 3)])
def test_small_odd_and_long_pictures_are_taken(shape: tuple[int, ...]) -> None:
    assert packed(np.zeros(shape, np.uint8))[0].shape == shape


@pytest.mark.parametrize(
    ("wrong", "order", "why"),
    [
        (np.zeros((4, 4, 3), np.float32), "bgr", "dtype float32"),
        (np.full((4, 4, 3), np.nan), "bgr", "dtype float64"),
        (np.zeros((4, 4, 3), np.uint16), "bgr", "dtype uint16"),
        (np.zeros((4, 4, 3), bool), "bgr", "dtype bool"),
        (np.zeros((4, 4), np.uint8), "bgr", r"shape \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), "rgb", r"\(height, width, 3\)"),
        (np.zeros((4, 4, 3), np.uint8), "rgba", r"\(height, width, 4\)"),
        (np.zeros((4, 4, 3), np.uint8), "gray", r"must be \(height, width\)"),
        (np.zeros((4, 4, 2), np.uint8), "gray", r"must be \(height, width\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), "bgr", "shape"),
        (np.zeros((0, 4, 3), np.uint8), "bgr", "no pixel"),
        (np.zeros((4, 0), np.uint8), "gray", "no pixel"),
        (np.zeros((1, MAX_SIDE + 1, 3), np.uint8), "bgr", "8193x1"),
        (np.broadcast_to(np.uint8(0), (8000, 8000, 3)), "bgr", "8000x8000"),
        (np.uint8(3), "bgr", "type uint8"),
        ([[[1, 2, 3]]], "bgr", "type list"),
        (None, "bgr", "NoneType"),
        (b"\xff\xd8", "bgr", "encoding"),
        (np.zeros((4, 4, 3), np.uint8), "yuv", "order must be one of bgr"),
        (np.zeros((4, 4, 3), np.uint8), ["bgr"], "order must be one of bgr"),
    ],
)
def test_what_is_no_picture_is_refused(wrong: Any, order: Any, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        packed(wrong, order)
