"""A folder with evidence, made by the keeper itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from overshoot.adapters.evidence.av_recorder import AvRecorder
from overshoot.adapters.evidence.folder import EvidenceFolderShelf
from overshoot.adapters.sources.synthetic import SyntheticScene
from overshoot.application.evidence import EvidenceKeeper
from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence import EvidenceConfig
from overshoot.domain.evidence_record import Question
from overshoot.domain.source import SyntheticSource
from support.evidence import QUESTION, verdict


async def keep_scene(
    folder: Path,
    *,
    times: Sequence[float] = (2.0,),
    seconds: float = 4.0,
    session: str = "abc",
    question: Question = QUESTION,
    size: tuple[int, int] = (320, 240),
) -> list[DetectedAction]:
    """A wave at each of these times of the drawn scene, as they are stored."""
    config = EvidenceConfig(folder=folder, pre_roll_seconds=1, post_roll_seconds=1)
    keeper = EvidenceKeeper(
        config,
        recorder=AvRecorder(config, patient=True),
        shelf=EvidenceFolderShelf(config, session),
        question=question,
        session_id=session,
        source="scene",
        now=time.time,
        on_error=_raise,
    )
    await keeper.start()
    scene = SyntheticScene(SyntheticSource(*size, fps=15, duration_seconds=seconds))
    scene.open()
    while (frame := scene.read()) is not None:
        keeper.frame(frame)
    scene.close()
    kept = [
        keeper.keep(DetectedAction("waving hand", at, 0, 0.9, 0.5), [verdict(end=at)])
        for at in times
    ]
    await keeper.aclose()
    return kept


def _raise(error: Exception) -> None:
    raise error
