"""One-use stand-ins for a key, for what a browser fetches without headers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock

LIFE_SECONDS: Final = 60
MOST_OF_ONE: Final = 64
"""Tickets of one owner that wait to be used; the oldest makes room for the next."""


@frozen
class _Ticket:
    owner: str
    ends_at: float


class Tickets:
    """Gives out tickets, each good for one use in the next 60 s by whoever has it.

    Kept are their hashes: nothing in memory, and no error, can give one away.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: OrderedDict[bytes, _Ticket] = OrderedDict()

    def issue(self, owner: str) -> str:
        """A ticket that stands for the key of ``owner``."""
        now = self._clock.monotonic()
        # They end in the order in which they were given.
        while self._waiting and next(iter(self._waiting.values())).ends_at <= now:
            self._waiting.popitem(last=False)
        own = [name for name, ticket in self._waiting.items() if ticket.owner == owner]
        for name in own[: max(0, len(own) + 1 - MOST_OF_ONE)]:
            del self._waiting[name]
        text = secrets.token_urlsafe(32)
        self._waiting[_hash(text)] = _Ticket(owner, now + LIFE_SECONDS)
        return text

    def redeem(self, text: object) -> str | None:
        """Whom a ticket stands for, once; None for one that is unknown, used or too old."""
        given = _hash(text) if isinstance(text, str) else b""
        # All are compared, so that the time it takes tells nothing of them.
        matches = [name for name in self._waiting if hmac.compare_digest(name, given)]
        ticket = self._waiting.pop(matches[0]) if matches else None
        if ticket is None or ticket.ends_at <= self._clock.monotonic():
            return None
        return ticket.owner


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
