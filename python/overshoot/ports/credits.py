"""Who may still pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from overshoot.domain.credit import Charge


class Credits(Protocol):
    """The accounts behind a gateway's API keys; ``owner`` is ``key-0`` for the first, and so on.

    * ``has_any`` says whether a stream may begin.
    * ``charge`` takes what ``seconds`` of one stream cost, and never refuses: what remains may be
      less than nothing. It is called with every keepalive and once at the end, each second once.
    * Neither blocks or raises.
    """

    def has_any(self, owner: str) -> bool:
        """Whether anything is left."""
        ...

    def charge(self, owner: str, seconds: float) -> Charge:
        """Take the price of ``seconds`` of one stream."""
        ...
