"""Results on their way to those who listen, each at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.serving import StopReason


@frozen
class Gap:
    """Results that made room before this listener fetched them; those that follow come after."""

    dropped: int


Told: TypeAlias = "InferenceResult | Gap"
"""What a listener is told."""


class Subscription:
    """One listener's results: the newest few, oldest dropped and told of; for one reader.

    Attributes:
        dropped: results that were replaced before they were fetched, in all.
        reason: why the stream ended; None while it runs.
    """

    def __init__(self, capacity: int) -> None:
        self._results: deque[InferenceResult] = deque(maxlen=capacity)
        self._changed = asyncio.Event()
        self._gap = 0
        self.dropped: int = 0
        self.reason: StopReason | None = None

    def publish(self, result: InferenceResult) -> None:
        """Queue a result; never waits."""
        if len(self._results) == self._results.maxlen:
            self.dropped += 1
            self._gap += 1
        self._results.append(result)
        self._changed.set()

    def end(self, reason: StopReason) -> None:
        """Nothing more will come; what is queued can still be fetched."""
        self.reason = reason
        self._changed.set()

    async def next(self) -> Told | None:
        """The oldest result that waits, or None once the stream has ended and all were fetched.

        Where results are missing before it, a `Gap` comes first, with as many as there are now.
        """
        while not self._results:
            if self.reason is not None:
                return None
            self._changed.clear()
            await self._changed.wait()
        if self._gap:
            gap, self._gap = Gap(self._gap), 0
            return gap
        return self._results.popleft()

    async def next_result(self) -> InferenceResult | None:
        """As `next`, for listeners that see from ``seq`` where results are missing."""
        while isinstance(told := await self.next(), Gap):
            pass
        return told
