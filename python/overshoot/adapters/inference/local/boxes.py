"""What the detection networks of MediaPipe have in common: a letter-boxed square in, boxes out.

Decoding follows the published graphs (palm_detection_cpu and face_detection_short_range, version
0.10.21): anchors of unit size on a few grids, for each a box (centre and size) and points in pixels
of the input, and a score; weighted non-maximum suppression at an overlap of 0.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from overshoot.adapters.inference.local.engines import Network
    from overshoot.adapters.inference.local.picture import Floats, Image

MIN_SCORE = 0.5
OVERLAP = 0.3


@frozen(eq=False)
class Box:
    """Something that was found.

    Attributes:
        points: (2 + n, 2), pixels of the picture: upper left and lower right corner, then the n
            points that the network marks.
        score: 0.5 to 1.0.
    """

    points: Floats = field(repr=False)
    score: float


class BoxDetector:
    """Finds one kind of thing in pictures.

    Args:
        network: takes squares; gives numbers for each anchor, (1, anchors, 4 + 2 n), and then
            their scores before the sigmoid, (1, anchors, 1).
        side: of the square, pixels.
        grids: cells along a side, and anchors in each cell, grid by grid.
    """

    def __init__(self, network: Network, side: int, grids: Sequence[tuple[int, int]]) -> None:
        self._network = network
        self._side = side
        self._anchors = _anchors(grids)

    def find(self, image: Image, most: int) -> list[Box]:
        """The surest first, at most ``most``. Image: (h, w, 3) BGR."""
        height, width = image.shape[:2]
        side = self._side
        scale = side / max(height, width)
        left, top = (side - width * scale) / 2, (side - height * scale) / 2
        flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        small = cv2.resize(image, size, interpolation=flags)
        canvas = np.zeros((side, side, 3), np.uint8)
        y, x = round(top), round(left)
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small[: side - y, : side - x]
        numbers, scores = self._network.run(canvas)
        offset = np.array([x, y], dtype=np.float32)
        return [
            Box((points * side - offset) / scale, score)
            for points, score in self._decode(numbers[0], scores[0, :, 0])[:most]
        ]

    def _decode(self, raw: Floats, logits: Floats) -> list[tuple[Floats, float]]:
        """Corner, corner and points, in shares of the input, with their scores."""
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))  # within what 32 bits can hold
        keep = scores >= MIN_SCORE
        raw, scores, anchors = raw[keep] / self._side, scores[keep], self._anchors[keep]
        centre, half = raw[:, 0:2] + anchors, raw[:, 2:4] / 2
        marked = raw[:, 4:].reshape(len(raw), (raw.shape[1] - 4) // 2, 2) + anchors[:, None]
        points = np.concatenate([(centre - half)[:, None], (centre + half)[:, None], marked], 1)
        return _suppressed(points, scores)


def _anchors(grids: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """Centres of the anchors, shape (n, 2), in shares of the input."""
    layers: list[NDArray[np.float64]] = []
    for cells, per_cell in grids:
        centre = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(centre, centre, indexing="ij")
        grid = np.stack([x.ravel(), y.ravel()], axis=1)
        layers.append(np.repeat(grid, per_cell, axis=0))
    return np.concatenate(layers).astype(np.float32)


def _suppressed(points: Floats, scores: Floats) -> list[tuple[Floats, float]]:
    """Weighted non-maximum suppression: overlapping boxes become their mean by score."""
    kept: list[tuple[Floats, float]] = []
    left = np.argsort(-scores)
    while left.size:
        close = _overlap(points[left[0]], points[left]) > OVERLAP
        close[0] = True
        group = left[close]
        mean = np.average(points[group], axis=0, weights=scores[group]).astype(np.float32)
        kept.append((mean, float(scores[left[0]])))
        left = left[~close]
    return kept


def _overlap(one: Floats, many: Floats) -> Floats:
    """Intersection over union of one box with many."""
    low = np.maximum(one[0], many[:, 0])
    high = np.minimum(one[1], many[:, 1])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    area = np.clip(many[:, 1] - many[:, 0], 0, None).prod(axis=1)
    own = float(np.clip(one[1] - one[0], 0, None).prod())
    return np.asarray(shared / np.maximum(own + area - shared, 1e-9), dtype=np.float32)
