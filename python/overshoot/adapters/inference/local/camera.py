"""Between two pictures: did the camera move, and was there a cut.

The shift of the whole picture is found by phase correlation (Kuglin and Hines, 1975) and believed
only where most textured parts of the picture agree with it: a large thing that moves over a still
background shifts the correlation too, but leaves the background where it was.
"""

from __future__ import annotations

from functools import cache
from math import ceil, floor
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.picture import Floats, Image

_ROWS, _COLUMNS = 4, 5
_TEXTURE = 4.0
_NOISE = 0.6
_MIN_SHIFT = 0.2
_MAX_SHIFT_SHARE = 0.35
# Shares of the textured cells, and of the picture.
_AGREEING, _RESISTING, _LEAST_TEXTURED = 0.5, 0.2, 0.25
_DIFFERENT = 25  # gray levels
_CUT_CHANGE, _CUT_LIKENESS, _CUT_ALIGNMENT, _NO_ALIGNMENT = 0.55, 0.82, 0.35, 0.1


@frozen
class Shift:
    """How the picture as a whole moved since the one before, in pixels of the small picture.

    Attributes:
        dx: content moved to the right (the camera to the left).
        dy: content moved down (the camera up).
        sure: whether most textured parts agree; where not, the shift is 0, 0.
        textured: share of the picture that has enough texture to say, 0.0 to 1.0.
    """

    dx: float
    dy: float
    sure: bool
    textured: float


def camera_shift(before: Image, now: Image) -> Shift:
    """The shift between two gray pictures of one size."""
    one, two = before.astype(np.float32), now.astype(np.float32)
    # The window is put on here: given one, phaseCorrelate lays it on the caller's own pictures
    # where their size is one that its Fourier transform likes, as 160 by 120 is.
    window = _window(now.shape[0], now.shape[1])
    (dx, dy), _ = cv2.phaseCorrelate(one * window, two * window)
    texture = np.abs(np.asarray(cv2.Laplacian(now, cv2.CV_32F, ksize=3), dtype=np.float32))
    share = float((_cells(texture) > _TEXTURE).mean())
    reach = np.hypot(dx / now.shape[1], dy / now.shape[0])
    if share == 0 or reach > _MAX_SHIFT_SHARE:
        return Shift(0.0, 0.0, sure=False, textured=share)
    if np.hypot(dx, dy) < _MIN_SHIFT:
        return Shift(0.0, 0.0, sure=True, textured=share)
    # What came into view has nothing to be compared with: only what was and is in view counts.
    common = _common(now.shape, dx, dy)
    textured = _cells(texture[common]) > _TEXTURE
    still, moved = (_cells(each[common]) for each in _differences(one, two, dx, dy))
    # A cell agrees when the shift explains a quarter of its change, resists when it adds to it.
    agree = (moved < 0.75 * still) & (still > _NOISE) & textured
    resist = (moved > still + 0.2) & textured
    count = int(textured.sum())
    most_agree = agree.sum() >= _AGREEING * count and resist.sum() <= _RESISTING * count
    sure = most_agree and share >= _LEAST_TEXTURED
    return Shift(float(dx), float(dy), True, share) if sure else Shift(0.0, 0.0, True, share)


def is_cut(before: Image, now: Image) -> bool:
    """Whether two small colour pictures are of different scenes.

    Most pixels must differ and nothing lie where it lay; and the colours must differ, or else no
    pan explain it. A thing that passes close by leaves some of the scene, and so does a lamp.
    """
    change = np.abs(before.astype(np.int16) - now.astype(np.int16)).max(axis=2)
    if float((change > _DIFFERENT).mean()) < _CUT_CHANGE:
        return False
    alignment = _alignment(before, now)
    if alignment >= _CUT_ALIGNMENT:
        return False
    if _likeness(before, now) < _CUT_LIKENESS:
        return True
    if alignment >= _NO_ALIGNMENT:
        return False
    shift = camera_shift(_gray(before), _gray(now))
    return shift.dx == 0 and shift.dy == 0


def _gray(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _alignment(before: Image, now: Image) -> float:
    """Correlation of two blurred pictures, -1.0 to 1.0."""
    one, two = (_cells(image.mean(axis=2), 4).ravel() for image in (before, now))
    one, two = one - one.mean(), two - two.mean()
    return float(one @ two) / max(float(np.sqrt((one @ one) * (two @ two))), 1e-6)


def _likeness(before: Image, now: Image) -> float:
    """Shared area of the colour histograms, 0.0 to 1.0, taken after evening out the light."""
    shares: list[Floats] = []
    for image in (before, now):
        even = image.astype(np.float32) * (128.0 / max(float(image.mean()), 1.0))
        bins = np.clip(even / 32, 0, 7).astype(np.int32)
        codes = bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2]
        counts = np.bincount(codes.ravel(), minlength=512).astype(np.float32)
        shares.append(counts / codes.size)
    return float(np.minimum(shares[0], shares[1]).sum())


def _common(shape: tuple[int, ...], dx: float, dy: float) -> tuple[slice, slice]:
    """The part of the later picture that the earlier one shows too."""
    rows = slice(max(ceil(dy), 0), shape[0] + min(floor(dy), 0))
    columns = slice(max(ceil(dx), 0), shape[1] + min(floor(dx), 0))
    return rows, columns


def moved(image: Floats, dx: float, dy: float) -> Floats:
    """The picture with its content moved, edges repeated."""
    matrix = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
    size = (image.shape[1], image.shape[0])
    shifted = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shifted, dtype=np.float32)


def _differences(one: Floats, two: Floats, dx: float, dy: float) -> tuple[Floats, Floats]:
    """Change of each pixel without and with the shift."""
    step = two - one - np.median(two - one)
    aligned = two - moved(one, dx, dy)
    aligned -= np.median(aligned)
    return np.abs(step), np.abs(aligned)


def _cells(image: cv2.typing.MatLike, finer: int = 1) -> Floats:
    """Means over a grid of 4 by 5 cells, or one that many times finer."""
    size = (_COLUMNS * finer, _ROWS * finer)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


@cache
def _window(height: int, width: int) -> Floats:
    return np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), dtype=np.float32)
