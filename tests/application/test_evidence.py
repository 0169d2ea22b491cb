"""The keeper: when a clip is cut, what is told, and that nothing else is held up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from overshoot.application import evidence
from overshoot.application.evidence import EvidenceKeeper
from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence import EvidenceConfig, Stretch
from overshoot.domain.evidence_record import ClipFacts, EvidenceRecord
from overshoot.domain.frame import Frame
from overshoot.errors import OvershootError, StoreError
from overshoot.ports.evidence import EvidencePaths
from overshoot.testing.films import film
from overshoot.testing.waiting import nothing_left, until
from support.evidence import QUESTION, record, verdict

CONFIG = EvidenceConfig(folder="kept", pre_roll_seconds=1, post_roll_seconds=1, max_clip_seconds=10)


class Desk:
    """Recorder and shelf in one, in memory; `gate` holds the disk, `failure` breaks it."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.cuts: list[tuple[Stretch, float, float]] = []
        self.shelf: dict[Path, EvidenceRecord] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.open_failure: Exception | None = None
        self.running = False
        self.dropped = 0

    def start(self) -> None:
        self.running = True

    def frame(self, frame: Frame) -> None:
        self.times.append(frame.timestamp)

    def cut(self, wanted: Stretch, at: float, video: Path, thumbnail: Path | None) -> ClipFacts:
        self.gate.wait(20)
        if self.failure is not None:
            raise self.failure
        self.cuts.append((wanted, at, self.times[-1] if self.times else -1.0))
        return record().clip

    def close(self) -> None:
        self.running = False

    def open(self) -> None:
        if self.open_failure is not None:
            raise self.open_failure

    def places(self, number: int, action: str) -> EvidencePaths:
        stem = Path(f"/kept/{number}-{action}")
        return EvidencePaths(
            stem.with_suffix(".mp4"), stem.with_suffix(".jpg"), stem.with_suffix(".json")
        )

    def keep(self, places: EvidencePaths, fill: Callable[[EvidencePaths], EvidenceRecord]) -> None:
        self.shelf[places.sidecar] = fill(places)


class Kit:
    def __init__(self) -> None:
        self.desk = Desk()
        self.errors: list[OvershootError] = []
        self.keeper = EvidenceKeeper(
            CONFIG,
            recorder=self.desk,
            shelf=self.desk,
            question=QUESTION,
            session_id="abc",
            source="camera 0",
            now=lambda: 1e9,
            on_error=self.errors.append,
        )

    def pass_until(self, seconds: float) -> None:
        start = self.desk.times[-1] + 0.1 if self.desk.times else 0.0
        for frame in film(seconds - start, start=start):
            self.keeper.frame(frame)


@asynccontextmanager
async def running() -> AsyncIterator[Kit]:
    with nothing_left():
        kit = Kit()
        await kit.keeper.start()
        yield kit
        await kit.keeper.aclose()
        assert not kit.desk.running


def wave(timestamp: float = 3.0, duration: float | None = 1.0) -> DetectedAction:
    return DetectedAction("wave", timestamp, 0, 0.9, duration, {"who": "me"})


async def test_the_action_knows_its_places_at_once_and_the_clip_comes_after_the_post_roll() -> None:
    async with running() as kit:
        kit.pass_until(4.5)
        action = kit.keeper.keep(wave(), [verdict()])
        assert action.metadata == {
            "who": "me",
            "evidence": {
                "clip": "/kept/1-wave.mp4",
                "thumbnail": "/kept/1-wave.jpg",
                "sidecar": "/kept/1-wave.json",
                "clip_start": 2.0,
                "clip_end": 5.0,
            },
        }
        kit.pass_until(5.1)
        await asyncio.sleep(0)
        assert kit.desk.cuts == []
        kit.pass_until(5.3)
        await until(lambda: kit.keeper.kept == 1)
        assert [(wanted, at) for wanted, at, _ in kit.desk.cuts] == [(Stretch(2.0, 5.0), 3.5)]
        kept = kit.desk.shelf[Path("/kept/1-wave.json")]
        assert kept.action == wave()
        assert kept.verdicts == (verdict(),)
        assert (kept.question, kept.session_id, kept.source, kept.kept_at) == (
            QUESTION,
            "abc",
            "camera 0",
            1e9,
        )


