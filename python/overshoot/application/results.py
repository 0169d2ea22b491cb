"""Answers on their way to the caller: placed on the source's clock, numbered, handed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve

from overshoot.application.reading import Reader, Readers
from overshoot.domain.latency import LatencyWindow

if TYPE_CHECKING:
    from overshoot.application.delivery import Delivery
    from overshoot.domain.correlation import SentFrames
    from overshoot.domain.inference import InferenceResult
    from overshoot.ports.clock import Clock

Finish: TypeAlias = "Callable[[InferenceResult[Any]], InferenceResult[Any]]"


class Results:
    """The answers of one stream, over all its connections.

    Args:
        clock: what time it is.
        delivery: the callback.
        finish: applied to each answer before anybody sees it.

    Attributes:
        count: how many have arrived.
        latency: from the capture of the newest frame of a clip to the answer's arrival.
        delivery: as given.
    """

    def __init__(
        self,
        clock: Clock,
        delivery: Delivery[InferenceResult[Any]],
        finish: Finish | None,
    ) -> None:
        self._clock = clock
        self._finish = finish
        self._readers = Readers["InferenceResult[Any]"]()
        self.delivery = delivery
        self.count: int = 0
        self.latency: LatencyWindow = LatencyWindow()

    @property
    def dropped(self) -> int:
        """Answers that a slow callback or reader never got."""
        return self.delivery.dropped + self._readers.dropped

    def reader(self) -> Reader[InferenceResult[Any]]:
        """A reader of every answer from now on."""
        return self._readers.new()

    def arrived(
        self,
        result: InferenceResult[Any],
        *,
        sent: SentFrames,
        epoch: int,
        prompt_version: int | None,
    ) -> None:
        """An answer arrived about frames that one connection has sent."""
        now = self._clock.monotonic()
        newest = sent.newest_of(result, now)
        if newest is not None and newest.captured_at is not None:
            self.latency.add(now - newest.captured_at)
        result = evolve(
            sent.related(result, now), seq=self.count, epoch=epoch, prompt_version=prompt_version
        )
        self.count += 1
        if self._finish is not None:
            result = self._finish(result)
        self.delivery.put(result)
        self._readers.put(result)

    def finish(self) -> None:
        """No more will arrive."""
        self._readers.finish()
