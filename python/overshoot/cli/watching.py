"""A source, a question, and answers as they come: what ``watch`` and ``demo`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field

from overshoot.client.realtime_vision import RealtimeVision
from overshoot.domain.stream import StreamProcessingConfig

if TYPE_CHECKING:
    from overshoot.cli.stopping import Stopping
    from overshoot.cli.watch_view import View
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.domain.inference import InferenceResult
    from overshoot.errors import OvershootError

DEFAULT_PROMPT = "Describe what you see"
SAMPLING = StreamProcessingConfig(target_fps=12, clip_length_seconds=1.0, delay_seconds=1.0)
"""Twelve frames a second, because a waving hand turns up to five times in one."""


@define
class Sighting:
    """One thing that was detected, over all results."""

    results: int = 0
    first_seconds: float | None = None
    last_seconds: float | None = None
    peak_confidence: float = 0.0

    def add(self, confidence: float, timestamp: float | None) -> None:
        """Count one more result that detected it."""
        self.results += 1
        self.peak_confidence = max(self.peak_confidence, confidence)
        if self.first_seconds is None:
            self.first_seconds = timestamp
        self.last_seconds = timestamp


@define
class Summary:
    """What came of it.

    Attributes:
        answered: results with an answer.
        failed: results without one.
        latencies_ms: of each answer, from the clip's last frame at the gateway to the result.
        detected: what was seen, in the order of first sight.
        unsupported: what was asked and cannot be seen, with what would help.
        errors: messages of everything that went wrong on the way.
        end_reason: why the stream ended.
    """

    answered: int = 0
    failed: int = 0
    latencies_ms: list[float] = field(factory=list[float])
    detected: dict[str, Sighting] = field(factory=dict[str, Sighting])
    unsupported: dict[str, str] = field(factory=dict[str, str])
    errors: list[str] = field(factory=list[str])
    end_reason: str = ""

    def add(self, result: InferenceResult[Any]) -> None:
        """Count one result in."""
        if not result.ok:
            self.failed += 1
            return
        self.answered += 1
        self.latencies_ms.append(result.total_latency_ms)
        for name, confidence in result.detected.items():
            self.detected.setdefault(name, Sighting()).add(confidence, result.timestamp)
        for item in result.unsupported:
            self.unsupported[item.asked] = item.remedy


async def watch_stream(
    config: RealtimeVisionConfig[Any],
    view: View,
    stopping: Stopping,
    *,
    seconds: float | None,
    place: str,
) -> Summary:
    """Show what is answered until the source ends, the seconds are over or the end is asked for.

    Raises what `RealtimeVision.start` raises, and the error with which a stream ended. Everything
    it started has ended when it returns.
    """
    summary = Summary()

    def handle(result: InferenceResult[Any]) -> None:
        summary.add(result)
        view.result(result)

    def note(error: OvershootError) -> None:
        summary.errors.append(error.message)
        view.error(error)

    vision = RealtimeVision(evolve(config, on_result=handle, on_error=note))
    with view:
        try:
            end = None
            if await stopping.first(_started(vision)):
                view.started(vision.get_stream_id() or "", place)
                end = await stopping.first(vision.wait_ended(), seconds)
        finally:
            await vision.stop()
    summary.end_reason = end.reason if end else stopping.reason or "time_is_up"
    view.summary(summary)
    if end is not None and end.error is not None:
        raise end.error
    return summary


async def _started(vision: RealtimeVision[Any]) -> bool:
    await vision.start()
    return True
