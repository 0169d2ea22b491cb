"""How often something may be done."""

from __future__ import annotations


class TokenBucket:
    """``burst`` times at once, and ``per_second`` times a second in the long run.

    Time is an argument, on a clock that never goes back.
    """

    def __init__(self, per_second: float, burst: int, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float) -> float:
        """0.0, and it is counted; or the seconds to wait, and it is not."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._per_second
