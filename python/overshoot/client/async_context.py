"""``async with`` for what is started and stopped, and for what is only closed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class AsyncContext(ABC):
    """Started on the way in, stopped on the way out, whatever happened between."""

    @abstractmethod
    async def start(self) -> object:
        """Begin; what raises leaves nothing running."""

    @abstractmethod
    async def stop(self) -> None:
        """End and release everything; does nothing when nothing runs."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


class AsyncClosing(ABC):
    """Closed on the way out, whatever happened between."""

    @abstractmethod
    async def close(self) -> None:
        """Release everything; again, it does nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
