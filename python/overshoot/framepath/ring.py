"""From the threads that make frames to the one consumer that sends them: the newest wins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from overshoot import _native
from overshoot.domain.frame import PlanarFrame
from overshoot.errors import FrameError
from overshoot.framepath.validation import check_packed, native_errors

if TYPE_CHECKING:
    from overshoot.domain.frame import PixelOrder, Pixels


@frozen
class RingStats:
    """What a ring has counted, in frames; ``pushed == taken + dropped + ready`` always.

    Attributes:
        pushed: pushes that have ended, whatever became of the frame.
        taken: frames given to the consumer.
        dropped: frames that a newer one replaced, that found no slot, or came after the close.
        ready: frames that wait to be taken, 0 or 1.
        no_slot: those of the dropped that found every slot being written or held: should this
            rise, the consumer holds more frames than the ring has slots for.
    """

    pushed: int
    taken: int
    dropped: int
    ready: int
    no_slot: int = 0


class FrameRing:
    """Frames of one size, pushed from any thread and taken by one consumer.

    A push converts straight into a slot with the interpreter released, and waits for nobody. Only
    the newest frame is kept; a consumer that is slower than the producers sees fewer frames,
    never older ones.

    A frame that was taken is read where it lies: its slot is written to again once the frame, and
    all that was made of its planes (slices, memoryviews, an `av.VideoFrame`), are gone, be it in
    another thread or after the ring. So hold what you need and no more: a push that finds every
    slot written or held is dropped. All memory is allocated at the beginning.

    Args:
        width: columns of the frames that come out; other sizes are resized, bilinear.
        height: rows of the frames that come out.
        slots: 2 to 64: one for the frame that is ready, one for each push at the same time, one
            for each frame that the consumer holds. The default is for one producer and a sender
            that holds the last frame and two in its encoder.

    Raises:
        FrameError: a side is not 1 to 16384, or ``slots`` is not 2 to 64.
    """

    def __init__(self, width: int, height: int, *, slots: int = 5) -> None:
        with native_errors(width=width, height=height, slots=slots):
            self._ring = _native.FrameRing(width, height, slots)
        self._width = width
        self._height = height

    def push(
        self, pixels: Pixels, timestamp: float, index: int, *, order: PixelOrder = "bgr"
    ) -> bool:
        """Convert a frame into a slot, and say whether the consumer must be woken.

        Args:
            pixels: shape (h, w, 3), dtype uint8, any strides; not written to, and free to be
                reused once this returns.
            timestamp: seconds on the clock of the source; finite.
            index: position in the stream; fits 64 bits.
            order: channel order of ``pixels``.

        Returns:
            True when the frame is ready and the last `take` found nothing: the consumer must be
            woken now, and this is said once. False when it is at work and will find the frame, or
            when the frame was dropped.

        Raises:
            FrameError: a wrong shape, dtype, size, timestamp, index or order; nothing is counted.
        """
        check_packed(pixels)
        with native_errors(timestamp=timestamp, index=index, order=order):
            if not math.isfinite(timestamp):
                raise FrameError(f"the timestamp is {timestamp}: it must be finite seconds")
            return self._ring.push(pixels, timestamp, index, order)

    def take(self) -> PlanarFrame | None:
        """The newest frame, its planes read-only; None marks the consumer idle."""
        lease = self._ring.take()
        return None if lease is None else self._frame(lease)

    def close(self) -> None:
        """Drop every later push. A frame that is ready may still be taken. May be repeated."""
        self._ring.close()

    @property
    def stats(self) -> RingStats:
        """The counts at this moment."""
        return RingStats(*self._ring.counts())

    def _frame(self, lease: _native.Lease) -> PlanarFrame:
        planes = np.frombuffer(lease.planes, np.uint8)
        return PlanarFrame(planes, self._width, self._height, lease.timestamp, lease.index)
