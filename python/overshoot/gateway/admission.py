"""How often a key may ask for streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.domain.token_bucket import TokenBucket
from overshoot.errors import RateLimitError

if TYPE_CHECKING:
    from overshoot.gateway.settings import GatewaySettings
    from overshoot.ports.clock import Clock


class Admission:
    """Counts the requests for streams of every key, those that are refused as well."""

    def __init__(self, settings: GatewaySettings, clock: Clock) -> None:
        self._per_second = settings.creations_per_second
        self._burst = settings.creation_burst
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def admit(self, owner: str) -> None:
        """`RateLimitError` when ``owner`` asks too often."""
        now = self._clock.monotonic()
        if owner not in self._buckets:
            self._buckets[owner] = TokenBucket(self._per_second, self._burst, now)
        wait = self._buckets[owner].take(now)
        if wait > 0:
            msg = (
                f"this API key asks for more than {self._per_second:g} streams a second; try again"
                f" in {wait:.2g} s"
            )
            raise RateLimitError(msg, details={"retry_after_seconds": wait})
