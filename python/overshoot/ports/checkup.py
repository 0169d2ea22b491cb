"""A look at one part of an installation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from overshoot.domain.checkup import Finding


class Check(Protocol):
    """Looks at one part, hop after hop.

    * ``findings`` gives a finding for each hop in the order in which they depend on each other, and
      none after one that failed. It blocks no event loop, changes nothing that is kept, and may be
      cancelled at any time; it leaves nothing running.
    * What it raises is told as a failure of the part; it names hops itself where it can.
    """

    @property
    def name(self) -> str:
        """The part, such as ``gateway``."""
        ...

    def findings(self) -> AsyncIterator[Finding]:
        """Look."""
        ...
