"""What the frame path computes, held against float64 arithmetic and against OpenCV."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from framepath import reference
from overshoot import framepath
from overshoot.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    from overshoot.framepath import Filter, Order, PackedOrder, Standard

    Size = tuple[int, int]

# The most that a byte is off, in levels. Half a level is the rounding that no byte escapes; the
# rest is ours, at worst, where neighbours are black and white: bilinear weights along the row and
# those of luma without a resize have seven bits, those of up to four averaged rows have eight.
PLAIN, BILINEAR, AREA, PACKED, RESIZED = 0.9, 1.55, 2.0, 0.56, 0.52
PSNR_FLOOR = 56.0


@frozen
class Encoding:
    """How planes encode colour."""

    standard: Standard
    full_range: bool


sides = st.integers(1, 70)
sizes = st.tuples(sides, sides)
seeds = st.integers(0, 2**32 - 1)
orders: st.SearchStrategy[Order] = st.sampled_from(["bgr", "rgb", "bgra", "rgba", "gray"])
packed_orders: st.SearchStrategy[PackedOrder] = st.sampled_from(["bgr", "rgb", "bgra", "rgba"])
standards: st.SearchStrategy[Standard] = st.sampled_from(["bt601", "bt709"])
encodings = st.builds(Encoding, standards, st.booleans())
CHANNELS = {"bgr": 3, "rgb": 3, "bgra": 4, "rgba": 4, "gray": 1}
filters = st.sampled_from(["bilinear", "area"])


def noise(width: int, height: int, seed: int, channels: int = 3) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def layouts(pixels: Bytes) -> dict[str, Bytes]:
    """The same values, laid out in memory in every way that numpy can."""
    height, width, _ = pixels.shape
    padded = np.zeros((height + 3, width + 5, 3), np.uint8)
    padded[2:-1, 1:-4] = pixels
    sparse = np.zeros((2 * height, 3 * width, 3), np.uint8)
    sparse[::2, ::3] = pixels
    wide = np.zeros((height, width, 4), np.uint8)
    wide[..., :3] = pixels
    frozen = pixels.copy()
    frozen.flags.writeable = False
    return {
        "padded rows": padded[2:-1, 1:-4],
        "rows backwards": np.ascontiguousarray(pixels[::-1])[::-1],
        "columns backwards": np.ascontiguousarray(pixels[:, ::-1])[:, ::-1],
        "channels backwards": np.ascontiguousarray(pixels[..., ::-1])[..., ::-1],
        "every other pixel": sparse[::2, ::3],
        "four bytes a pixel": wide[..., :3],
        "column-major": np.asfortranarray(pixels),
        "planar": np.ascontiguousarray(pixels.transpose(2, 0, 1)).transpose(1, 2, 0),
        "read-only": frozen,
        "a subclass": pixels.view(np.recarray),
    }


def most(source: Size, target: Size, kind: Filter) -> float:
    if source == target:
        return PLAIN
    shrinks = target[0] < source[0] or target[1] < source[1]
    return AREA if kind == "area" and shrinks else BILINEAR


@settings(deadline=None, max_examples=200)
@given(st.tuples(sizes, sizes | st.none()), seeds, orders, filters, encodings)
def test_i420_is_what_the_arithmetic_says(
    geometry: tuple[Size, Size | None], seed: int, order: Order, kind: Filter, code: Encoding
) -> None:
    source, target = geometry[0], geometry[1] or geometry[0]
    columns, rows = target
    pixels = noise(*source, seed, CHANNELS[order])
    planes = framepath.to_i420(
        pixels,
        columns,
        rows,
        order=order,
        filter=kind,
        standard=code.standard,
        full_range=code.full_range,
    )
    assert planes.shape == (framepath.i420_size(columns, rows),)
    resized = reference.resize(pixels, columns, rows, kind)
    exact = reference.to_planes(resized, order, code.standard, code.full_range)
    for got, want in zip(reference.split(planes, columns, rows), exact, strict=True):
        # A full range has no room for the half level above 255.
        assert np.abs(got - np.minimum(want, 255)).max() < most(source, target, kind)


def test_gray_may_have_two_axes() -> None:
    pixels = noise(9, 7, 1, 1)
    np.testing.assert_array_equal(
        framepath.to_i420(pixels[:, :, 0], 5, 5, order="gray"),
        framepath.to_i420(pixels, 5, 5, order="gray"),
    )


@settings(deadline=None, max_examples=100)
@given(sizes, sizes, seeds, filters)
def test_a_resize_is_what_the_arithmetic_says(
    source: Size, target: Size, seed: int, kind: Filter
) -> None:
    columns, rows = target
    pixels = noise(*source, seed)
    got = framepath.resize(pixels, columns, rows, filter=kind)
    assert got.shape == (rows, columns, 3)
    assert np.abs(got - reference.resize(pixels, columns, rows, kind)).max() < RESIZED


@settings(deadline=None, max_examples=150)
@given(sizes, seeds, packed_orders, encodings, st.booleans())
def test_packed_is_what_the_arithmetic_says(
    shape: Size, seed: int, order: PackedOrder, code: Encoding, semi_planar: bool
) -> None:
    width, height = shape
    size = framepath.i420_size(width, height)
    flat = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    y, u, v = reference.split(flat, width, height)
    standard, full_range = code.standard, code.full_range
    exact = reference.to_packed(y, u, v, order=order, standard=standard, full_range=full_range)
    both = np.stack([u, v], -1).reshape(u.shape[0], -1)
    first, second = (both, None) if semi_planar else (u, v)
    got = framepath.planes_to_packed(
        y, first, second, width, height, order=order, standard=standard, full_range=full_range
    )
    assert got.shape == exact.shape
    assert np.abs(got - exact).max() < PACKED


@settings(deadline=None, max_examples=50)
@given(sizes, sizes, seeds, packed_orders)
def test_packed_of_another_size_is_the_packed_picture_resized(
    source: Size, target: Size, seed: int, order: PackedOrder
) -> None:
    (width, height), (columns, rows) = source, target
    planes = framepath.to_i420(noise(width, height, seed))
    got = framepath.from_i420(
        planes, width, height, out_width=columns, out_height=rows, order=order
    )
    whole = framepath.from_i420(planes, width, height, order=order)
    np.testing.assert_array_equal(got, framepath.resize(whole, columns, rows))


@pytest.mark.parametrize("kind", ["bilinear", "area"])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((640, 480), (640, 480)),
        ((1280, 720), (640, 480)),
        ((1279, 717), (641, 479)),
        ((320, 180), (853, 481)),
        ((700, 300), (331, 733)),
    ],
)
def test_natural_pictures_keep_56_db_on_every_plane(
    source: Size, target: Size, kind: Filter
) -> None:
    pixels = reference.picture(*source, seed=7)
    planes = framepath.to_i420(pixels, *target, filter=kind)
    exact = reference.to_planes(reference.resize(pixels, *target, kind))
    for got, want in zip(reference.split(planes, *target), exact, strict=True):
        assert reference.psnr(got, want) >= PSNR_FLOOR


@settings(deadline=None, max_examples=20)
@given(sizes, sizes, seeds)
def test_any_layout_of_memory_gives_the_same_bytes(source: Size, target: Size, seed: int) -> None:
    columns, rows = target
    pixels = noise(*source, seed)
    planes = framepath.to_i420(pixels, columns, rows)
    resized = framepath.resize(pixels, columns, rows)
    for name, laid_out in layouts(pixels).items():
        np.testing.assert_array_equal(laid_out, pixels, err_msg=name)
        np.testing.assert_array_equal(
            framepath.to_i420(laid_out, columns, rows), planes, err_msg=name
        )
        np.testing.assert_array_equal(
            framepath.resize(laid_out, columns, rows), resized, err_msg=name
        )


def test_one_pixel_broadcast_over_a_picture_is_read() -> None:
    flat = np.broadcast_to(np.array([255, 255, 255], np.uint8), (5, 7, 3))
    planes = framepath.to_i420(flat)
    assert set(planes[:35]) == {235}
    assert set(planes[35:]) == {128}


@settings(deadline=None, max_examples=30)
@given(sides, sides, st.integers(0, 9), seeds)
def test_planes_may_be_padded_and_laid_out_anyhow(
    width: int, height: int, padding: int, seed: int
) -> None:
    planes = framepath.to_i420(noise(width, height, seed))
    y, u, v = (
        np.pad(plane, ((0, 1), (0, padding)), constant_values=99)
        for plane in reference.split(planes, width, height)
    )
    want = framepath.from_i420(planes, width, height)
    np.testing.assert_array_equal(framepath.planes_to_packed(y, u, v, width, height), want)
    u, v = np.asfortranarray(u), np.repeat(v, 2, axis=1)[:, ::2]
    np.testing.assert_array_equal(framepath.planes_to_packed(y, u, v, width, height), want)


def test_the_source_is_not_written_to_and_results_are_the_caller_s_own() -> None:
    pixels = noise(20, 10, 1)
    before = pixels.copy()
    results = (
        framepath.resize(pixels, 20, 10),
        framepath.resize(pixels, 5, 5),
        framepath.to_i420(pixels),
        framepath.from_i420(framepath.to_i420(pixels), 20, 10),
    )
    for result in results:
        assert result.flags.c_contiguous
        result[:] = 0
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    ("kind", "flag"), [("bilinear", cv2.INTER_LINEAR), ("area", cv2.INTER_AREA)]
)
@pytest.mark.parametrize("target", [(320, 240), (213, 161), (431, 317)])
def test_opencv_resizes_alike(kind: Filter, flag: int, target: tuple[int, int]) -> None:
    pixels = reference.picture(640, 480, seed=3)
    theirs = cv2.resize(pixels, target, interpolation=flag).astype(int)
    assert np.abs(framepath.resize(pixels, *target, filter=kind) - theirs).max() <= 1


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("standard", ["bt601", "bt709"])
def test_every_code_keeps_56_db(standard: Standard, full_range: bool) -> None:
    pixels = reference.picture(320, 240, seed=5)
    for size in ((320, 240), (213, 161), (431, 317)):
        planes = framepath.to_i420(pixels, *size, standard=standard, full_range=full_range)
        exact = reference.to_planes(reference.resize(pixels, *size), "bgr", standard, full_range)
        for got, want in zip(reference.split(planes, *size), exact, strict=True):
            assert reference.psnr(got, want) >= PSNR_FLOOR


def test_opencv_sees_the_same_luma_and_the_same_colours() -> None:
    pixels = reference.picture(640, 480, seed=4)
    ours = framepath.to_i420(pixels)
    luma = cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420)[:480].astype(int)
    assert np.abs(ours[: 640 * 480].reshape(480, 640) - luma).max() <= 1
    back = cv2.cvtColor(ours.reshape(720, 640), cv2.COLOR_YUV2BGR_I420).astype(int)
    assert np.abs(framepath.from_i420(ours, 640, 480) - back).max() <= 1


def test_there_and_back_keeps_a_soft_picture() -> None:
    y, x = np.mgrid[0:240, 0:320]
    pixels = np.stack([x * 0.5 + 40, y * 0.6 + 30, (x + y) * 0.3 + 50], -1).astype(np.uint8)
    for order in ("bgr", "rgb"):
        back = framepath.from_i420(framepath.to_i420(pixels, order=order), 320, 240, order=order)
        assert np.abs(back.astype(int) - pixels).max() <= 4


PIXELS = np.zeros((4, 6, 3), np.uint8)
PLANE = np.zeros((4, 6), np.uint8)
FROZEN = np.zeros(36, np.uint8)
FROZEN.flags.writeable = False


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: framepath.to_i420(None), "NoneType"),  # type: ignore[arg-type]  # no type checker
        (lambda: framepath.to_i420([[[0, 0, 0]]]), "of type list"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.to_i420(PIXELS.astype(np.float32)), "dtype float32"),
        (lambda: framepath.to_i420(PIXELS.astype(np.int8)), "dtype int8"),
        (lambda: framepath.to_i420(np.full((4, 6, 3), np.nan)), "dtype float64"),
        (lambda: framepath.to_i420(PIXELS[..., 0]), r"\(4, 6\)"),
        (lambda: framepath.to_i420(PIXELS[..., :2]), r"\(4, 6, 2\)"),
        (lambda: framepath.to_i420(np.zeros((4, 6, 4), np.uint8)), r"\(4, 6, 4\)"),
        (lambda: framepath.to_i420(PIXELS[:0]), r"\(0, 6, 3\)"),
        (lambda: framepath.to_i420(PIXELS[:, :0]), r"\(4, 0, 3\)"),
        (lambda: framepath.to_i420(np.zeros((1, 16385, 3), np.uint8)), "16385x1.* 16384"),
        (lambda: framepath.to_i420(PIXELS, 0, 4), "0x4"),
        (lambda: framepath.to_i420(PIXELS, -1, 4), "width=-1"),
        (lambda: framepath.to_i420(PIXELS, 2**80, 4), "width=1208925819614629174706176"),
        (lambda: framepath.to_i420(PIXELS, 3.5, 4), "width=3.5"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.to_i420(PIXELS, order="bgra"), r"\(4, 6, 3\).*\(height, width, 4\)"),
        (lambda: framepath.to_i420(PLANE, order="gray", threads=0), "0 threads"),
        (lambda: framepath.to_i420(PIXELS, threads=65), "65 threads.* 64"),
        (lambda: framepath.to_i420(PIXELS, bars=(0, 0, 256)), "256"),
        (lambda: framepath.to_i420(PIXELS, fit="fill"), "fill.*contain"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.to_i420(PIXELS, standard="bt2020"), "bt2020.*bt709"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.to_i420(PIXELS, out=PLANE.ravel()), r"\(24,\): it must be \(36,\)"),
        (lambda: framepath.to_i420(PIXELS, out=FROZEN), "not both C-contiguous and writeable"),
        (lambda: framepath.from_i420(FROZEN, 6, 4, order="gray"), "channels"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.from_i420(FROZEN, 6, 4, out=PIXELS[:2]), r"\(2, 6, 3\)"),
        (lambda: framepath.planes_to_packed(PLANE, PLANE[:, :5], None, 6, 4), "UV plane has 5"),
        (lambda: framepath.to_i420(PIXELS, order="grb"), "grb.*bgr"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.to_i420(PIXELS, filter="cubic"), "cubic.*bilinear"),  # type: ignore[arg-type]  # as above
        (lambda: framepath.resize(PIXELS, 5, 16385), "5x16385"),
        (lambda: framepath.resize(PIXELS[..., 0], 5, 5), r"\(4, 6\)"),
        (lambda: framepath.i420_size(0, 1), "0x1"),
        (lambda: framepath.i420_size(1, 16385), "16384"),
        (lambda: framepath.from_i420(PLANE, 6, 4), "1 axes"),
        (lambda: framepath.from_i420(PLANE.ravel(), 6, 4), "24 bytes: 6x4 pixels are 36"),
        (lambda: framepath.from_i420(PLANE.ravel(), 6, -4), "height=-4"),
        (lambda: framepath.planes_to_packed(PLANE, PLANE, PLANE, 7, 4), "Y plane has 6 .* 7"),
        (lambda: framepath.planes_to_packed(PLANE, PLANE[:1], PLANE, 6, 4), "U plane has 1 rows"),
        (lambda: framepath.planes_to_packed(PLANE, PLANE, PLANE[:, :2], 6, 4), "V plane has 2"),
        (lambda: framepath.planes_to_packed(PLANE, PIXELS, PLANE, 6, 4), "U plane has shape"),
        (lambda: framepath.planes_to_packed(PLANE[:0], PLANE, PLANE, 6, 4), "Y plane has 0 rows"),
    ],
)
def test_what_is_wrong_is_said(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(FrameError, match=words):
        call()


def test_the_largest_sides_pass() -> None:
    for shape in [(1, 16384, 3), (16384, 1, 3)]:
        planes = framepath.to_i420(np.full(shape, 255, np.uint8), 3, 3)
        assert planes.tolist() == [235] * 9 + [128] * 8


@pytest.mark.parametrize(
    "work",
    [
        lambda pixels, _: framepath.to_i420(pixels, 300, 200),
        lambda pixels, _: framepath.resize(pixels, 300, 200),
        lambda _, planes: framepath.from_i420(planes, 1000, 1000),
    ],
)
def test_the_interpreter_is_released_during_pixel_work(
    work: Callable[[Bytes, Bytes], Bytes], never_switch: None
) -> None:
    pixels = np.zeros((1000, 1000, 3), np.uint8)
    planes = framepath.to_i420(pixels)
    seen: list[bool] = []
    start = threading.Lock()
    start.acquire()

    def other() -> None:
        with start:
            seen.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    # From here this thread gives the interpreter up only where it is made to.
    start.release()
    for _ in range(1000):
        work(pixels, planes)
        if seen:
            break
    ran = bool(seen)
    thread.join()
    assert ran


def test_a_white_picture_stays_white_through_any_chain_of_sizes() -> None:
    pixels = np.full((37, 53, 3), 255, np.uint8)
    for width, height in [(1, 1), (128, 3), (5, 200), (16, 16), (15, 17)]:
        for kind in ("area", "bilinear"):
            pixels = framepath.resize(pixels, width, height, filter=kind)
            assert pixels.min() == 255
