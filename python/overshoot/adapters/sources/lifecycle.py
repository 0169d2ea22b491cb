"""What every source does the same: opened once, read while open, interrupted, closed."""

from __future__ import annotations

import threading

from overshoot.errors import SourceError


class Lifecycle:
    """Where a source is between its making and its closing.

    ``name`` is what error messages call it, such as ``camera 0``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._interrupted = threading.Event()
        self._opened = False
        self._closed = False

    @property
    def interrupted(self) -> bool:
        """Whether reading is over because someone asked for it."""
        return self._interrupted.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than until it is interrupted; whether it is."""
        return self._interrupted.wait(seconds)

    def require_new(self) -> None:
        """Raise `SourceError` when it has been opened or closed before."""
        if self._opened or self._closed:
            msg = f"{self.name} has been opened before; make a new source to open it again"
            raise SourceError(msg)

    def opened(self) -> None:
        """It is open from now on."""
        self._opened = True

    def require_open(self) -> None:
        """Raise `SourceError` unless it is open."""
        if self._closed:
            msg = f"{self.name} is closed; make a new source to read it again"
            raise SourceError(msg)
        if not self._opened:
            msg = f"{self.name} is not open; call open() first"
            raise SourceError(msg)

    def interrupt(self) -> None:
        """Reading is over; may be called from any thread."""
        self._interrupted.set()

    def close(self) -> None:
        """It is closed for good."""
        self._closed = True
