"""Telling a caller how far an analysis has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from overshoot.application.delivery import Callback, Delivery
from overshoot.domain.progress import AnalysisProgress, ProgressMeter

if TYPE_CHECKING:
    from overshoot.errors import OvershootError
    from overshoot.ports.clock import Clock

PATIENCE_SECONDS = 5.0
"""How long the end of an analysis waits for the callback."""


class ProgressReport:
    """Calls ``on_progress`` after each answer and at the end; a busy one gets the newest only.

    All methods belong to one event loop.

    Args:
        on_progress: the callback.
        on_fault: told what it raises; the analysis goes on.
        clock: what time it is.
        actions: how many have been found.
    """

    def __init__(
        self,
        on_progress: Callback[AnalysisProgress],
        on_fault: Callable[[OvershootError], None],
        clock: Clock,
        actions: Callable[[], int],
    ) -> None:
        self._delivery = Delivery("on_progress", on_progress, on_fault, limit=1)
        self._clock = clock
        self._actions = actions
        self._frames = 0
        self._meter = ProgressMeter(clock.monotonic())

    @property
    def calling(self) -> bool:
        """Whether it is the callback that asks."""
        return self._delivery.calling

    def start(self) -> None:
        """Begin to call."""
        self._delivery.start()

    def opened(self, total_seconds: float | None) -> None:
        """The video is open, and frames flow."""
        self._meter = ProgressMeter(self._clock.monotonic())
        self._meter.opened(total_seconds)

    def answered(self, timestamp: float | None, *, frames: int) -> None:
        """An answer came about the video up to ``timestamp``, after so many frames were sent."""
        self._frames = frames
        self._meter.answered(timestamp)
        self._tell()

    async def close(self, *, complete: bool, frames: int) -> None:
        """Tell the end, where it is one that was come to, and call no more."""
        if complete:
            self._frames = frames
            self._meter.ended()
            self._tell()
        await self._delivery.close(patience_seconds=PATIENCE_SECONDS)

    def _tell(self) -> None:
        now = self._clock.monotonic()
        self._delivery.put(self._meter.at(now, frames=self._frames, actions=self._actions()))
