"""Letterbox and crop, results in buffers of the caller's, threads, and the choice of kernels."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framepath import reference
from overshoot import framepath

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.framepath import Filter

    Bytes = NDArray[np.uint8]

WHITE = 255


def planes(flat: Bytes, width: int, height: int) -> tuple[Bytes, Bytes, Bytes]:
    return reference.split(flat, width, height)


def test_a_wide_picture_gets_bars_above_and_below() -> None:
    pixels = np.full((90, 160, 3), WHITE, np.uint8)
    flat = framepath.to_i420(pixels, 64, 64, fit="contain", bars=(255, 0, 0))
    y, u, v = planes(flat, 64, 64)
    # 64 columns of 16:9 are 36 rows, in the middle.
    assert set(y[14:50].ravel()) == {235}
    assert set(y[:14].ravel()) | set(y[50:].ravel()) == {81}
    assert set(u[7:25].ravel()) == {128}
    assert set(u[:7].ravel()) | set(u[25:].ravel()) == {90}
    assert set(v[7:25].ravel()) == {128}
    assert set(v[:7].ravel()) | set(v[25:].ravel()) == {240}


def test_a_tall_picture_gets_bars_beside_it() -> None:
    pixels = np.full((160, 90, 3), WHITE, np.uint8)
    y, _, _ = planes(framepath.to_i420(pixels, 64, 64, fit="contain"), 64, 64)
    assert set(y[:, 14:50].ravel()) == {235}
    assert set(y[:, :14].ravel()) | set(y[:, 50:].ravel()) == {16}


def test_a_crop_is_the_middle_of_the_picture() -> None:
    pixels = reference.picture(160, 90, seed=1)
    # A square of 90 in the middle, from column 35.
    middle = framepath.to_i420(pixels[:, 35:125], 32, 32)
    np.testing.assert_array_equal(framepath.to_i420(pixels, 32, 32, fit="cover"), middle)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from(["bilinear", "area"]),
)
def test_a_letterbox_is_the_picture_and_nothing_but_bars(
    width: int, height: int, columns: int, rows: int, kind: Filter
) -> None:
    pixels = np.full((height, width, 3), WHITE, np.uint8)
    flat = framepath.to_i420(pixels, columns, rows, fit="contain", filter=kind)
    y, _, _ = planes(flat, columns, rows)
    inside = y == 235
    assert inside.any()
    assert set(y[~inside]) <= {16}
    # A rectangle: rows that have any of it have the same columns.
    assert len({tuple(row) for row in inside[inside.any(axis=1)]}) == 1


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(2, 64))
def test_threads_change_nothing(width: int, height: int, threads: int) -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (200, 150, 3), dtype=np.uint8)
    for kind in ("bilinear", "area"):
        one = framepath.to_i420(pixels, width, height, filter=kind)
        many = framepath.to_i420(pixels, width, height, filter=kind, threads=threads)
        np.testing.assert_array_equal(one, many)


def test_results_go_where_they_are_wanted() -> None:
    pixels = reference.picture(64, 48, seed=2)
    flat = np.empty(framepath.i420_size(32, 24), np.uint8)
    assert framepath.to_i420(pixels, 32, 24, out=flat) is flat
    np.testing.assert_array_equal(flat, framepath.to_i420(pixels, 32, 24))
    for size in ((32, 24), (40, 30)):
        back = np.empty((size[1], size[0], 3), np.uint8)
        kept = framepath.from_i420(flat, 32, 24, out_width=size[0], out_height=size[1], out=back)
        assert kept is back
        fresh = framepath.from_i420(flat, 32, 24, out_width=size[0], out_height=size[1])
        np.testing.assert_array_equal(back, fresh)


def digest(level: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import hashlib, numpy as np; from overshoot import framepath\n"
        "a = np.random.default_rng(3).integers(0, 256, (97, 131, 3), dtype=np.uint8)\n"
        "for size in ((131, 97), (67, 41), (200, 150)):\n"
        "    for kind in ('bilinear', 'area'):\n"
        "        flat = framepath.to_i420(a, *size, filter=kind)\n"
        "        print(hashlib.sha256(flat.tobytes()).hexdigest())\n"
        "        print(hashlib.sha256(framepath.from_i420(flat, *size).tobytes()).hexdigest())\n"
        "print(framepath.simd_level())\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "OVERSHOOT_SIMD": level},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def test_the_kernels_can_be_chosen_and_give_the_same_bytes() -> None:
    scalar = digest("scalar").stdout.splitlines()
    assert scalar[-1] == "scalar"
    level = framepath.simd_level()
    fastest = digest(level).stdout.splitlines()
    assert fastest[-1] == level
    assert fastest[:-1] == scalar[:-1]


@pytest.mark.parametrize("name", ["sse9", "neon" if sys.platform == "linux" else "mmx"])
def test_kernels_that_are_not_there_are_refused(name: str) -> None:
    if framepath.simd_level() == name:
        name = "avx2"
    refused = digest(name)
    assert refused.returncode == 1
    assert "FrameError: OVERSHOOT_SIMD must be unset or one of scalar" in refused.stderr
