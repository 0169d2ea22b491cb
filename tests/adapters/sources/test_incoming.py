"""Frames of callers: what they become, and what is refused."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot.adapters.sources.incoming import as_frame, as_pixels, decode_jpeg
from overshoot.errors import FrameError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

BGR = np.random.default_rng(7).integers(0, 256, (9, 14, 3), np.uint8)
ALPHA = np.full((9, 14, 1), 3, np.uint8)


def jpeg(pixels: Pixels | None = None) -> bytes:
    made, data = cv2.imencode(
        ".jpg", np.full((30, 40, 3), 90, np.uint8) if pixels is None else pixels
    )
    assert made
    return data.tobytes()


@pytest.mark.parametrize(
    ("order", "given_pixels"),
    [
        ("bgr", BGR),
        ("rgb", BGR[..., ::-1]),
        ("bgra", np.concatenate([BGR, ALPHA], axis=2)),
        ("rgba", np.concatenate([BGR[..., ::-1], ALPHA], axis=2)),
    ],
)
def test_every_order_becomes_the_same_bgr_picture(order: Any, given_pixels: Pixels) -> None:
    frame = as_frame(given_pixels, 1.5, 3, order=order)
    assert (frame.order, frame.timestamp, frame.index) == ("bgr", 1.5, 3)
    np.testing.assert_array_equal(frame.pixels, BGR)


def test_gray_becomes_three_equal_channels() -> None:
    gray = BGR[..., 0]
    for given_pixels in (gray, gray[..., None]):
        pixels = as_pixels(given_pixels, order="gray")
        np.testing.assert_array_equal(pixels, np.repeat(gray[..., None], 3, axis=2))


@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_the_pixels_are_its_own_whatever_was_given(order: Any) -> None:
    kept = np.ascontiguousarray(np.repeat(np.repeat(BGR, 2, axis=0), 2, axis=1))
    strided = kept[::2, ::2]
    kept.flags.writeable = False
    pixels = as_pixels(strided, order=order)
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable
    assert not np.shares_memory(pixels, kept)
    np.testing.assert_array_equal(pixels, BGR if order == "bgr" else BGR[..., ::-1])


def test_a_view_on_received_bytes_is_taken() -> None:
    received = np.frombuffer(BGR.tobytes(), np.uint8).reshape(BGR.shape)
    np.testing.assert_array_equal(as_pixels(received), BGR)


def test_a_jpeg_is_decoded_from_any_kind_of_bytes() -> None:
    data = jpeg()
    flat = np.frombuffer(data, np.uint8)
    every = (data, bytearray(data), memoryview(data), flat, np.repeat(flat, 2)[::2])
    for given_bytes in every:
        pixels = as_pixels(given_bytes, encoding="jpeg")
        assert pixels.shape == (30, 40, 3)
        assert abs(int(pixels[0, 0, 0]) - 90) < 3


def test_a_gray_jpeg_has_three_channels() -> None:
    assert decode_jpeg(jpeg(np.full((8, 8), 50, np.uint8))).shape == (8, 8, 3)


def test_a_jpeg_is_turned_upright_as_its_camera_says() -> None:
    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0" + tiff
    data = jpeg()
    turned = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    assert decode_jpeg(turned).shape == (40, 30, 3)


def bomb() -> bytes:
    data = bytearray(jpeg())
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", 30000, 30000)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JPEG"),
        (b"\xff\xd8", "no JPEG"),
        (b"rubbish" * 50, "no JPEG"),
        (b"\xff" * 5000, "no JPEG"),
        (jpeg()[:30], "no JPEG"),
        (bomb(), "30000x30000"),
        (cv2.imencode(".png", BGR)[1].tobytes(), "no JPEG"),
        (bytes(64 * 1024 * 1024 + 1), "at most"),
        ("text", "must be bytes, got str"),
        (None, "must be bytes, got NoneType"),
        (BGR, "must be bytes, got ndarray"),
        (np.zeros(50, np.float32), "must be bytes, got ndarray"),
    ],
)
def test_what_is_no_jpeg_is_refused(data: Any, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        as_pixels(data, encoding="jpeg")


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20),
    value=st.integers(0, 255),
    end=st.floats(0.01, 1),
)
def test_a_damaged_jpeg_is_a_picture_or_our_error(
    places: list[float], value: int, end: float
) -> None:
    data = bytearray(jpeg())
    for place in places:
        data[int(place * len(data))] = value
    try:
        pixels = decode_jpeg(bytes(data[: int(end * len(data))]))
    except FrameError:
        return
    assert pixels.ndim == 3


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(FrameError, match='"jpeg" or None'):
        as_pixels(b"", encoding="png")  # type: ignore[arg-type]  # what callers may try


def test_a_wrong_timestamp_is_refused() -> None:
    with pytest.raises(FrameError, match="timestamp"):
        as_frame(BGR, float("nan"))


def test_real_pictures_come_through(media: Path) -> None:
    for path in sorted((media / "hands").glob("*.jpg"))[:5]:
        expected = cv2.imread(str(path))
        np.testing.assert_array_equal(as_pixels(path.read_bytes(), encoding="jpeg"), expected)
