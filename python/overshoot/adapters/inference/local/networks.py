"""The three networks together, as one thread has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.adapters.inference.local.engines import open_network
from overshoot.adapters.inference.local.faces import FaceDetector
from overshoot.adapters.inference.local.landmarks import HandLandmarker
from overshoot.adapters.inference.local.palm import PalmDetector

if TYPE_CHECKING:
    from pathlib import Path

    from overshoot.adapters.inference.local.engines import Engine


class Networks:
    """Palms, the points of hands, and faces. Stateless, but for one thread at a time."""

    def __init__(self, palm: Path, landmark: Path, face: Path, engine: Engine) -> None:
        self.palms: PalmDetector = PalmDetector(open_network(palm, PalmDetector.OUTPUTS, engine))
        self.landmarks: HandLandmarker = HandLandmarker(
            open_network(landmark, HandLandmarker.OUTPUTS, engine)
        )
        self.faces: FaceDetector = FaceDetector(
            open_network(face, FaceDetector.OUTPUTS, engine, lowest=FaceDetector.LOWEST)
        )
