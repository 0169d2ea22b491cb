"""What one hand shows, from its 21 points alone.

Every judgement is a ramp from 0 to 1 and a gesture is the smallest of its ramps, so a confidence
says how far the weakest condition is met. The limits were set on the landmark rows and pictures
named in ARCHITECTURE.md; nothing here depends on the size of the hand or, thumbs apart, on how it
is turned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overshoot.adapters.inference.local.vocabulary import Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overshoot.adapters.inference.local.picture import Floats

WRIST = 0
THUMB = (1, 2, 3, 4)
FINGERS = ((5, 6, 7, 8), (9, 10, 11, 12), (13, 14, 15, 16), (17, 18, 19, 20))
TIPS = [8, 12, 16, 20]
_KNUCKLES = [5, 9, 13, 17]


def ramp(value: float, low: float, high: float) -> float:
    """0 at ``low``, 1 at ``high``, straight between; ``low`` may be the larger one."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


def gestures(points: Floats) -> Mapping[Word, float]:
    """Confidence, 0 to 1, of each gesture a still hand can show.

    Args:
        points: shape (21, 2) or (21, 3); x to the right, y down, any unit. Only x and y are used.
    """
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    straight = [_straight(flat, finger) for finger in FINGERS]
    index, middle = straight[:2]
    folded = [1 - each for each in straight]
    curled = min(folded)
    thumb_out = _thumb_out(flat)
    up = _thumb_direction(flat)
    thumb_apart = min(curled, thumb_out)
    return {
        Word.OPEN_HAND: min(straight),
        Word.FIST: min(curled, 1 - thumb_out),
        Word.POINTING: min(index, folded[1], folded[2], folded[3]),
        Word.VICTORY: min(index, middle, folded[2], folded[3], _spread(flat)),
        Word.THUMBS_UP: min(thumb_apart, ramp(up, 0.45, 0.8)),
        Word.THUMBS_DOWN: min(thumb_apart, ramp(-up, 0.45, 0.8)),
    }


def with_room(shown: Mapping[Word, float], nearest: float) -> Mapping[Word, float]:
    """The gestures of a hand that has another one ``nearest`` palms away, from middle to middle.

    A hand that covers another one hides its fingers, which then look folded: only an open hand is
    believed there.
    """
    room = ramp(nearest, 0.9, 1.3)
    return {
        word: sure if word is Word.OPEN_HAND else min(sure, room) for word, sure in shown.items()
    }


def _straight(flat: Floats, finger: tuple[int, int, int, int]) -> float:
    """How straight a finger is: its bend, and how far its tip reaches beyond its middle joint."""
    knuckle, middle, outer, tip = (flat[i] for i in finger)
    bend = _angle(middle - knuckle, tip - outer)
    reach = _length(tip - flat[WRIST]) / max(_length(middle - flat[WRIST]), 1e-9)
    return min(ramp(bend, 110, 40), ramp(reach, 0.95, 1.25))


def _thumb_out(flat: Floats) -> float:
    """How far the thumb stands off the fist, and how straight it is."""
    knuckle, joint, tip = (flat[i] for i in THUMB[1:])
    palm = _palm(flat)
    fist = flat[[*_KNUCKLES, 6, 10, 14, 18]]
    away = float(np.min(np.linalg.norm(fist - tip, axis=1))) / palm
    bend = _angle(joint - knuckle, tip - joint)
    return min(ramp(away, 0.25, 0.55), ramp(bend, 70, 35))


def _thumb_direction(flat: Floats) -> float:
    """1 where the thumb points straight up on the screen, -1 straight down."""
    line = flat[THUMB[3]] - flat[THUMB[1]]
    return float(-line[1] / max(_length(line), 1e-9))


def _spread(flat: Floats) -> float:
    """How far index and middle finger stand apart."""
    return ramp(_angle(flat[8] - flat[5], flat[12] - flat[9]), 4, 12)


def _palm(flat: Floats) -> float:
    return max(_length(flat[9] - flat[WRIST]), 1.6 * _length(flat[5] - flat[17]), 1e-9)


def _length(line: Floats) -> float:
    return float(np.hypot(line[0], line[1]))


def _angle(one: Floats, other: Floats) -> float:
    """Degrees between two directions, 0 to 180."""
    cross = float(one[0] * other[1] - one[1] * other[0])
    return abs(float(np.degrees(np.arctan2(cross, float(one @ other)))))
