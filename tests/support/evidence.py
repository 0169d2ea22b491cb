"""What tests of evidence share: pictures whose time can be read back, records, a question."""

from __future__ import annotations

from typing import Any

from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence_record import ClipFacts, EvidenceRecord, Question
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
