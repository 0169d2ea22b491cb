"""The 21 points of a hand: the hand landmark network on a turned square of the picture."""

from __future__ import annotations

from math import cos, inf, sin
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import field, frozen

from overshoot.adapters.inference.local.palm import TurnedSquare, upright_angle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot.adapters.inference.local.engines import Network
    from overshoot.adapters.inference.local.picture import Floats, Image

INPUT = 224
# Wrist and the inner joints; finger tips are left out, as they would make the square jump.
_INNER = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]


@frozen(eq=False)
class Hand:
    """One hand in one picture.

    Attributes:
        points: shape (21, 3) float32: x, y in pixels of the working picture, z in the same unit
            (towards the camera is negative); order as in MediaPipe: wrist, then four per finger
            from the thumb on.
        presence: 0.0 to 1.0, how sure the network is that this is a hand.
        leftness: 0.0 to 1.0, how sure it is of a left hand; it takes pictures for mirrored ones.
    """

    points: Floats = field(repr=False)
    presence: float
    leftness: float = 0.5

    @property
    def palm(self) -> float:
        """Palm length in pixels: wrist to middle knuckle, or 1.6 palm widths if that is longer.

        The width stands in where the hand is tilted towards the camera.
        """
        length = float(np.linalg.norm(self.points[9, :2] - self.points[0, :2]))
        width = float(np.linalg.norm(self.points[5, :2] - self.points[17, :2]))
        return max(length, 1.6 * width, 1.0)

    def apart(self, other: Hand) -> float:
        """Between the middles of two hands, in palms of the larger one."""
        between = self.points[:, :2].mean(axis=0) - other.points[:, :2].mean(axis=0)
        return float(np.hypot(between[0], between[1])) / max(self.palm, other.palm)

    def nearest(self, others: Iterable[Hand]) -> float:
        """`apart` from the nearest of them; infinite where there is none."""
        return min((self.apart(other) for other in others), default=inf)

    def square(self) -> TurnedSquare:
        """The square to look for this hand in the next picture."""
        flat = self.points[:, :2]
        ahead = ((flat[5] + flat[13]) / 2 + flat[9]) / 2
        angle = upright_angle(
            float(flat[0, 0]), float(flat[0, 1]), float(ahead[0]), float(ahead[1])
        )
        turn = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]], dtype=np.float32)
        upright = flat[_INNER] @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        x, y = turn.T @ ((low + high) / 2)
        side = float(max(high - low))
        return TurnedSquare(float(x), float(y), side, angle).moved_up(0.1).enlarged(2.0)


class HandLandmarker:
    """Reads hands; the network gives points, presence and side, in the order of ``OUTPUTS``."""

    OUTPUTS = ("Identity", "Identity_1", "Identity_2")

    def __init__(self, network: Network) -> None:
        self._network = network

    def read(self, image: Image, square: TurnedSquare) -> Hand:
        """The hand in a square of an image (h, w, 3) BGR, however unlikely: see ``presence``."""
        matrix = _cutting(square)
        cut = cv2.warpAffine(image, matrix, (INPUT, INPUT), flags=cv2.INTER_LINEAR)
        raw, *sure = self._network.run(np.asarray(cut, np.uint8))
        points = raw.reshape(21, 3)
        back = cv2.invertAffineTransform(matrix)
        flat = points[:, :2] @ back[:, :2].T + back[:, 2]
        deep = points[:, 2:] * (square.side / INPUT)
        whole = np.concatenate([flat, deep], axis=1).astype(np.float32)
        presence, leftness = (float(each.ravel()[0]) for each in sure)
        return Hand(whole, presence, leftness)


def _cutting(square: TurnedSquare) -> Floats:
    """The affine map from the picture to the network's input, shape (2, 3)."""
    scale = INPUT / max(square.side, 1.0)
    c, s = cos(square.angle) * scale, sin(square.angle) * scale
    shift_x = INPUT / 2 - (c * square.x + s * square.y)
    shift_y = INPUT / 2 - (-s * square.x + c * square.y)
    return np.array([[c, s, shift_x], [-s, c, shift_y]], dtype=np.float32)
