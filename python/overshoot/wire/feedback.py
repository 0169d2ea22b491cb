"""A caller's opinion of a stream's answers."""

from __future__ import annotations

from typing import Any

from overshoot.domain.serving import Feedback, FeedbackRecord
from overshoot.wire.answers import iso_time
from overshoot.wire.json_text import is_object
from overshoot.wire.limits import Limits
from overshoot.wire.prompt import check_text
from overshoot.wire.structuring import request_converter, structure

_converter = request_converter()


def encode_feedback(rating: int, category: str, feedback: str = "") -> dict[str, Any]:
    """The body of ``POST /streams/{id}/feedback``."""
    return {"rating": rating, "category": category, "feedback": feedback}


def decode_feedback(
    body: object, *, strict: bool = False, limits: Limits | None = None
) -> Feedback:
    """The opinion in that body; null for ``feedback`` is taken as empty unless ``strict``."""
    if not strict and is_object(body) and body.get("feedback", "") is None:
        body = {**body, "feedback": ""}
    feedback = structure(body, Feedback, _converter)
    limit = (limits or Limits()).text_bytes
    check_text("category", feedback.category, limit)
    if feedback.feedback.strip():
        check_text("feedback", feedback.feedback, limit)
    return feedback


def encode_feedback_record(record: FeedbackRecord) -> dict[str, Any]:
    """One entry of the answer to ``GET /streams/feedback``."""
    return {
        "id": record.id,
        "stream_id": record.stream_id,
        **encode_feedback(record.content.rating, record.content.category, record.content.feedback),
        "created_at": iso_time(record.created_at),
        "updated_at": iso_time(record.created_at),
    }
