"""Where every frame ended: sent, or dropped and why. The counts always add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from attrs import field, frozen

from overshoot.domain.latency import Percentiles

DropReason: TypeAlias = Literal["overtaken", "processor_failed", "rejected", "not_running"]
"""``overtaken``: a newer frame came before this one could be sent. ``processor_failed``: the
caller's frame_processor raised. ``rejected``: its pixels cannot be sent. ``not_running``: it was
pushed before the start or after the end, or was waiting at the end."""


@frozen
class FrameCounts:
    """The frames of one stream; ``captured == sent + waiting + sum(dropped.values())``.

    Attributes:
        captured: read from the source, or pushed.
        sent: handed to the encoder.
        waiting: not decided yet; 0 after the end.
        dropped: never sent, by reason.
    """

    captured: int = 0
    sent: int = 0
    waiting: int = 0
    dropped: Mapping[DropReason, int] = field(factory=dict[DropReason, int])


@frozen
class StreamStats:
    """One stream in numbers, over all its reconnections.

    Attributes:
        frames: where each frame ended.
        results: answers that arrived, failed ones included.
        results_dropped: answers that a slow callback or reader never got.
        reconnections: how often a new stream was made.
        clips_unanswered: clips of a recording that no answer came about in time; counted where
            every clip is to be answered (``real_time=False``), else 0.
        capture_to_sent_ms: from a frame's capture to its way into the encoder.
        end_to_end_ms: from the capture of the newest frame of a clip to the answer's arrival.
    """

    frames: FrameCounts = field(factory=FrameCounts)
    results: int = 0
    results_dropped: int = 0
    reconnections: int = 0
    clips_unanswered: int = 0
    capture_to_sent_ms: Percentiles = field(factory=Percentiles)
    end_to_end_ms: Percentiles = field(factory=Percentiles)
