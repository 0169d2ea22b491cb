"""Light and colours of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from overshoot.adapters.inference.local.gestures import ramp
from overshoot.adapters.inference.local.vocabulary import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.adapters.inference.local.picture import Floats, Image

# Mean gray levels below which a picture is dark, dim, normal; above, bright.
_LEVELS = ((50.0, Word.DARK), (85.0, Word.DIM), (180.0, Word.NORMAL_LIGHT))
_LEAST_SHARE = 0.08
_SURE_SHARE = 0.25
_MOST_COLOURS = 3
_SURE = 0.5
# In levels of 0 to 255, and half degrees of hue.
_LEAST_CHROMA, _BLACK_BELOW, _PLAIN_BLACK_BELOW, _WHITE_FROM = 28, 45, 55, 200
_BROWN_FROM_HUE, _BROWN_TO_HUE, _BROWN_BELOW = 4, 22, 150
# Hue in OpenCV's half degrees, up to which a colour reaches.
_HUES = (
    (8, Word.RED),
    (20, Word.ORANGE),
    (34, Word.YELLOW),
    (80, Word.GREEN),
    (98, Word.CYAN),
    (130, Word.BLUE),
    (150, Word.PURPLE),
    (170, Word.PINK),
    (181, Word.RED),
)


def light_level(gray: Image) -> Word:
    """How light a gray picture is."""
    mean = float(gray.mean())
    return next((word for limit, word in _LEVELS if mean < limit), Word.BRIGHT)


def light_cells(gray: Image) -> Floats:
    """Mean gray level of each of 6 by 8 cells."""
    return np.asarray(
        cv2.resize(gray.astype(np.float32), (8, 6), interpolation=cv2.INTER_AREA), dtype=np.float32
    )


def light_change(cells: Sequence[Floats]) -> tuple[Word, float] | None:
    """Whether it got brighter or darker over a run of cell means.

    The median over the cells is taken, so that a thing that comes into view does not count.
    """
    if not cells:
        return None
    course = np.array([float(np.median(each - cells[0])) for each in cells])
    change, way = course[-1], np.sign(course[-1])
    steps = np.diff(course) * way
    steady = float(np.clip(steps, 0, None).sum()) / max(float(np.abs(steps).sum()), 1e-9)
    sure = min(ramp(abs(float(change)), 6, 18), ramp(steady, 0.5, 0.8))
    if sure < _SURE:
        return None
    return (Word.BRIGHTER if change > 0 else Word.DARKER), sure


def dominant_colours(small: Image) -> tuple[tuple[Word, float], ...]:
    """Up to three named colours with how surely they are dominant; 1.0 from a quarter of it on."""
    names = _named(cv2.GaussianBlur(small, (3, 3), 0))
    shares = sorted(
        ((float((names == i).mean()), word) for i, word in enumerate(_NAMES)),
        key=lambda each: -each[0],
    )
    return tuple(
        (word, ramp(share, 0, _SURE_SHARE))
        for share, word in shares[:_MOST_COLOURS]
        if share >= _LEAST_SHARE
    )


_NAMES = tuple(
    dict.fromkeys([*(word for _, word in _HUES), Word.BROWN, Word.BLACK, Word.GRAY, Word.WHITE])
)


def _named(image: cv2.typing.MatLike) -> Image:
    """Index into ``_NAMES`` of every pixel."""
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
    names = np.zeros(hue.shape, np.uint8)
    low = 0
    for high, word in _HUES:
        names[(hue >= low) & (hue < high)] = _NAMES.index(word)
        low = high
    brown = (hue >= _BROWN_FROM_HUE) & (hue < _BROWN_TO_HUE) & (value < _BROWN_BELOW)
    names[brown] = _NAMES.index(Word.BROWN)
    # Chroma, not saturation: a dark pixel has a high saturation and no colour to speak of.
    chroma = saturation.astype(np.float32) * value.astype(np.float32) / 255
    plain = chroma < _LEAST_CHROMA
    names[plain & (value < _WHITE_FROM)] = _NAMES.index(Word.GRAY)
    names[plain & (value >= _WHITE_FROM)] = _NAMES.index(Word.WHITE)
    names[(value < _BLACK_BELOW) | (plain & (value < _PLAIN_BLACK_BELOW))] = _NAMES.index(
        Word.BLACK
    )
    return names
