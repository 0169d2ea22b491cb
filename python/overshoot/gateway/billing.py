"""Streams and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.errors import InsufficientCreditsError

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.credit import Charge
    from overshoot.ports.clock import Clock
    from overshoot.ports.credits import Credits


class Billing:
    """Charges each second of each stream once; without ``credits``, none of them.

    Attributes:
        enabled: whether streams cost anything.
        charged_cents: what all of them were charged.
    """

    def __init__(self, credits_: Credits | None, clock: Clock) -> None:
        self._credits = credits_
        self._clock = clock
        self._charged_until: dict[str, tuple[str, float]] = {}
        self.enabled: bool = credits_ is not None
        self.charged_cents: float = 0.0

    def admit(self, owner: str) -> None:
        """Raise `InsufficientCreditsError` when nothing is left to pay with.

        Streams are paid for by the second. Single questions have no price, and are answered for
        whoever has something left.
        """
        if self._credits is not None and not self._credits.has_any(owner):
            msg = "no credits are left for this API key"
            raise InsufficientCreditsError(msg)

    def begin(self, owner: str, stream: ServedStream) -> None:
        """Charge for ``stream`` from now on."""
        if self._credits is not None:
            self._charged_until[stream.id] = (owner, self._clock.monotonic())

    def renew(self, stream: ServedStream) -> Charge | None:
        """Charge until now; None where nothing costs anything.

        `InsufficientCreditsError` when nothing is left: the lease must not be renewed then.
        """
        charge = self._charge(stream.id)
        if charge is not None and charge.remaining_cents <= 0:
            stream.deny_renewal()
            msg = "no credits are left: the lease is not renewed, and the stream will end with it"
            raise InsufficientCreditsError(msg)
        return charge

    def end(self, stream: ServedStream) -> None:
        """Charge for the rest; a second call does nothing."""
        self._charge(stream.id)
        self._charged_until.pop(stream.id, None)

    def _charge(self, stream_id: str) -> Charge | None:
        if self._credits is None or stream_id not in self._charged_until:
            return None
        owner, until = self._charged_until[stream_id]
        now = self._clock.monotonic()
        self._charged_until[stream_id] = (owner, now)
        charge = self._credits.charge(owner, now - until)
        self.charged_cents += charge.cost_cents
        return charge
