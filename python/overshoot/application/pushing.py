"""Frames that the caller pushes: converted in the pusher's thread, straight into the ring."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from overshoot.domain.frame import Frame
from overshoot.domain.pixels import packed
from overshoot.domain.push_clock import PushClock, check_timestamp
from overshoot.errors import FrameError

if TYPE_CHECKING:
    from overshoot.application.frame_intake import IntakeSink
    from overshoot.domain.frame import PixelOrder, Pixels
    from overshoot.domain.pixels import PixelLayout
    from overshoot.domain.pushed import Encoding, GivenPicture
    from overshoot.ports.clock import Clock


class PushIntake:
    """The intake of a relay. ``push`` may be called from any thread; the rest is the stream's.

    Args:
        sink: takes the frames.
        clock: times frames that come without a timestamp.
        decode_jpeg: makes pixels (BGR) of a JPEG picture, or raises `FrameError`.
    """

    def __init__(
        self, sink: IntakeSink, clock: Clock, decode_jpeg: Callable[[GivenPicture], Pixels]
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._decode_jpeg = decode_jpeg
        self._lock = threading.Lock()
        self._times = PushClock()
        self._index = 0
        self._accepting = False

    @property
    def accepting(self) -> bool:
        """Whether frames are taken."""
        return self._accepting

    async def open(self) -> None:
        """Take frames from now on."""
        self._accepting = True

    def run(self) -> None:
        """Frames flow as soon as they are pushed."""

    async def close(self) -> None:
        """Take no more."""
        self._accepting = False

    def push(
        self,
        picture: GivenPicture,
        timestamp: float | None,
        *,
        order: PixelLayout,
        encoding: Encoding | None,
    ) -> None:
        """Take a frame without waiting; one that comes too early or too late is only counted.

        The picture is read before this returns, and not kept. `FrameError` for what can never be a
        frame, which is counted as rejected.
        """
        if not self._accepting:
            self._sink.drop("not_running")
            return
        now = self._clock.monotonic()
        try:
            check_timestamp(timestamp)
            pixels, packed_order = self._pixels(picture, order, encoding)
        except FrameError:
            self._sink.drop("rejected")
            raise
        with self._lock:
            index, self._index = self._index, self._index + 1
            placed = self._times.place(timestamp, now)
        self._sink.offer(Frame(pixels, placed, index, packed_order), now)

    def _pixels(
        self, picture: GivenPicture, order: PixelLayout, encoding: Encoding | None
    ) -> tuple[Pixels, PixelOrder]:
        if encoding is None:
            return packed(picture, order)
        if cast("str", encoding) != "jpeg":
            msg = f'encoding must be "jpeg" or None, got {encoding!r}'
            raise FrameError(msg)
        return self._decode_jpeg(picture), "bgr"
