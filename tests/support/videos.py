"""Video files that tests make for themselves."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.source import SyntheticSource

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels


def write_scene(path: Path, *, seconds: float, fps: float = 15.0, seed: int = 0) -> Path:
    """The drawn scene as an H264 file, 640x480."""
    scene = SyntheticScene(SyntheticSource(fps=fps, seed=seed, duration_seconds=seconds))
    scene.open()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=round(fps))
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        stream.options = {"preset": "veryfast"}
        while (frame := scene.read()) is not None:
            picture = av.VideoFrame.from_ndarray(frame.pixels, format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    scene.close()
    return path


LEVEL_STEP = 4
"""How much lighter each picture of `write_pictures` is than the one before."""


def write_pictures(path: Path, times: Sequence[float], *, first: float = 0.0) -> Path:
    """Pictures of 128x96 at these times in seconds, in a clock of 1/1000 s, without losses.

    Each is grey, lighter than the one before, with a white upper left quarter. ``first`` is where
    the container's own clock begins.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264rgb", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "bgr24"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        stream.options = {"preset": "ultrafast", "qp": "0", "bf": "0"}
        for index, time in enumerate(times):
            pixels = np.full((96, 128, 3), index * LEVEL_STEP, np.uint8)
            pixels[:48, :64] = 255
            picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            picture.pts, picture.time_base = round((first + time) * 1000), Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def level_of(pixels: Pixels) -> int:
    """Which picture of `write_pictures` it is."""
    return round(float(pixels[-20:, -20:].mean()) / LEVEL_STEP)


def turn_quarter(path: Path) -> Path:
    """Mark an MP4 as one to be shown turned by 90 degrees clockwise.

    The transformation matrix of its one track (ISO/IEC 14496-12, section 8.3.2) is changed.
    """
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    content = path.read_bytes()
    header = content.index(b"tkhd")
    at = content.index(upright, header)
    path.write_bytes(content[:at] + turned + content[at + len(turned) :])
    return path


def write_sound(path: Path) -> Path:
    """A file with sound alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        silence.sample_rate = 16_000
        for index in range(10):
            silence.pts = index * 1024
            container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    return path
