"""A frame number that is painted into a picture and survives encoder, network and rescaling.

The strip along the bottom edge has two rows of 20 cells, each 1/20 of the width and 1/36 of the
height, black for 0 and white for 1::

    1  n23 n22 … n6                        0
    0  n5 … n0, p11 … p0                   1

The corner cells are fixed: they tell black from white under any light, and a picture without a
strip from one with it. ``n`` is the number in Gray code and ``p`` are check bits, one column of
exactly three per number bit: the odd-weight-column code of M. Y. Hsiao, "A Class of Optimal Minimum
Odd-weight-column SEC-DED Codes", IBM Journal of Research and Development 14 (1970). Two properties
follow. Up to three wrong cells are always noticed, so a picture that is half old and half new is
not mistaken for a good one; and from one frame to the next only four cells of the forty change,
0.6 % of the picture, which hardly disturbs whoever looks for motion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMBER_BITS = 24
"""Numbers are taken modulo 2**24; at 30 frames/s that is 6 days."""

COLUMNS = 20
ROWS = 2
CELL_HEIGHT = 1 / 36
"""Height of a cell as a share of the picture's."""

STRIP_TOP = 1 - ROWS * CELL_HEIGHT
"""Where the strip begins, as a share of the height from the top."""

_CHECK_BITS = 12
_CHECK_COLUMNS = tuple(
    sum(1 << ((turn + step) % _CHECK_BITS) for step in steps)
    for steps in ((0, 1, 3), (0, 2, 7))
    for turn in range(_CHECK_BITS)
)
_LEAST_CONTRAST = 24.0
_CLEAR = 0.35
_SMALLEST = (ROWS * 20, COLUMNS * 2)


def frame_number_cells(number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The cells of the strip, upper and lower row, 1 for white."""
    number %= 1 << NUMBER_BITS
    gray = number ^ (number >> 1)
    bits = _digits(gray, NUMBER_BITS) + _digits(_check_bits(gray), _CHECK_BITS)
    return (1, *bits[:18], 0), (0, *bits[18:], 1)


def read_frame_number(pixels: NDArray[np.uint8]) -> int | None:
    """The number painted into a picture, or None when there is none or it is damaged.

    Args:
        pixels: shape (height, width, 3) or (height, width), dtype uint8, any channel order; the
            whole picture, rescaled or not. From 160 by 120 on it is read reliably.
    """
    if (
        pixels.ndim not in (2, 3)
        or pixels.shape[0] < _SMALLEST[0]
        or pixels.shape[1] < _SMALLEST[1]
    ):
        return None
    upper, lower = _row_levels(pixels, 0), _row_levels(pixels, 1)
    white, black = (upper[0] + lower[-1]) / 2, (upper[-1] + lower[0]) / 2
    contrast = white - black
    if contrast < _LEAST_CONTRAST:
        return None
    bits: list[int] = []
    for level in (*upper, *lower):
        share = (level - black) / contrast
        if _CLEAR < share < 1 - _CLEAR:
            return None
        bits.append(int(share > 0.5))  # noqa: PLR2004
    if (bits[0], bits[19], bits[20], bits[39]) != (1, 0, 0, 1):
        return None
    return _decode(bits[1:19] + bits[21:39])


def _row_levels(pixels: NDArray[np.uint8], row: int) -> list[float]:
    """Mean brightness (0 to 255) of the middle of each cell, clear of smeared edges."""
    height, width = pixels.shape[:2]
    top = (STRIP_TOP + (row + 0.25) * CELL_HEIGHT) * height
    bottom = (STRIP_TOP + (row + 0.75) * CELL_HEIGHT) * height
    rows = slice(int(top), max(int(bottom), int(top) + 1))
    levels: list[float] = []
    for column in range(COLUMNS):
        left = int((column + 0.25) * width / COLUMNS)
        right = max(int((column + 0.75) * width / COLUMNS), left + 1)
        levels.append(float(pixels[rows, left:right].mean()))
    return levels


def _decode(bits: list[int]) -> int | None:
    word = int("".join(map(str, bits)), 2)
    gray, check = word >> _CHECK_BITS, word & ((1 << _CHECK_BITS) - 1)
    if _check_bits(gray) != check:
        return None
    number = 0
    while gray:
        number ^= gray
        gray >>= 1
    return number


def _check_bits(gray: int) -> int:
    check = 0
    for place, column in enumerate(_CHECK_COLUMNS):
        if gray >> place & 1:
            check ^= column
    return check


def _digits(value: int, count: int) -> tuple[int, ...]:
    return tuple(value >> place & 1 for place in reversed(range(count)))
