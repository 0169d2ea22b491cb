"""Whether a stream that ended is to be made anew, and when."""

from __future__ import annotations

from typing import Final

from attrs import define, field, frozen

from overshoot.domain.ending import StreamEnd
from overshoot.domain.validation import a_number
from overshoot.errors import (
    InsufficientCreditsError,
    NetworkError,
    RateLimitError,
    ServerError,
    UnauthorizedError,
)

BACKOFF_SECONDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before each attempt; the last one repeats."""

STEADY_SECONDS: Final = 10.0
"""A new stream is a good one once it has lived that long or has answered; one that breaks before is
part of the same loss, so that a gateway which takes streams and drops them is not asked for ever
more of them."""

LOST: Final = frozenset(
    {"media_lost", "connection_lost", "stream_not_found", "webrtc_disconnected", "gateway_stopped"}
)
"""Ends that nobody asked for and that a new stream can mend. A lease that the gateway let run out,
a refused key or missing credits are its last word."""


@frozen
class ReconnectionPolicy:
    """How long to try.

    Attributes:
        give_up_seconds: no attempt begins later than this after the loss, above 0 to 86400 s.
    """

    give_up_seconds: float = field(default=60.0, validator=a_number(0, 86400, "s", above=True))


@define
class Reconnection:
    """One loss, and the attempts to mend it. Times are seconds of a monotonic clock."""

    policy: ReconnectionPolicy
    lost_at: float
    attempts: int = field(default=0, init=False)
    _mended_at: float | None = field(default=None, init=False)

    def next_wait(self, now: float) -> float | None:
        """Seconds to wait before the next attempt; None once it is time to give up."""
        wait = BACKOFF_SECONDS[min(self.attempts, len(BACKOFF_SECONDS) - 1)]
        if now + wait - self.lost_at > self.policy.give_up_seconds:
            return None
        self.attempts += 1
        return wait

    def mended(self, now: float) -> None:
        """A new stream runs."""
        self._mended_at = now

    def is_over(self, now: float, *, answered: bool) -> bool:
        """Whether the new stream, lost by ``now`` in its turn, had been a good one."""
        if self._mended_at is None:
            return False
        return answered or now - self._mended_at >= STEADY_SECONDS

    def given_up(self, cause: StreamEnd) -> StreamEnd:
        """The end of a stream that could not be mended."""
        why = cause.error.message if cause.error is not None else cause.reason
        message = f"the connection was lost and not regained in {self.attempts} attempts: {why}"
        return StreamEnd("connection_lost", NetworkError(message, cause.error))


def can_be_mended(end: StreamEnd) -> bool:
    """Whether a new stream may succeed where this one ended."""
    if end.reason == "open_failed":
        return isinstance(end.error, (NetworkError, ServerError, RateLimitError))
    return end.reason in LOST


def refused(end: StreamEnd) -> StreamEnd:
    """The end of a stream that the gateway would not make anew."""
    if end.reason != "open_failed":
        return end
    for kind, reason in (
        (UnauthorizedError, "unauthorized"),
        (InsufficientCreditsError, "insufficient_credits"),
    ):
        if isinstance(end.error, kind):
            return StreamEnd(reason, end.error)
    return StreamEnd("connection_lost", end.error)
