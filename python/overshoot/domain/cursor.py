"""Where a page of actions ended, so that the next one goes on there."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, nan
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias, get_args

from attrs import frozen

from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.stored import StoredAction

Order: TypeAlias = Literal[
    "timestamp", "-timestamp", "added", "-added", "confidence", "-confidence"
]
"""By what a list is sorted; those of one value in the order of ``seq``. With ``-``, the reverse."""

_MOST: Final = 2**63

ORDERS: Final[tuple[Order, ...]] = get_args(Order)

_KEYS: Final[dict[str, Callable[[StoredAction], float]]] = {
    "timestamp": lambda stored: stored.action.timestamp,
    "added": lambda stored: float(stored.seq),
    "confidence": lambda stored: stored.action.confidence,
}


@frozen
class Cursor:
    """The place of one action in a list of that order; it need not be there any more.

    Attributes:
        order: how the list is sorted.
        key: what it is sorted by: ``timestamp``, ``confidence``, or ``seq`` for ``added``.
        seq: the action's ``seq``.
    """

    order: Order
    key: float
    seq: int

    @classmethod
    def of(cls, order: Order, stored: StoredAction) -> Self:
        """The place of an action."""
        return cls(order, sort_key(order)(stored), stored.seq)

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` made of one; `ConfigurationError` for any other text."""
        order, _, rest = text.partition("~")
        key, _, seq = rest.partition("~")
        try:
            place = float(key), int(seq)
        except ValueError:
            place = nan, 0
        if order not in ORDERS or isnan(place[0]) or not 0 <= place[1] < _MOST:
            message = f"after must be the cursor of a page of actions, got {text[:80]!r}"
            raise ConfigurationError(message, details={"field": "after"})
        return cls(order, *place)

    def __str__(self) -> str:
        return f"{self.order}~{self.key!r}~{self.seq}"

    @property
    def position(self) -> tuple[float, int]:
        """Sorted by this, a list is in its order."""
        if self.order.startswith("-"):
            return -self.key, -self.seq
        return self.key, self.seq

    def is_before(self, stored: StoredAction) -> bool:
        """Whether an action comes after this place."""
        return Cursor.of(self.order, stored).position > self.position


def sort_key(order: Order) -> Callable[[StoredAction], float]:
    """What of an action an order looks at, whichever way it goes."""
    return _KEYS[order.removeprefix("-")]
