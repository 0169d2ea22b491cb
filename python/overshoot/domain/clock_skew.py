"""How far two clocks are apart, as an HTTP answer tells it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

from overshoot.domain.checkup import Finding, broken, doubtful, fine, passed_over

DOUBTFUL_SECONDS: Final = 5.0
BROKEN_SECONDS: Final = 60.0
"""Passwords of TURN servers hold the time until which they are good, often minutes ahead."""

_RESOLUTION_SECONDS: Final = 1.0
_REMEDY: Final = "let both machines set their clocks by NTP (timedatectl set-ntp true)"


def clock_finding(hop: str, date: str | None, sent: float, answered: float) -> Finding:
    """What an HTTP ``Date`` says.

    Args:
        hop: how the finding is called.
        date: the header; None where there is none.
        sent: UNIX time here when the request left.
        answered: UNIX time here when the answer came.
    """
    try:
        there = None if date is None else parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        there = None
    if there is None:
        return passed_over(hop, "its answers carry no Date that could be compared")
    # It was written between both, and names the second that had begun.
    skew = _beyond(there, sent - _RESOLUTION_SECONDS, answered)
    told = f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this one"
    if abs(skew) >= BROKEN_SECONDS:
        return broken(hop, told, _REMEDY, skew_seconds=skew)
    if abs(skew) >= DOUBTFUL_SECONDS:
        return doubtful(hop, told, _REMEDY, skew_seconds=skew)
    return fine(hop, "its clock and this one agree", skew_seconds=skew)


def _beyond(value: float, low: float, high: float) -> float:
    """How far a value is outside of a stretch; 0.0 within."""
    return max(0.0, value - high) + min(0.0, value - low)
