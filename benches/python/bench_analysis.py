"""How fast videos are analysed: in this process, over WebRTC on loopback, and decoding alone.

    python benches/python/bench_analysis.py [VIDEO ...]

Without videos it draws two scenes, 640x480 and 1280x720. Correctness comes first: each way, every
run must ask about the same clips (frame numbers and times) and find the same actions, and in this
process the same pixels must be seen each time, or nothing is timed. All sides are timed in one
process in turns; the model answers at once, so that what is measured is the way there and back.
The other side is OpenCV decoding the file and looking at nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
from attrs import define, field

from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.client.action_detector import ActionDetector
from overshoot.domain.source import SyntheticSource
from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceRequest

ROUNDS = 5
SAID = {"detected_actions": [{"action": "a", "confidence": 0.9, "detected": True}]}


@define
class Asked:
    """What a model was asked about in one run."""

    clips: list[list[tuple[int, float]]] = field(factory=list)
    pixels: list[str] = field(factory=list)
    hashing: bool = False

    def answer(self, request: InferenceRequest) -> dict[str, Any]:
        self.clips.append([(frame.index, frame.timestamp) for frame in request.frames])
        if self.hashing:
            digest = hashlib.sha256()
            for frame in request.frames:
                digest.update(np.ascontiguousarray(frame.pixels).tobytes())
            self.pixels.append(digest.hexdigest())
        return SAID


async def analysed(path: Path, *, webrtc: bool, hashing: bool) -> tuple[Asked, float, int]:
    asked = Asked(hashing=hashing)
    backend = ScriptedInference(asked.answer)
    if not webrtc:
        began = perf_counter()
        found = await ActionDetector(inference=backend, actions=["a"]).analyze_video(path)
        return asked, perf_counter() - began, len(found)
    async with LocalGateway(backend=backend) as gateway:
        detector = ActionDetector(api_url=gateway.url, api_key=gateway.api_key, actions=["a"])
        began = perf_counter()
        found = await detector.analyze_video(path)
        return asked, perf_counter() - began, len(found)


def decoded(path: Path) -> float:
    began = perf_counter()
    capture = cv2.VideoCapture(str(path))
    while capture.read()[0]:
        pass
    capture.release()
    return perf_counter() - began


def length(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1e6


async def measure(path: Path) -> None:
    ways = {"in this process": False, "over WebRTC": True}
    proofs: dict[str, list[tuple[Any, Any, int]]] = {name: [] for name in ways}
    for name, webrtc in ways.items():
        for _ in range(ROUNDS):
            asked, _, found = await analysed(path, webrtc=webrtc, hashing=True)
            proofs[name].append((asked.clips, asked.pixels, found))
    here, there = proofs.values()
    assert all(run == here[0] for run in here), "in this process no pixel may differ"
    assert all(run[0] == here[0][0] for run in there), "the clips are the same either way"
    assert all(run[2] == here[0][2] for run in there), "and so are the actions"
    alike = sum(run[1] == there[0][1] for run in there)
    times: dict[str, list[float]] = {name: [] for name in (*ways, "decoding alone")}
    for _ in range(ROUNDS):
        for name, webrtc in ways.items():
            times[name].append((await analysed(path, webrtc=webrtc, hashing=False))[1])
        times["decoding alone"].append(decoded(path))
    seconds = length(path)
    middle = {name: median(each) for name, each in times.items()}
    print(f"{path.name}: {seconds:.1f} s, {len(here[0][0])} clips")
    print(f"  over WebRTC {alike} of {ROUNDS} runs saw the pixels of the first")
    for name, took in middle.items():
        speed, ratio = seconds / took, took / middle["decoding alone"]
        print(f"  {name:16} {took:6.2f} s  {speed:6.1f} x real time  {ratio:5.1f} x decoding")


def drawn(folder: Path, width: int, height: int) -> Path:
    path = folder / f"scene_{width}x{height}.mp4"
    scene = SyntheticScene(
        SyntheticSource(width=width, height=height, fps=25.0, duration_seconds=10.0)
    )
    scene.open()
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "veryfast"}
        while (frame := scene.read()) is not None:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, format="bgr24")))
        container.mux(stream.encode(None))
    scene.close()
    return path


def main() -> None:
    print(f"{platform.machine()}, OpenCV {cv2.__version__}, PyAV {av.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        given = [Path(each) for each in sys.argv[1:]]
        for path in given or [drawn(Path(folder), *size) for size in ((640, 480), (1280, 720))]:
            asyncio.run(measure(path))


if __name__ == "__main__":
    main()
