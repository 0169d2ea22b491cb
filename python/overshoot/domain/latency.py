"""How long things took, over the newest of them."""

from __future__ import annotations

from collections import deque

from attrs import define, field, frozen

WINDOW = 1024


@frozen
class Percentiles:
    """A distribution in a few numbers.

    Attributes:
        count: how many were measured in all; the others tell of the newest 1024.
        p50: median, milliseconds; None while nothing was measured.
        p95: 95th percentile, milliseconds.
        p99: 99th percentile, milliseconds.
        max: largest, milliseconds.
    """

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None


@define
class LatencyWindow:
    """Measurements, of which the newest are kept."""

    count: int = field(default=0, init=False)
    _newest: deque[float] = field(factory=lambda: deque(maxlen=WINDOW), init=False)

    def add(self, seconds: float) -> None:
        """Count one measurement in; a negative one, of clocks that disagree, counts as 0."""
        self.count += 1
        self._newest.append(max(0.0, seconds))

    def percentiles(self) -> Percentiles:
        """The distribution now, by the nearest-rank method (the smallest value that covers p %)."""
        if not self._newest:
            return Percentiles()
        ordered = sorted(self._newest)

        def rank(percent: int) -> float:
            # In whole numbers: 0.95 * 20 and its like do not always round to what they are.
            return ordered[-(-percent * len(ordered) // 100) - 1] * 1000

        return Percentiles(self.count, rank(50), rank(95), rank(99), ordered[-1] * 1000)
