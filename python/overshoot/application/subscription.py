"""Results on their way to those who listen, each at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.serving import StopReason


class Subscription:
    """One listener's results: the newest few, oldest dropped and counted; for one reader.

    Attributes:
        dropped: results that were replaced before they were fetched.
        reason: why the stream ended; None while it runs.
    """

    def __init__(self, capacity: int) -> None:
        self._results: deque[InferenceResult] = deque(maxlen=capacity)
        self._changed = asyncio.Event()
        self.dropped: int = 0
        self.reason: StopReason | None = None

    def publish(self, result: InferenceResult) -> None:
        """Queue a result; never waits."""
        self.dropped += len(self._results) == self._results.maxlen
        self._results.append(result)
        self._changed.set()

    def end(self, reason: StopReason) -> None:
        """Nothing more will come; what is queued can still be fetched."""
        self.reason = reason
        self._changed.set()

    async def next(self) -> InferenceResult | None:
        """The oldest result that waits, or None once the stream has ended and all were fetched."""
        while not self._results:
            if self.reason is not None:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._results.popleft()
