"""Clips of one stream that wait to be asked about."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from overshoot.domain.pacing import CLIPS_AHEAD

ClipT = TypeVar("ClipT")


class ClipQueue(Generic[ClipT]):
    """At most `CLIPS_AHEAD` clips without an answer, in order; the newest always has room.

    The one that is being asked about counts. Where one more comes, the oldest that waits makes
    room: a model that is busy is asked about what happens now. A sender that keeps to `Pacing`
    never has so many, and loses none however long its turn is in coming.

    Attributes:
        skipped: clips that made room.
    """

    def __init__(self) -> None:
        self._waiting: deque[ClipT] = deque()
        self._asking = False
        self.skipped: int = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> ClipT | None:
        """The clip that `take` would give."""
        return self._waiting[0] if self._waiting else None

    def put(self, clip: ClipT) -> None:
        """A clip is due."""
        while self._waiting and len(self._waiting) + self._asking >= CLIPS_AHEAD:
            self._waiting.popleft()
            self.skipped += 1
        self._waiting.append(clip)

    def put_last(self, clip: ClipT) -> None:
        """The rest of a video that has ended: nothing newer comes that others should yield to."""
        self._waiting.append(clip)

    def take(self) -> ClipT | None:
        """The oldest clip that waits, which is asked about until `settle`."""
        if not self._waiting:
            return None
        self._asking = True
        return self._waiting.popleft()

    def settle(self) -> None:
        """The clip that was taken has its answer."""
        self._asking = False

    def clear(self) -> None:
        """Ask about none of those that wait."""
        self._waiting.clear()
