"""Timestamps that rise strictly, whatever a container or a camera says."""

from __future__ import annotations

import math
from typing import Final

LONGEST_STEP_SECONDS: Final = 60.0
SHORTEST_STEP_SECONDS: Final = 1e-4
USUAL_FPS: Final = 30.0
_FASTEST_FPS = 240.0


def sane_fps(fps: float) -> float:
    """A frame rate as a container gives it, or 0.0 when it is no rate (often 1000 or 90000)."""
    return fps if math.isfinite(fps) and 0 < fps <= _FASTEST_FPS else 0.0


class Timeline:
    """Turns positions, as they are given, into seconds from the first frame.

    A position that is not a number, does not rise by 0.1 ms or jumps by more than a minute (seen:
    jumps by 2**32 ticks) is replaced: the frame then comes one frame time of ``fps`` after the one
    before it, and the positions after it are counted from there.

    Args:
        fps: frames per second, as the container says.
        origin: the position of the first frame of all, where `place` is first called for a later
            one; None when it is called for that one.
    """

    def __init__(self, fps: float, origin: float | None = None) -> None:
        self._interval = min(1 / (sane_fps(fps) or USUAL_FPS), LONGEST_STEP_SECONDS)
        self._last: float | None = None
        self._origin = 0.0
        self._given_origin = origin

    def place(self, position: float) -> float:
        """The timestamp in seconds of the next frame, whose position is given in seconds."""
        if self._last is None:
            first = position if math.isfinite(position) else 0.0
            self._origin = first if self._given_origin is None else self._given_origin
            self._last = max(first - self._origin, 0.0)
            return self._last
        timestamp = position - self._origin
        step = timestamp - self._last
        if not SHORTEST_STEP_SECONDS <= step <= LONGEST_STEP_SECONDS:
            timestamp = self._last + self._interval
            if math.isfinite(position):
                self._origin = position - timestamp
        self._last = timestamp
        return timestamp
