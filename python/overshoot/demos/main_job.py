"""The main job from end to end: a source, real WebRTC, a gateway, answers, a summary."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.domain.stream import StreamProcessingConfig

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult, JsonSchema
    from overshoot.domain.source import StreamSource
    from overshoot.errors import OvershootError

DEFAULT_PROMPT = "Describe what you see"
SAMPLING = StreamProcessingConfig(target_fps=12, clip_length_seconds=1.0, delay_seconds=1.0)
"""Twelve frames a second, because a waving hand turns up to five times in one."""


@frozen
class Gateway:
    """A gateway somewhere else."""

    api_url: str
    api_key: str = field(repr=False)


@frozen
class Job:
    """What to watch and what to ask.

    Attributes:
        source: where frames come from.
        prompt: the question.
        seconds: stop after this long; None goes on to the end of the source.
        output_schema: JSON schema for the answers, or None for text.
        gateway: None starts one in this process.
    """

    source: StreamSource
    prompt: str = DEFAULT_PROMPT
    seconds: float | None = None
    output_schema: JsonSchema | None = None
    gateway: Gateway | None = None


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
    """What a job came to.

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


async def run(
    job: Job,
    *,
    on_started: Callable[[str, str], None],
    on_result: Callable[[InferenceResult[Any]], None],
) -> Summary:
    """Do the job; ``on_started`` gets the stream's id and the gateway's address.

    Raises what `RealtimeVision.start` raises. Everything it started has ended when it returns.
    """
    summary = Summary()

    def handle(result: InferenceResult[Any]) -> None:
        summary.add(result)
        on_result(result)

    def note(error: OvershootError) -> None:
        summary.errors.append(error.message)

    async with AsyncExitStack() as stack:
        gateway = job.gateway or await _own_gateway(stack)
        vision = RealtimeVision(
            RealtimeVisionConfig(
                api_url=gateway.api_url,
                api_key=gateway.api_key,
                prompt=job.prompt,
                source=job.source,
                output_schema=job.output_schema,
                processing=SAMPLING,
                on_result=handle,
                on_error=note,
            )
        )
        await stack.enter_async_context(vision)
        on_started(vision.get_stream_id() or "", gateway.api_url)
        try:
            end = await asyncio.wait_for(vision.wait_ended(), job.seconds)
            summary.end_reason = end.reason
        except TimeoutError:
            summary.end_reason = "time_is_up"
    return summary


async def _own_gateway(stack: AsyncExitStack) -> Gateway:
    from overshoot.gateway import LocalGateway

    local = await stack.enter_async_context(LocalGateway())
    return Gateway(local.url, local.api_key)
