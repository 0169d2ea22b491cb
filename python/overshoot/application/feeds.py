"""A feed for each connection of a stream, of the kind that the stream needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from overshoot.application.paced_feed import PacedFeed
from overshoot.domain.pacing import Pacing
from overshoot.errors import InferenceError

if TYPE_CHECKING:
    from overshoot.application.frame_sink import ConnectionFeed, FrameSink
    from overshoot.domain.sampling import Sampling
    from overshoot.errors import OvershootError
    from overshoot.ports.clock import Clock


class Feeds:
    """Makes the feeds of one stream.

    Args:
        sink: where the frames come from.
        clock: what time it is.
        paced: how the gateway samples, where every clip is to be answered; None sends each frame as
            soon as it is there.
        on_fault: told once when a clip is not answered.

    Attributes:
        unanswered: clips that no answer came about in time; 0 where that is not looked at.
    """

    def __init__(
        self,
        sink: FrameSink,
        clock: Clock,
        paced: Sampling | None,
        on_fault: Callable[[OvershootError], None],
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._paced = paced
        self._on_fault = on_fault
        self.unanswered: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether no more frames will come, and none waits to be sent."""
        return self._sink.exhausted

    def next(self) -> ConnectionFeed:
        """The feed of the next connection."""
        if self._paced is None:
            return self._sink.connection()
        return PacedFeed(self._sink, self._clock, Pacing(self._paced), self._not_answered)

    def _not_answered(self, clips: int) -> None:
        if not self.unanswered:
            message = "no answer came about a clip of the video, which goes on without it"
            self._on_fault(InferenceError(f"{message}; more of them are only counted"))
        self.unanswered += clips
