"""Planar frames for PyAV; apart from the rest, which needs no PyAV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from av import VideoFrame

if TYPE_CHECKING:
    from overshoot.domain.frame import PlanarFrame


def video_frame(frame: PlanarFrame) -> VideoFrame:
    """A ``yuv420p`` picture over the planes of ``frame``, which it keeps alive.

    Nothing is copied if the width is even and the height a multiple of four. Else the planes are
    copied once: `VideoFrame.from_numpy_buffer` of PyAV 18 takes the height to be
    ``rows // 6 * 4``, and would look for the chroma two rows too early.
    """
    width, height, planes = frame.width, frame.height, frame.planes
    if width % 2 == 0 and height % 4 == 0:
        return VideoFrame.from_numpy_buffer(planes.reshape(-1, width), format="yuv420p")
    picture = VideoFrame(width, height, "yuv420p")
    begin = 0
    for plane in picture.planes:
        samples = planes[begin : begin + plane.width * plane.height]
        begin += samples.size
        # A plane has the buffer protocol, but not in its stub.
        rows = np.frombuffer(cast("Any", plane), np.uint8).reshape(plane.height, plane.line_size)
        rows[:, : plane.width] = samples.reshape(plane.height, plane.width)
    return picture
