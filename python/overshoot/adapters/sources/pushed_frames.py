"""Frames that the caller pushes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from overshoot.adapters.sources.handover import Handover
from overshoot.adapters.sources.incoming import as_pixels
from overshoot.adapters.sources.letterbox import letterboxed
from overshoot.adapters.sources.lifecycle import Lifecycle
from overshoot.domain.frame import Frame
from overshoot.domain.push_clock import check_timestamp
from overshoot.ports.source import SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot.domain.frame import Pixels
    from overshoot.domain.pixels import PixelLayout
    from overshoot.domain.pushed import (
        AsyncFramesSource,
        Encoding,
        GivenPicture,
        PushCounts,
        PushSource,
    )


class PushedFrames:
    """`Source` of what is pushed into a `PushSource` while this is open; ``live``.

    ``read`` waits for a frame and gives the newest; those that a newer one has replaced are counted
    and were never given an index. Timestamps are the caller's own (see `PushClock`). It ends after
    ``end`` with the frame that waits, if one does.
    """

    def __init__(self, spec: PushSource, clock: Callable[[], float] = time.monotonic) -> None:
        self._spec = spec
        self._life = Lifecycle("pushed frames")
        self._handover: Handover[Pixels] = Handover(clock)
        self._index = 0

    def open(self) -> SourceInfo:
        """Take what is pushed from now on."""
        self._life.require_new()
        self._spec.connect(self)
        self._life.opened()
        return given_info(self._spec)

    def push_frame(
        self,
        pixels: GivenPicture,
        timestamp: float | None = None,
        *,
        order: PixelLayout = "bgr",
        encoding: Encoding | None = None,
    ) -> bool:
        """Take a frame from any thread without waiting; see `PushSource.push_frame`."""
        check_timestamp(timestamp)
        return self._handover.put(as_pixels(pixels, order=order, encoding=encoding), timestamp)

    def end(self) -> None:
        """No more frames will come."""
        self._handover.end()

    @property
    def counts(self) -> PushCounts:
        """What has become of the frames so far."""
        return self._handover.counts

    def read(self) -> Frame | None:
        """The newest frame; waits for one."""
        self._life.require_open()
        taken = self._handover.take()
        if taken is None:
            return None
        pixels, timestamp = taken
        frame = Frame(sized(pixels, self._spec), timestamp, self._index)
        self._index += 1
        return frame

    def interrupt(self) -> None:
        """Make ``read`` return None from now on."""
        self._handover.shut()

    def close(self) -> None:
        """Take no more."""
        self._life.close()
        self._handover.shut()
        self._spec.disconnect(self)


def given_info(spec: PushSource | AsyncFramesSource, *, real_time: bool = True) -> SourceInfo:
    """What can be said before the first frame."""
    return SourceInfo(
        width=spec.width or 0,
        height=spec.height or 0,
        fps=spec.fps or 0.0,
        live=True,
        real_time=real_time,
    )


def sized(pixels: Pixels, spec: PushSource | AsyncFramesSource) -> Pixels:
    """The picture in the size that was asked for, if one was."""
    if spec.width is None or spec.height is None:
        return pixels
    return letterboxed(pixels, (spec.width, spec.height))
