"""How measurements are spread, in a few counts that can be added up for ever."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Final

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds for times between a fast model and the longest wait that is served."""


class Histogram:
    """Counts of measurements up to each of some bounds; nothing else of them is kept.

    Attributes:
        bounds: upper bounds, ascending, each inclusive; one more bucket has no bound.
        total: sum of all measurements.
    """

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self.bounds: tuple[float, ...] = bounds
        self.total: float = 0.0
        self._counts = [0] * (len(bounds) + 1)

    @property
    def count(self) -> int:
        """How many were measured."""
        return sum(self._counts)

    def add(self, value: float) -> None:
        """Count one measurement in; a negative one, of clocks that disagree, counts as 0."""
        value = max(0.0, value)
        self._counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def up_to(self) -> tuple[int, ...]:
        """Measurements up to each bound, and all of them at last."""
        return tuple(accumulate(self._counts))
