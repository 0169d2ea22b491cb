"""The local backend on the specification's own example, with hits, misses and false alarms.

    python benches/python/bench_local.py

The detector's question about four actions is put for every film and photograph of the media folder
(OVERSHOOT_TEST_MEDIA, or ../shared/media beside the checkout) and for films made of the
photographs, as `ActionDetector.analyze_video(inference="local")` puts it. Where LiteRT is
installed, films and photographs are asked about with OpenCV, too: the verdicts must be the same
before times are compared.

An action that happens counts as hit in a source when at least one clip says so with the detector's
default confidence, 0.6; a clip that says so where it does not happen is a false alarm. The rules
were set by people who had seen the films and photographs; made films say in their group whether
they were looked at.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import tempfile
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import thread_time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from attrs import define, field, frozen

from local_sources import ACTIONS, made_from, of_media
from overshoot.adapters.inference.local import LocalBackend
from overshoot.adapters.inference.local.engines import best_engine, open_network
from overshoot.adapters.inference.local.faces import FaceDetector
from overshoot.adapters.inference.local.landmarks import HandLandmarker
from overshoot.adapters.inference.local.palm import PalmDetector
from overshoot.adapters.inference.local.weights import default_weights_dir, installed
from overshoot.client.detector_config import DETECTION_PROCESSING
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.domain.action_question import action_prompt, action_schema
from overshoot.domain.source import VideoFileSource
from overshoot.domain.verdict import verdicts_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_sources import Source
    from overshoot.domain.inference import InferenceResult

MEDIA = Path(
    os.environ.get("OVERSHOOT_TEST_MEDIA")
    or Path(__file__).resolve().parents[3] / "shared" / "media"
)
CONFIDENT = 0.6
ROUNDS = 40


@frozen
class Clip:
    """One answer: how sure of each action that was detected, and how long it took."""

    start: float
    end: float
    said: dict[str, float]
    ms: float


@define
class Score:
    """Of one action, over the clips of one source or of many."""

    happens: int = 0
    said: int = 0
    clips: int = 0
    false: int = 0
    surest: float = 0.0
    sources: set[str] = field(factory=set[str])
    hits: set[str] = field(factory=set[str])
    alarms: set[str] = field(factory=set[str])

    def add(self, source: Source, action: str, clips: Iterable[Clip]) -> None:
        if action in source.undecided:
            return
        start, end = source.truth.get(action, (1.0, 0.0))
        for clip in clips:
            true = start <= clip.start and clip.end <= end
            sure = clip.said.get(action, 0.0)
            detected = sure >= CONFIDENT
            self.surest = max(self.surest, sure)
            self.happens += true
            self.clips += not true
            self.said += true and detected
            self.false += detected and not true
            if true:
                self.sources.add(source.name)
            if detected:
                (self.hits if true else self.alarms).add(source.name)

    def cell(self) -> str:
        parts = []
        if self.happens:
            parts.append(f"{'hit' if self.said else 'MISS'} {self.said}/{self.happens}")
        if self.false:
            parts.append(f"FALSE {self.false}/{self.clips}")
        return " ".join([*parts, f"{self.surest:.2f}"]) if parts else "-"

    def total(self) -> str:
        hits = f"{len(self.hits)}/{len(self.sources)} ({self.said}/{self.happens} clips)"
        return f"{hits if self.sources else '-':26} false {self.false}/{self.clips} clips"


async def ask(backend: LocalBackend, path: Path) -> list[Clip]:
    clips: list[Clip] = []

    def note(result: InferenceResult[Any]) -> None:
        read = verdicts_from(result, ACTIONS)
        assert result.ok, result.error
        assert not read.faults, read.faults
        said = {each.action: each.confidence for each in read.verdicts if each.detected}
        times = result.timestamp_start or 0.0, result.timestamp or 0.0
        clips.append(Clip(*times, said, result.inference_latency_ms))

    config = RealtimeVisionConfig(
        prompt=action_prompt(ACTIONS),
        output_schema=action_schema(ACTIONS),
        processing=DETECTION_PROCESSING,
        source=VideoFileSource(path, real_time=False),
        inference=backend,
        on_result=note,
    )
    async with RealtimeVision(config) as vision:
        end = await vision.wait_ended()
    assert end.error is None, end
    assert clips, f"no answers about {path.name}"
    return clips


async def asked(
    backends: list[LocalBackend], sources: Iterable[Source], folder: Path
) -> list[list[tuple[Source, list[Clip]]]]:
    """What each backend says of each source; they take turns, so that noise is noise for all."""
    answers: list[list[tuple[Source, list[Clip]]]] = [[] for _ in backends]
    for source in sources:
        made = folder / "made.avi"
        path = source.write(made)
        for backend, own in zip(backends, answers, strict=True):
            own.append((source, await ask(backend, path)))
        made.unlink(missing_ok=True)
        print(row(*answers[0][-1]), flush=True)
    return answers


def row(source: Source, clips: list[Clip]) -> str:
    cells = []
    for action in ACTIONS:
        own = Score()
        own.add(source, action, clips)
        cells.append(f"{own.cell():24}")
    took = median(clip.ms for clip in clips)
    return f"{source.group + ': ' + source.name:46.45}{''.join(cells)}{took:9.0f}"


def totals(answers: list[tuple[Source, list[Clip]]]) -> None:
    groups: defaultdict[str, dict[str, Score]] = defaultdict(
        lambda: {action: Score() for action in ACTIONS}
    )
    for source, clips in answers:
        for action in ACTIONS:
            groups[source.group][action].add(source, action, clips)
            groups["all"][action].add(source, action, clips)
    print("\nSources hit of those in which it happens; clips")
    for group, scores in groups.items():
        for action, score in scores.items():
            if score.sources or score.false or group == "all":
                print(f"  {group:28}{action:14}{score.total()}")


def compare(fast: list[tuple[Source, list[Clip]]], slow: list[tuple[Source, list[Clip]]]) -> None:
    worst, differing = 0.0, 0
    for (source, ours), (_, theirs) in zip(fast, slow, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            for action in ACTIONS:
                a, b = one.said.get(action, 0.0), other.said.get(action, 0.0)
                if (a >= CONFIDENT) != (b >= CONFIDENT):
                    differing += 1
                    print(f"  {source.name} {one.end:.1f} s: {action} {a:.2f}, with OpenCV {b:.2f}")
                else:
                    worst = max(worst, abs(a - b))
    clips = sum(len(each) for _, each in fast)
    print(
        f"\nLiteRT beside OpenCV, {clips} clips: {differing} verdicts of {clips * len(ACTIONS)} "
        f"differ; confidences by at most {worst:.3f}"
    )
    if differing:
        sys.exit("LiteRT does not give the same verdicts; no times are compared")
    times = [median(clip.ms for _, clips in side for clip in clips) for side in (fast, slow)]
    told("a clip, all that is looked for", *times)


def networks_alone() -> None:
    """One run of each network, by both engines in turn; CPU time of the thread that runs them."""
    image = np.random.default_rng(1).integers(0, 255, (224, 224, 3), np.uint8)
    paths = installed(default_weights_dir())
    kinds = (PalmDetector.OUTPUTS, HandLandmarker.OUTPUTS, FaceDetector.OUTPUTS)
    for path, side, outputs in zip(paths, (192, 224, 128), kinds, strict=True):
        networks = [open_network(path, outputs, engine) for engine in ("litert", "opencv")]
        own = np.ascontiguousarray(image[:side, :side])
        took: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for network, times in zip(networks, took, strict=True):
                begin = thread_time()
                network.run(own)
                times.append(1000 * (thread_time() - begin))
        told(path.stem, *map(median, took))


def told(what: str, fast: float, slow: float) -> None:
    print(f"  {what}: {fast:.1f} ms, with OpenCV {slow:.1f} ms, {slow / fast:.1f} times as fast")


async def main() -> None:
    engine = best_engine()
    cv2.setNumThreads(1)  # As the backend's own threads have it.
    print(
        f"Python {platform.python_version()}, OpenCV {version('opencv-python')}, networks run by "
        f"{engine}, {platform.machine()}\n"
    )
    with tempfile.TemporaryDirectory(prefix="overshoot-bench-") as name:
        folder = Path(name)
        print(f"{'source':46}{''.join(f'{action:24}' for action in ACTIONS)}ms a clip")
        backends = [LocalBackend(engine=engine)]
        if engine == "litert":
            backends.append(LocalBackend(engine="opencv"))
        real = await asked(backends, of_media(MEDIA), folder)
        made = await asked(backends[:1], made_from(MEDIA), folder)
        for backend in backends:
            await backend.close()
    totals([*real[0], *made[0]])
    if engine == "opencv":
        print("\nLiteRT is not installed (pip install 'overshoot-sdk[fast]'): no comparison")
        return
    compare(*real)
    networks_alone()


if __name__ == "__main__":
    if not MEDIA.is_dir():
        sys.exit(f"no clips: set OVERSHOOT_TEST_MEDIA or put them in {MEDIA}")
    asyncio.run(main())
