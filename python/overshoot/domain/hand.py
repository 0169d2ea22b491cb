"""A hand in a picture, as 21 points."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from attrs import frozen

Handedness: TypeAlias = Literal["left", "right"]

POINTS: Final = 21

FINGER_TIPS: Final = (4, 8, 12, 16, 20)
"""Which of the points are the tips of thumb, index, middle, ring and little finger."""

HAND_CONNECTIONS: Final = (
    *((0, 1), (1, 2), (2, 3), (3, 4)),
    *((0, 5), (5, 6), (6, 7), (7, 8)),
    *((5, 9), (9, 10), (10, 11), (11, 12)),
    *((9, 13), (13, 14), (14, 15), (15, 16)),
    *((0, 17), (13, 17), (17, 18), (18, 19), (19, 20)),
)
"""Pairs of points that belong together: the bones, and the outline of the palm."""


@frozen
class Hand:
    """One hand in one picture.

    Attributes:
        points: the 21 points as (x, y) in pixels, from the left and from the top; those beyond the
            edge are guesses. Order as in MediaPipe: wrist, then four for each finger from its root
            to its tip, from the thumb on.
        presence: 0.0 to 1.0, how sure it is that this is a hand.
        handedness: which hand of the person it is, in a picture that is not mirrored.
    """

    points: tuple[tuple[float, float], ...]
    presence: float
    handedness: Handedness
