"""Frames of a recording on their way to one connection, none ahead of what can be answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from overshoot.application.frame_sink import ConnectionFeed, FrameSink
from overshoot.application.waiting import within

if TYPE_CHECKING:
    from overshoot.domain.frame import PlanarFrame
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.pacing import Pacing
    from overshoot.ports.clock import Clock

LONGEST_GAP_SECONDS: Final = 5.0
"""Gateways take a leap in time for a fault of the sender's clock (ours: above 10 s)."""


class PacedFeed(ConnectionFeed):
    """Gives frames as `Pacing` allows, and so waits for answers.

    Where a picture stands for long, as in recordings of screens, it is given again every 5 s: that
    is what is seen then, and it carries the time across the gap.

    Args:
        sink: where the frames come from; it must keep each until it is taken.
        clock: what time it is.
        pacing: says when.
        on_unanswered: told how many more clips no answer came about in time.
    """

    def __init__(
        self,
        sink: FrameSink,
        clock: Clock,
        pacing: Pacing,
        on_unanswered: Callable[[int], None],
    ) -> None:
        super().__init__(sink, clock)
        self._pacing = pacing
        self._on_unanswered = on_unanswered
        self._answered = asyncio.Event()
        self._last: PlanarFrame | None = None
        self._next: PlanarFrame | None = None

    @property
    def answers_due(self) -> bool:
        """Whether frames are still to be sent, or answers to come."""
        return not self._pacing.ended or self._pacing.awaiting > 0

    async def next_frame(self) -> PlanarFrame | None:
        """The next frame to send, or None at the end of the video."""
        if self._next is None:
            self._next = await self.take()
        if self._next is None:
            self._pacing.end()
            return None
        frame = self._before(self._next)
        self._pacing.place(frame.timestamp)
        await self._turn()
        self._pacing.sent()
        self.note_sent(frame)
        self._last = frame
        if frame is self._next:
            self._next = None
        return frame

    def answered(self, result: InferenceResult[Any]) -> InferenceResult[Any]:
        """The answer, with the time of its clip where the gateway did not name it."""
        before = self._pacing.unanswered
        timestamp = self._pacing.answered(result.timestamp)
        self._tell(before)
        self._answered.set()
        return result if timestamp is None else evolve(result, timestamp=timestamp)

    def close(self) -> None:
        """No answer will come any more."""
        before = self._pacing.unanswered
        while self._pacing.awaiting:
            self._pacing.give_up()
        self._tell(before)

    def _before(self, frame: PlanarFrame) -> PlanarFrame:
        """The frame itself, or the last one again where a long time lies between them."""
        last = self._last
        if last is None or frame.timestamp - last.timestamp <= LONGEST_GAP_SECONDS:
            return frame
        return evolve(last, timestamp=last.timestamp + LONGEST_GAP_SECONDS)

    async def _turn(self) -> None:
        while not self._pacing.may_send:
            self._answered.clear()
            try:
                await within(self._clock, self._pacing.patience_seconds, self._until_answered())
            except TimeoutError:
                before = self._pacing.unanswered
                self._pacing.give_up()
                self._tell(before)

    async def _until_answered(self) -> None:
        await self._answered.wait()

    def _tell(self, before: int) -> None:
        more = self._pacing.unanswered - before
        if more:
            self._on_unanswered(more)
