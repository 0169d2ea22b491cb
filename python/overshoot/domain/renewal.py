"""When a stream's owner renews its lease, and when the lease has run out on him.

The gateway's side of the same matter is `overshoot.domain.lease`.
"""

from __future__ import annotations

from attrs import define, field

LEASE_RETRY_SECONDS = 2.0


@define
class Renewal:
    """A lease that is renewed at half its time, one renewal at a time.

    Attributes:
        ttl_seconds: how long it lasts from a grant.
        expires_at: when it runs out, as far as this side can know.
        fault: what went wrong since the last grant; ``""`` if nothing.
    """

    ttl_seconds: float
    expires_at: float
    fault: str = field(default="", init=False)
    _renew_at: float = field(init=False)
    _under_way: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._renew_at = self.expires_at - self.ttl_seconds / 2

    @classmethod
    def granted(cls, ttl_seconds: float, now: float) -> Renewal:
        """A lease that was granted now."""
        return cls(ttl_seconds, now + ttl_seconds)

    @property
    def next_deadline(self) -> float:
        """When `due` or `expired` may change their answer."""
        return self.expires_at if self._under_way else min(self._renew_at, self.expires_at)

    def expired(self, now: float) -> bool:
        """Whether it has run out."""
        return now >= self.expires_at

    def due(self, now: float) -> bool:
        """Whether to renew it now."""
        return not self._under_way and now >= self._renew_at

    def begin(self) -> None:
        """A renewal is on its way."""
        self._under_way = True
        self.fault = self.fault or "its renewal was not answered"

    def failed(self, message: str, now: float) -> None:
        """The renewal on its way has failed; the next attempt comes a little later."""
        self._under_way = False
        self.fault = message
        self._renew_at = now + LEASE_RETRY_SECONDS
