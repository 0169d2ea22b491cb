"""What tests of evidence share: pictures whose time can be read back, records, a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np

from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence_record import ClipFacts, EvidenceRecord, Question
from overshoot.domain.frame import Frame
from overshoot.domain.tracking_verdict import TimedVerdict

QUESTION = Question(
    prompt="Which of these: waving hand, pointing?",
    actions=("waving hand", "pointing"),
    output_schema={"type": "object"},
    backend="overshoot",
    model="a/model",
    processing={"target_fps": 6, "clip_length_seconds": 0.5, "delay_seconds": 0.5},
    min_confidence=0.6,
)
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


def verdict(
    action: str = "waving hand", *, end: float = 1.0, confidence: float = 0.9
) -> TimedVerdict:
    return TimedVerdict(action, True, confidence, max(0.0, end - 0.5), end)


def record(**changes: Any) -> EvidenceRecord:
    """A record with everything in it."""
    values: dict[str, Any] = {
        "action": DetectedAction("waving hand", 1.0, 9, 0.9, 0.5, {"who": [1, None, "ü"]}),
        "session_id": "abc",
        "source": "camera 0",
        "clip": ClipFacts(
            start=0.0,
            end=3.5,
            wanted_start=0.0,
            wanted_end=3.5,
            width=64,
            height=48,
            pictures=35,
            codec="h264",
        ),
        "has_thumbnail": True,
        "verdicts": (verdict(), verdict("pointing", confidence=0.2)),
        "question": QUESTION,
        "kept_at": 1_700_000_000.5,
    }
    return EvidenceRecord(**{**values, **changes})
