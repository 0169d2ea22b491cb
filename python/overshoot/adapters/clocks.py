"""The time of this machine."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """The `Clock` of this machine; sleeping needs a running event loop."""

    def monotonic(self) -> float:
        """Seconds on a clock that only goes forward."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait; at once for zero or less."""
        if seconds > 0:
            await asyncio.sleep(seconds)
