"""``with`` for what is started and stopped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class StartedContext(ABC):
    """Started on the way in, stopped on the way out, whatever happened between."""

    @abstractmethod
    def start(self) -> object:
        """Begin; what raises leaves nothing running."""

    @abstractmethod
    def stop(self) -> None:
        """End and release everything; does nothing when nothing runs."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
