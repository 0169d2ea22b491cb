"""Where palms are: the palm detection network, and the turned square each palm asks to be cut by.

2016 anchors, seven points a palm; the square follows the published MediaPipe graph
(hand_landmark_tracking, version 0.10.21).
"""

from __future__ import annotations

from math import atan2, cos, pi, sin
from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.adapters.inference.local.boxes import BoxDetector

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.engines import Network
    from overshoot.adapters.inference.local.picture import Floats, Image

INPUT = 192
_GRIDS = ((24, 2), (12, 6))
_WRIST, _MIDDLE_KNUCKLE = 0, 2


@frozen
class TurnedSquare:
    """A square of the picture, turned so that a hand in it stands upright.

    Attributes:
        x: centre, pixels.
        y: centre, pixels.
        side: pixels.
        angle: radians by which the hand is turned clockwise on the screen from upright.
    """

    x: float
    y: float
    side: float
    angle: float

    def moved_up(self, share: float) -> TurnedSquare:
        """The square moved by a share of its side towards the finger tips."""
        step = share * self.side
        return TurnedSquare(
            self.x + step * sin(self.angle), self.y - step * cos(self.angle), self.side, self.angle
        )

    def enlarged(self, factor: float) -> TurnedSquare:
        """The square with its side multiplied."""
        return TurnedSquare(self.x, self.y, self.side * factor, self.angle)


def upright_angle(x0: float, y0: float, x1: float, y1: float) -> float:
    """Radians, clockwise on the screen, from straight up to the line from point 0 to point 1."""
    angle = pi / 2 - atan2(y0 - y1, x1 - x0)
    return (angle + pi) % (2 * pi) - pi


class PalmDetector:
    """Palms of pictures; the network gives boxes and scores, in the order of ``OUTPUTS``."""

    OUTPUTS = ("Identity", "Identity_1")

    def __init__(self, network: Network) -> None:
        self._boxes = BoxDetector(network, INPUT, _GRIDS)

    def find(self, image: Image, most: int = 2) -> list[TurnedSquare]:
        """Squares to cut hands from, the surest first, at most ``most``. Image: (h, w, 3) BGR."""
        return [_square(box.points) for box in self._boxes.find(image, most)]


def _square(palm: Floats) -> TurnedSquare:
    """The square for the hand of a palm: moved up by half and 2.6 times as large."""
    low, high, points = palm[0], palm[1], palm[2:]
    wrist, knuckle = points[_WRIST], points[_MIDDLE_KNUCKLE]
    angle = upright_angle(float(wrist[0]), float(wrist[1]), float(knuckle[0]), float(knuckle[1]))
    size = float(max(high - low))
    x, y = (low + high) / 2
    return TurnedSquare(float(x), float(y), size, angle).moved_up(0.5).enlarged(2.6)
