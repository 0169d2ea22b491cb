"""Faces near the camera: the short-range face network, and which of its boxes are believed.

896 anchors, six points a face; of the published MediaPipe graph (face_detection_short_range,
version 0.10.21). It is made for faces within two metres: below a score of 0.7 it also sees faces in
drawings and hands, and far ones it misses. So only near faces are told, and where there is none it
says that no face is near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from attrs import frozen

from overshoot.adapters.inference.local.boxes import BoxDetector
from overshoot.adapters.inference.local.observation import Faces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.adapters.inference.local.engines import Network
    from overshoot.adapters.inference.local.picture import Image
    from overshoot.adapters.inference.local.watcher import Record

LOOK_EVERY_S = 0.2
MOST_FACES = 4
_MIN_SCORE = 0.7
# Of the picture's height: a head and shoulders, or nearer.
_LEAST_HEIGHT = 0.1
_HOLD_S = 0.6
# Of the looks: one look that misses it, or sees one that is not there, is passed over.
_OFTEN = 0.5
_GRIDS = ((16, 2), (8, 6))


@frozen
class Face:
    """A face in one picture.

    Attributes:
        score: 0.7 to 1.0.
        height: share of the picture's height, 0.1 to 1.0 and more.
    """

    score: float
    height: float


class FaceDetector:
    """Near faces of pictures; the network gives boxes and scores, in the order of ``OUTPUTS``."""

    OUTPUTS: ClassVar[tuple[str, str]] = ("regressors", "classificators")
    LOWEST: ClassVar[float] = -1.0

    def __init__(self, network: Network) -> None:
        self._boxes = BoxDetector(network, 128, _GRIDS)

    def find(self, image: Image) -> tuple[Face, ...]:
        """At most four, the surest first. Image: (h, w, 3) BGR."""
        rows = image.shape[0]
        faces = (
            Face(box.score, float(box.points[1, 1] - box.points[0, 1]) / rows)
            for box in self._boxes.find(image, MOST_FACES)
        )
        return tuple(f for f in faces if f.score >= _MIN_SCORE and f.height >= _LEAST_HEIGHT)


def faces_in(clip: Sequence[Record], scene: Sequence[Record]) -> Faces | None:
    """Which faces a clip shows; None where they were not looked for.

    Args:
        clip: records of its frames, at least one.
        scene: all records remembered of the scene that is on at its end.
    """
    since = min(clip[-1].time - _HOLD_S, clip[0].time)
    looks = [r.faces for r in scene if r.time >= since and r.faces is not None]
    if not looks:
        return None
    with_one = [faces for faces in looks if faces]
    if len(with_one) < _OFTEN * len(looks):
        return Faces()
    count = int(np.median([len(faces) for faces in with_one]))
    return Faces(count, float(np.mean([faces[0].score for faces in with_one])))
