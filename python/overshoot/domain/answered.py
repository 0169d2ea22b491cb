"""An answer on its way out, with the times of its making."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult

_MS = 1000.0


@frozen
class Answered:
    """What whoever measures is told of each result. Times are monotonic, in seconds.

    Attributes:
        result: as its listeners got it.
        answered_at: when it was there.
        published_at: when all its listeners had been handed it.
        listeners: how many they were.
    """

    result: InferenceResult
    answered_at: float
    published_at: float
    listeners: int

    @property
    def arrived_at(self) -> float:
        """When the newest frame of its clip arrived."""
        return self.answered_at - self.result.total_latency_ms / _MS

    @property
    def asked_at(self) -> float:
        """When the model was asked; `answered_at` where it was not."""
        return self.answered_at - self.result.inference_latency_ms / _MS
