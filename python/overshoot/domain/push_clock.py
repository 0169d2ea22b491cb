"""Timestamps of pushed frames: the caller's own, made to rise."""

from __future__ import annotations

import math
from typing import SupportsFloat

from overshoot.errors import FrameError

SHORTEST_STEP_SECONDS = 1e-4
"""Least distance of two frames."""

SET_BACK_SECONDS = 1.0
"""From here on a timestamp that goes back means that the caller's clock was set back."""

FARTHEST_SECONDS = 1e10
"""No clock in seconds shows more (it would be the year 2286): milliseconds are told from them."""


class PushClock:
    """Places frames on one clock that rises by 0.1 ms at least, keeping what the caller says.

    * A timestamp that is later than the one before is kept exactly, whatever its origin.
    * One that stands still or goes back by less than 1 s (frames overtook each other) is placed
      0.1 ms after the one before; those that follow are not moved by it.
    * One that goes back by 1 s or more (a clock was set back) is placed as long after the one
      before as it arrived after it, and those that follow keep their distance from it.
    * Without timestamps frames are placed by their times of arrival, the first at 0.0.

    ``retimed`` counts the timestamps that were given and not kept.
    """

    def __init__(self) -> None:
        self.retimed: int = 0
        self._last: float | None = None
        self._arrived = 0.0
        self._shift = 0.0

    def place(self, given: float | None, arrival: float) -> float:
        """The timestamp in seconds of a frame.

        Args:
            given: what the caller says, in seconds, checked by `check_timestamp`; None for nothing.
            arrival: seconds on a clock that only goes forward.
        """
        last, elapsed = self._last, arrival - self._arrived
        self._arrived = arrival
        if last is None:
            placed = 0.0 if given is None else float(given)
        else:
            earliest = max(last + SHORTEST_STEP_SECONDS, math.nextafter(last, math.inf))
            if given is None:
                placed = max(last + elapsed, earliest)
            else:
                placed = self._after(last, earliest, float(given), elapsed)
        if given is not None and placed != given:
            self.retimed += 1
        self._last = placed
        return placed

    def _after(self, last: float, earliest: float, given: float, elapsed: float) -> float:
        placed = given + self._shift
        if placed >= earliest:
            return placed
        if last - placed < SET_BACK_SECONDS:
            return earliest
        placed = max(last + elapsed, earliest)
        self._shift = placed - given
        return placed


def check_timestamp(given: object) -> None:
    """Raise `FrameError` unless this is None or a finite number of seconds."""
    if given is None or (type(given) is float and abs(given) <= FARTHEST_SECONDS):
        return  # Told first, for the check below takes as long as a small frame.
    # By value, so that numpy's scalars pass: they are what timestamps of arrays are.
    if isinstance(given, bool) or not isinstance(given, SupportsFloat):
        msg = f"timestamp must be a number of seconds or None, got {given!r}"
        raise FrameError(msg)
    try:
        seconds = float(given)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not abs(seconds) <= FARTHEST_SECONDS:
        msg = f"timestamp must be a finite number of seconds (not milliseconds), got {given!r}"
        raise FrameError(msg)
