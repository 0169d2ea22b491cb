"""The newest frames of one stream, and waiting for the next one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from overshoot.domain.frame_buffer import FrameBuffer

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.domain.frame_buffer import BufferLimits


class LiveFrames:
    """A `FrameBuffer` that any number of viewers look at, each at its own pace.

    Whoever is slow misses frames and holds up nobody.

    Attributes:
        buffer: what is at hand.
        ended: whether no frame comes any more.
    """

    def __init__(self, limits: BufferLimits) -> None:
        self.buffer: FrameBuffer = FrameBuffer(limits)
        self.ended: bool = False
        self._changed = asyncio.Event()

    def add(self, frame: Frame) -> None:
        """Keep a frame, and wake those who wait for one."""
        self.buffer.add(frame)
        self._wake()

    def end(self) -> None:
        """No frame comes any more; those at hand are let go."""
        self.ended = True
        self.buffer.clear()
        self._wake()

    async def after(self, index: int) -> Frame | None:
        """The newest frame once it is newer than ``index`` (-1 takes any); None at the end."""
        while not self.ended:
            newest = self.buffer.newest_frame()
            if newest is not None and newest.index > index:
                return newest
            await self._changed.wait()
        return None

    def _wake(self) -> None:
        # Everybody waits on the event of now: one of their own each would have to be cleaned up.
        self._changed.set()
        self._changed = asyncio.Event()
