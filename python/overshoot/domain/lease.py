"""How long a stream lives without being asked to."""

from __future__ import annotations


class Lease:
    """A stream's right to live, until ``deadline`` on the clock that ``now`` is read from.

    Time is an argument; the clock has to be monotonic, for a lease must not end because somebody
    set the calendar.
    """

    def __init__(self, ttl_seconds: float, now: float) -> None:
        self.ttl_seconds = ttl_seconds
        self.deadline: float = now + ttl_seconds

    def renew(self, now: float) -> bool:
        """Live for another TTL from now; False, and nothing changes, when it is too late."""
        if self.expired(now):
            return False
        self.deadline = now + self.ttl_seconds
        return True

    def remaining(self, now: float) -> float:
        """Seconds left; 0.0 once expired."""
        return max(0.0, self.deadline - now)

    def expired(self, now: float) -> bool:
        """Whether the deadline has been reached."""
        return now >= self.deadline
