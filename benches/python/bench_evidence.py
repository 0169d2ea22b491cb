"""What keeping evidence costs: CPU a frame, bytes a second, time a clip.

    python benches/python/bench_evidence.py

Correctness comes first: the clip that is cut must show the pictures that were given, at their
times, with 36 dB at least, or nothing is timed. The other side is what would be done without
packets in memory: decode the same stretch of a recording and encode it again for each clip.
"""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from overshoot.adapters.evidence.av_recorder import AvRecorder
from overshoot.adapters.evidence.encoder import best_codec
from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.domain.evidence import EvidenceConfig, Stretch
from overshoot.domain.source import SyntheticSource

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame

PSNR_FLOOR = 36.0
SECONDS = 12.0
FPS = 15.0
ROUNDS = 7
WANTED = Stretch(4.0, 9.0)


def scene(width: int, height: int) -> list[Frame]:
    source = SyntheticScene(
        SyntheticSource(width=width, height=height, fps=FPS, duration_seconds=SECONDS)
    )
    source.open()
    frames: list[Frame] = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def recorded(frames: list[Frame], config: EvidenceConfig) -> AvRecorder:
    recorder = AvRecorder(config, patient=True)
    recorder.start()
    for frame in frames:
        recorder.frame(frame)
    return recorder


def worst_psnr(path: Path, start: float, frames: list[Frame]) -> float:
    by_time = {round(frame.timestamp, 3): frame.pixels for frame in frames}
    worst = float("inf")
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            given = by_time[round(start + picture.time, 3)].astype(float)
            error = np.mean((picture.to_ndarray(format="bgr24") - given) ** 2)
            worst = min(worst, 10 * np.log10(255**2 / error))
    return worst


def encoded_again(source: Path, target: Path, start: float) -> None:
    """The clip as it would be made from a recording."""
    codec = best_codec()
    with av.open(str(source)) as container, av.open(str(target), "w") as output:
        stream: Any = output.add_stream(codec.encoder, round(FPS), dict(codec.options))
        first = container.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
        for picture in container.decode(first):
            if WANTED.start <= start + picture.time <= WANTED.end:
                picture.pts = None
                output.mux(stream.encode(picture))
        output.mux(stream.encode(None))


def measure(width: int, height: int, folder: Path) -> None:
    config = EvidenceConfig(folder=folder)
    frames = scene(width, height)
    whole, clip, again = (folder / f"{name}.mp4" for name in ("whole", "clip", "again"))
    costs: list[float] = []
    cuts: list[float] = []
    encodes: list[float] = []
    for turn in range(ROUNDS):
        began = process_time()
        recorder = recorded(frames, config)
        everything = recorder.cut(Stretch(0, SECONDS), 6.0, whole, None)
        costs.append((process_time() - began) / len(frames) * 1e3)
        began_at = perf_counter()
        facts = recorder.cut(WANTED, 6.0, clip, None)
        cuts.append((perf_counter() - began_at) * 1e3)
        recorder.close()
        if not turn:
            psnr = worst_psnr(clip, facts.start, frames)
            assert psnr >= PSNR_FLOOR, f"{psnr:.1f} dB"
        began_at = perf_counter()
        encoded_again(whole, again, everything.start)
        encodes.append((perf_counter() - began_at) * 1e3)
    cost, cut, encode = median(costs), median(cuts), median(encodes)
    kilobits = whole.stat().st_size * 8 / SECONDS / 1000
    print(
        f"{width}x{height}: {cost:.2f} ms of CPU a frame ({cost * FPS / 10:.1f} % of a core at"
        f" {FPS:g}/s), {kilobits:.0f} kbit/s, worst picture {psnr:.1f} dB;"
        f" a clip of {WANTED.length:g} s in {cut:.1f} ms, encoded again {encode:.0f} ms"
        f" ({encode / cut:.0f} x)"
    )


def main() -> None:
    print(f"{platform.machine()}, PyAV {av.__version__}, {best_codec().encoder}")
    with tempfile.TemporaryDirectory() as folder:
        for size in ((640, 480), (1280, 720)):
            measure(*size, Path(folder))


if __name__ == "__main__":
    main()
