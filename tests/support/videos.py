"""Video files that tests make for themselves."""

from __future__ import annotations

from pathlib import Path

import av

from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.source import SyntheticSource


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
