"""Pictures whose time can be read back from a video that was made of them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from overshoot.domain.frame import Frame

LEVEL_STEP = 3


def film(
    seconds: float, *, fps: float = 10.0, start: float = 0.0, size: tuple[int, int] = (64, 48)
) -> list[Frame]:
    """Grey frames that get lighter by 3 with each, from 16 on; `levels` reads that back."""
    count, first = round(seconds * fps), round(start * fps)
    width, height = size
    return [
        Frame(
            np.full((height, width, 3), (16 + LEVEL_STEP * index) % 240, np.uint8),
            index / fps,
            index,
        )
        for index in range(first, first + count)
    ]


def levels(video: Path) -> list[tuple[float, int]]:
    """Each picture's time in the file, and the number of the frame of `film` that it shows."""
    with av.open(str(video)) as container:
        return [
            (round(picture.time, 4), round((_grey(picture) - 16) / LEVEL_STEP))
            for picture in container.decode(container.streams.video[0])
        ]


def _grey(picture: av.VideoFrame) -> float:
    return float(picture.to_ndarray(format="bgr24").mean())
