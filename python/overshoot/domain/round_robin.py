"""Who is next where many want something of which there is little."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from overshoot.errors import ConfigurationError

WhoT = TypeVar("WhoT", bound=Hashable)
TicketT = TypeVar("TicketT", bound=Hashable)


class RoundRobin(Generic[WhoT, TicketT]):
    """One turn for everybody who waits, then the next one each; knows no clocks.

    Whoever wants a turn joins the end of the line once, however many tickets it holds; called, it
    goes to the end again with those that are left. So nobody is called twice before another who
    waits is called once: with N in the line, a first ticket sees at most N - 1 others go before
    it. Turns count, not the time they take: a slow one makes its own answers rare, and holds no
    more places than it has tickets under way.

    Args:
        places: turns at the same time, 1 or more; None for any number.
    """

    def __init__(self, places: int | None = None) -> None:
        if places is not None and places < 1:
            msg = f"there must be at least one place for turns, got {places}"
            raise ConfigurationError(msg, details={"field": "places"})
        self._places = places
        # In the order in which they are called.
        self._line: dict[WhoT, deque[TicketT]] = {}
        self._running: set[TicketT] = set()

    @property
    def waiting(self) -> int:
        """Tickets that were not called yet."""
        return sum(map(len, self._line.values()))

    @property
    def running(self) -> int:
        """Turns under way."""
        return len(self._running)

    def ask(self, who: WhoT, ticket: TicketT) -> None:
        """Wait for a turn; a ticket is used once, and those of one holder are called in order."""
        self._line.setdefault(who, deque()).append(ticket)

    def call(self) -> TicketT | None:
        """The next ticket whose turn begins now; None when no place is free or nobody waits."""
        if not self._line or (self._places is not None and len(self._running) >= self._places):
            return None
        who = next(iter(self._line))
        tickets = self._line.pop(who)
        ticket = tickets.popleft()
        if tickets:
            self._line[who] = tickets
        self._running.add(ticket)
        return ticket

    def leave(self, who: WhoT, ticket: TicketT) -> None:
        """A turn has ended, or is not wanted any more; nothing happens for an unknown ticket."""
        self._running.discard(ticket)
        tickets = self._line.get(who)
        if tickets is not None and ticket in tickets:
            tickets.remove(ticket)
            if not tickets:
                del self._line[who]
