"""Actions as a gateway tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict

from overshoot.domain.kept_action import shareable_metadata
from overshoot.wire.answers import iso_time

if TYPE_CHECKING:
    from overshoot.domain.kept_action import ActionNews, KeptAction
    from overshoot.domain.stored import ActionSummary

# Told under names of their own.
_TOLD: Final = frozenset(
    {"action_id", "session_id", "prompt", "model", "prompt_version", "wall_time"}
)


def encode_action(kept: KeptAction) -> dict[str, Any]:
    """An action as the calls and the watch socket give it; times are seconds of stream time."""
    action = kept.action
    metadata = action.metadata
    wall_time: object = metadata.get("wall_time")
    duration = action.duration
    return {
        "id": kept.id,
        "stream_id": kept.stream_id,
        "action": action.action,
        "start_time": action.timestamp,
        "end_time": None if kept.open or duration is None else action.timestamp + duration,
        "timestamp": action.timestamp,
        "confidence": action.confidence,
        "duration": None if kept.open else duration,
        "open": kept.open,
        "seen_until": kept.seen_until,
        "prompt": metadata.get("prompt"),
        "prompt_version": metadata.get("prompt_version"),
        "model": metadata.get("model"),
        "wall_time": iso_time(wall_time) if isinstance(wall_time, float | int) else None,
        "has_evidence": kept.has_evidence,
        "metadata": {
            name: value for name, value in shareable_metadata(metadata).items() if name not in _TOLD
        },
    }


def encode_action_news(news: ActionNews) -> dict[str, Any]:
    """A message of the watch socket."""
    return {"type": "action", "event": news.event, "action": encode_action(news.kept)}


def encode_action_summary(summaries: Sequence[ActionSummary]) -> dict[str, Any]:
    """The answer to ``GET /actions/summary``."""
    return {
        "total": sum(each.count for each in summaries),
        "actions": [asdict(each) for each in summaries],
    }
