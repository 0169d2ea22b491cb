"""What streaming costs, and what is left to pay it with."""

from __future__ import annotations

from attrs import frozen

_SECONDS = 60.0


@frozen
class Charge:
    """What was taken for a stretch of streaming.

    Attributes:
        seconds: how long the stretch was.
        cost_cents: what it cost.
        remaining_cents: what is left; 0 or less ends what has to be paid for.
    """

    seconds: float
    cost_cents: float
    remaining_cents: float


class Prepaid:
    """The same amount for every owner at the start, used up at a fixed price.

    Satisfies the port `Credits`; it forgets everything with the process.
    """

    def __init__(self, cents: float, cents_per_minute: float) -> None:
        self._cents = cents
        self._cents_per_second = cents_per_minute / _SECONDS
        self._spent: dict[str, float] = {}

    def has_any(self, owner: str) -> bool:
        """Whether anything is left."""
        return self._spent.get(owner, 0.0) < self._cents

    def charge(self, owner: str, seconds: float) -> Charge:
        """Take the price of ``seconds``."""
        cost = seconds * self._cents_per_second
        self._spent[owner] = self._spent.get(owner, 0.0) + cost
        return Charge(seconds, cost, self._cents - self._spent[owner])
