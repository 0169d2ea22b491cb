"""Pictures of the drawn scene, which carry their numbers, as another program would push them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import cv2
import numpy as np
from numpy.typing import NDArray

from overshoot.adapters.sources.synthetic import ScenePainter
from overshoot.domain.scene import Scene

FPS = 15.0

_SCENE = Scene(640, 480)
_PAINTER = ScenePainter(_SCENE)


def rgb_picture(number: int) -> NDArray[np.uint8]:
    """One picture, (480, 640, 3)."""
    return np.ascontiguousarray(_PAINTER.paint(_SCENE.at(number))[..., ::-1])


def jpeg_picture(number: int) -> bytes:
    """The same as a phone's camera would compress it."""
    done, data = cv2.imencode(".jpg", _PAINTER.paint(_SCENE.at(number)))
    assert done
    return data.tobytes()


async def frames(count: int = 30) -> AsyncIterator[NDArray[np.uint8]]:
    """Pictures at 15 a second."""
    for number in range(count):
        yield rgb_picture(number)
        await asyncio.sleep(1 / FPS)


frame_data = rgb_picture(0)
