"""Clips of a stream's actions: cut from its buffer and what comes, and free without actions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from overshoot import bootstrap
from overshoot.application.live_frames import LiveFrames
from overshoot.application.stream_evidence import EvidenceTools, StreamEvidence
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import action_schema
from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.sampling import FrameSampling
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.errors import OvershootError
from overshoot.testing.films import film, levels
from overshoot.testing.waiting import until
from overshoot.wire.evidence import decode_record

SETTINGS = EvidenceSettings(pre_roll_seconds=0.5, post_roll_seconds=0.5, max_clip_seconds=20.0)


def action(start: float, end: float | None = None, name: str = "wave") -> DetectedAction:
    duration = None if end is None else end - start
    return DetectedAction(name, start, 0, 0.9, duration, {"action_id": f"{name}-{start}"})


class Kit:
    """A stream of ten frames a second that remembers one second of them."""

    def __init__(self, folder: Path) -> None:
        self.threads = ThreadPoolExecutor(1)
        self.frames = LiveFrames(BufferLimits(seconds=1.0))
        self.recorders: list[Any] = []
        self.kept: list[DetectedAction] = []
        self.errors: list[OvershootError] = []
        self.folder = folder
        self.shown = 0
        config = SETTINGS.within(folder)

        def recorder() -> Any:
            self.recorders.append(bootstrap.clip_recorder(config, patient=True))
            return self.recorders[-1]

        tools = EvidenceTools(
            config=config,
            recorder=recorder,
            shelf=partial(bootstrap.evidence_shelf, config),
            threads=self.threads,
            now=lambda: 1000.0,
            on_error=self.errors.append,
            on_kept=self.kept.append,
        )
        asked = StreamInferenceConfig(
            prompt="wave?", model="m", output_schema_json=action_schema(["wave"])
        )
        stream = SimpleNamespace(
            id="stream",
            source="whip",
            sampling=FrameSampling(0.1),
            inference=asked,
            frames=self.frames,
        )
        self.evidence = StreamEvidence(cast("Any", stream), TrackingRule(), tools)

    async def show(self, until_second: float) -> None:
        """Frames up to that second, each after the one before was looked at."""
        for frame in film(until_second - self.shown / 10, start=self.shown / 10):
            self.frames.add(frame)
            self.shown += 1
            if self.recorders:
                await until(partial(self._is_taken, frame.timestamp))

    def _is_taken(self, time: float) -> bool:
        keeper = cast("Any", self.evidence)._keeper
        return keeper is None or keeper._passed >= time

    async def end(self) -> None:
        self.frames.end()
        await self.evidence.finish()

    def clips(self) -> list[Path]:
        return sorted(self.folder.glob("stream/*.mp4"))


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    kit = Kit(tmp_path)
    yield kit
    kit.threads.shutdown()
    assert not kit.errors


async def test_a_long_action_is_whole_though_the_buffer_is_short(kit: Kit) -> None:
    await kit.show(2.0)
    assert not kit.recorders
    kit.evidence.begun(action(1.6))
    await kit.show(6.0)
    ended = kit.evidence.ended(action(1.6, 5.6))
    assert ended.metadata["evidence"]["clip"].endswith("stream/000001-wave.mp4")
    await kit.show(6.4)
    await until(lambda: len(kit.kept) == 1)
    (clip,) = kit.clips()
    shown = levels(clip)
    # From half a second before it, to half a second after.
    assert [number for _, number in shown] == list(range(11, 62))
    assert [time for time, _ in shown] == [round(0.1 * place, 4) for place in range(51)]
    told = decode_record(clip.with_suffix(".json").read_bytes())
    assert told is not None
    assert (told.source, told.question.prompt, told.question.actions) == (
        "whip",
        "wave?",
        ("wave",),
    )
    assert told.question.processing == {"interval_seconds": 0.1}
    await kit.end()


async def test_nothing_is_encoded_between_actions_and_numbers_go_on(kit: Kit) -> None:
    for number, start in enumerate((0.0, 3.0), 1):
        await kit.show(start + 0.5)
        kit.evidence.begun(action(start))
        kit.evidence.ended(action(start, start + 0.2))
        await kit.show(start + 1.5)
        await until(lambda: len(kit.kept) == number)  # noqa: B023 - awaited here
        # With the next frame it is seen that no clip waits any more.
        await kit.show(start + 1.6)
        await until(lambda: cast("Any", kit.evidence)._keeper is None)
        await until(lambda: kit.recorders[-1]._thread is None)
    assert len(kit.recorders) == 2
    assert [clip.name for clip in kit.clips()] == ["000001-wave.mp4", "000002-wave.mp4"]
    await kit.end()


async def test_actions_that_overlap_share_what_is_encoded(kit: Kit) -> None:
    await kit.show(0.5)
    kit.evidence.begun(action(0.1))
    kit.evidence.begun(action(0.3, name="nod"))
    await kit.show(2.0)
    kit.evidence.ended(action(0.1, 1.0))
    await kit.show(2.2)
    await until(lambda: len(kit.kept) == 1)
    kit.evidence.ended(action(0.3, 2.0, name="nod"))
    await kit.show(2.8)
    await until(lambda: len(kit.kept) == 2)
    assert len(kit.recorders) == 1
    assert [each.action for each in kit.kept] == ["wave", "nod"]
    await kit.end()


async def test_a_stream_that_ends_leaves_the_clips_there_can_be(kit: Kit) -> None:
    await kit.show(1.0)
    kit.evidence.begun(action(0.2))
    # All at once, as a stream ends: the buffer is empty before anything was encoded.
    kit.frames.end()
    kit.evidence.ended(action(0.2, 1.0))
    await kit.evidence.finish()
    (clip,) = kit.clips()
    assert [number for _, number in levels(clip)] == list(range(10))
    assert kit.recorders[-1]._thread is None


async def test_a_stream_without_actions_has_nothing_to_finish(kit: Kit) -> None:
    await kit.show(1.0)
    await kit.end()
    assert not kit.recorders
    assert not kit.clips()
