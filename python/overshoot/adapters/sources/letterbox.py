"""Pictures fitted into a size that is not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels


def letterboxed(picture: Pixels, canvas: tuple[int, int]) -> Pixels:
    """The picture scaled to fit into ``canvas`` (width, height), black where it does not fill it.

    It keeps its proportions: what looks for hands or faces would be misled by a stretched one. A
    picture that has the size already is given back itself.
    """
    width, height = canvas
    rows, columns = picture.shape[:2]
    if (columns, rows) == canvas:
        return picture
    scale = min(width / columns, height / rows)
    fitted = max(1, round(columns * scale)), max(1, round(rows * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, fitted, interpolation=method)
    boxed = np.zeros((height, width, 3), dtype=np.uint8)
    left, top = (width - fitted[0]) // 2, (height - fitted[1]) // 2
    boxed[top : top + fitted[1], left : left + fitted[0]] = small
    return boxed