async def test_an_answer_that_comes_after_the_post_roll_is_kept_at_once() -> None:
    async with running() as kit:
        kit.pass_until(9.0)
        kit.keeper.keep(wave())
        await until(lambda: kit.keeper.kept == 1)


async def test_clips_are_cut_in_the_order_in_which_they_end() -> None:
    async with running() as kit:
        kit.pass_until(1.0)
        for timestamp in (6.0, 2.0, 4.0):
            kit.keeper.keep(wave(timestamp))
        kit.pass_until(9.0)
        await until(lambda: kit.keeper.kept == 3)
        assert [wanted.end for wanted, _, _ in kit.desk.cuts] == [4.0, 6.0, 8.0]


async def test_at_the_end_of_the_stream_what_there_is_is_kept() -> None:
    async with running() as kit:
        kit.pass_until(4.2)
        kit.keeper.keep(wave())
        await kit.keeper.aclose()
        assert kit.keeper.kept == 1
        late = kit.keeper.keep(wave())
        assert "evidence" not in late.metadata
        assert [error.message for error in kit.errors] == [
            "no evidence of 'wave' is kept: the run is over"
        ]


async def test_a_disk_that_fails_is_told_once_and_the_next_clip_is_tried() -> None:
    async with running() as kit:
        kit.desk.failure = StoreError("the disk is full")
        kit.pass_until(9.0)
        for _ in range(3):
            kit.keeper.keep(wave())
        await until(lambda: kit.keeper.lost == 3)
        assert [error.message for error in kit.errors] == ["the disk is full"]
        kit.desk.failure = None
        kit.keeper.keep(wave())
        await until(lambda: kit.keeper.kept == 1)
        kit.desk.failure = ValueError("odd")
        kit.keeper.keep(wave())
        await until(lambda: kit.keeper.lost == 4)
        assert isinstance(kit.errors[-1], StoreError)
        assert "ValueError: odd" in kit.errors[-1].message


async def test_a_folder_that_cannot_be_opened_is_told_and_tried_again() -> None:
    with nothing_left():
        kit = Kit()
        kit.desk.open_failure = StoreError("read-only")
        await kit.keeper.start()
        await until(lambda: bool(kit.errors))
        kit.pass_until(9.0)
        kit.keeper.keep(wave())
        await kit.keeper.aclose()
    assert [error.message for error in kit.errors] == ["read-only"]
    assert kit.keeper.kept == 1


async def test_a_slow_disk_holds_up_neither_frames_nor_actions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "MOST_WAITING", 2)
    async with running() as kit:
        kit.desk.gate.clear()
        kit.pass_until(9.0)
        places = [kit.keeper.keep(wave()).metadata.get("evidence") for _ in range(5)]
        assert sum(place is not None for place in places) == 2
        assert kit.keeper.lost == 3
        assert len(kit.errors) == 1
        assert len(kit.desk.times) == 90
        kit.desk.gate.set()
        await until(lambda: kit.keeper.kept == 2)


async def test_a_disk_that_hangs_does_not_hang_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "CLOSE_SECONDS", 0.05)
    with nothing_left():
        kit = Kit()
        await kit.keeper.start()
        kit.desk.gate.clear()
        kit.pass_until(9.0)
        kit.keeper.keep(wave())
        kit.keeper.keep(wave())
        await kit.keeper.aclose()
        kit.desk.gate.set()
        await until(lambda: not any("evidence-disk" in t.name for t in threading.enumerate()))
    assert ["the disk takes too long" in error.message for error in kit.errors] == [True]
    assert kit.keeper.lost == 2
