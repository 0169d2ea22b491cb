"""Where palms are: the palm detection network, and the turned square each palm asks to be cut by.

Decoding follows the published MediaPipe graph (palm_detection_cpu and
hand_landmark_tracking, version 0.10.21): 2016 anchors of unit size, 18 numbers a palm (box centre
and size, seven points), weighted non-maximum suppression at an overlap of 0.3.
"""

from __future__ import annotations

from math import atan2, cos, pi, sin
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from overshoot.adapters.inference.local.engines import Network
    from overshoot.adapters.inference.local.picture import Floats, Image

INPUT = 192
MIN_SCORE = 0.5
OVERLAP = 0.3
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


def _anchors() -> NDArray[np.float32]:
    """Centres of the 2016 anchors, shape (2016, 2), in shares of the input."""
    layers: list[NDArray[np.float64]] = []
    for cells, per_cell in ((24, 2), (12, 6)):
        centre = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(centre, centre, indexing="ij")
        grid = np.stack([x.ravel(), y.ravel()], axis=1)
        layers.append(np.repeat(grid, per_cell, axis=0))
    return np.concatenate(layers).astype(np.float32)


class PalmDetector:
    """Palms of pictures; the network gives boxes and scores, in the order of ``OUTPUTS``."""

    OUTPUTS = ("Identity", "Identity_1")

    def __init__(self, network: Network) -> None:
        self._network = network
        self._anchors = _anchors()

    def find(self, image: Image, most: int = 2) -> list[TurnedSquare]:
        """Squares to cut hands from, the surest first, at most ``most``. Image: (h, w, 3) BGR."""
        height, width = image.shape[:2]
        scale = INPUT / max(height, width)
        left, top = (INPUT - width * scale) / 2, (INPUT - height * scale) / 2
        flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        small = cv2.resize(image, size, interpolation=flags)
        canvas = np.zeros((INPUT, INPUT, 3), np.uint8)
        y, x = round(top), round(left)
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small[: INPUT - y, : INPUT - x]
        boxes, scores = self._network.run(canvas)
        palms = self._decode(boxes[0], scores[0, :, 0])
        offset = np.array([x, y], dtype=np.float32)
        return [_square((palm * INPUT - offset) / scale) for palm in palms[:most]]

    def _decode(self, raw: Floats, logits: Floats) -> list[Floats]:
        """Palms as (9, 2): corner, corner, seven points, in shares of the input."""
        scores = 1 / (1 + np.exp(-np.clip(logits, -100, 100)))
        keep = scores >= MIN_SCORE
        raw, scores, anchors = raw[keep] / INPUT, scores[keep], self._anchors[keep]
        centre, half = raw[:, 0:2] + anchors, raw[:, 2:4] / 2
        points = raw[:, 4:].reshape(-1, 7, 2) + anchors[:, None]
        palms = np.concatenate([(centre - half)[:, None], (centre + half)[:, None], points], axis=1)
        return _suppressed(palms, scores)


def _suppressed(palms: Floats, scores: Floats) -> list[Floats]:
    """Weighted non-maximum suppression: overlapping boxes become their mean by score."""
    kept: list[Floats] = []
    left = np.argsort(-scores)
    while left.size:
        close = _overlap(palms[left[0]], palms[left]) > OVERLAP
        close[0] = True
        group = left[close]
        kept.append(np.average(palms[group], axis=0, weights=scores[group]).astype(np.float32))
        left = left[~close]
    return kept


def _overlap(one: Floats, many: Floats) -> Floats:
    """Intersection over union of the box of one palm with the boxes of many."""
    low = np.maximum(one[0], many[:, 0])
    high = np.minimum(one[1], many[:, 1])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    area = np.clip(many[:, 1] - many[:, 0], 0, None).prod(axis=1)
    own = float(np.clip(one[1] - one[0], 0, None).prod())
    return np.asarray(shared / np.maximum(own + area - shared, 1e-9), dtype=np.float32)


def _square(palm: Floats) -> TurnedSquare:
    """The square for the hand of a palm: moved up by half and 2.6 times as large."""
    low, high, points = palm[0], palm[1], palm[2:]
    wrist, knuckle = points[_WRIST], points[_MIDDLE_KNUCKLE]
    angle = upright_angle(float(wrist[0]), float(wrist[1]), float(knuckle[0]), float(knuckle[1]))
    size = float(max(high - low))
    x, y = (low + high) / 2
    return TurnedSquare(float(x), float(y), size, angle).moved_up(0.5).enlarged(2.6)
