"""How long answers took, by who gave them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from attrs import frozen

from overshoot.domain.histogram import Histogram

if TYPE_CHECKING:
    from overshoot.domain.answered import Answered

OTHER_MODEL: Final = "other"
"""Stands for all models that the backend does not name: callers could make up any number."""


@frozen
class Latencies:
    """One model's times, in seconds.

    Attributes:
        inference: from asking to the answer.
        failed_inference: from asking to the failure.
        end_to_end: from the arrival of a clip's newest frame until its answer was handed to all
            who listen; failures and repeated answers as well.
    """

    inference: Histogram
    failed_inference: Histogram
    end_to_end: Histogram


class ServingMeters:
    """Times of all answers of one gateway, by model.

    Args:
        models: names of the models that the backend has now.
    """

    def __init__(self, models: Callable[[], Iterable[str]]) -> None:
        self._models = models
        self._latencies: dict[str, Latencies] = {}

    @property
    def latencies(self) -> dict[str, Latencies]:
        """By model; only of those that were asked."""
        return dict(self._latencies)

    def answered(self, answer: Answered) -> None:
        """Count one answer in."""
        result = answer.result
        times = self._of(result.model_name)
        times.end_to_end.add(answer.published_at - answer.arrived_at)
        if not result.repeated:
            inference = times.inference if result.ok else times.failed_inference
            inference.add(answer.answered_at - answer.asked_at)

    def _of(self, model: str) -> Latencies:
        if model not in self._latencies:
            model = model if model in self._models() else OTHER_MODEL
            self._latencies.setdefault(model, Latencies(Histogram(), Histogram(), Histogram()))
        return self._latencies[model]
