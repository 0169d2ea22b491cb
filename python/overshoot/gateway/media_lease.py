"""Leases that last as long as the video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot.errors import InsufficientCreditsError

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.gateway.billing import Billing
    from overshoot.ports.clock import Clock

# Clients of the API renew twice in a lease.
_LOOKS_PER_LEASE = 4


async def renew_while_video_comes(stream: ServedStream, billing: Billing, clock: Clock) -> None:
    """Do what a client's keepalives do for a stream whose publisher sends none.

    The lease ends its time after the last frame, or when nothing is left to pay with. Runs until
    cancelled, or until nothing is left.
    """
    renewed_at: float | None = None
    while True:
        await clock.sleep(stream.lease.ttl_seconds / _LOOKS_PER_LEASE)
        newest = stream.last_frame_at
        if newest is None or newest == renewed_at:
            continue
        try:
            billing.renew(stream)
        except InsufficientCreditsError:
            return
        stream.lease.renew(newest)
        renewed_at = newest
