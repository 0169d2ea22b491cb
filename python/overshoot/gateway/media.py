"""From a received track to the pixels of the frames that are wanted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from overshoot.domain.timeline import RTP_CLOCK_RATE
from overshoot.errors import FrameError
from overshoot.framepath import planes_to_packed
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.application.intake import Arrival
    from overshoot.application.served_stream import ServedStream
    from overshoot.domain.frame import Pixels

_log = get_logger(__name__)

# Decoded frames that wait to be converted: half a second of a clip at 30 frames/s, and at 720p no
# more than 22 MB.
_WAITING = 16
_TICK = Fraction(1, RTP_CLOCK_RATE)


class ConversionQueue:
    """Frames on their way to conversion: in order, bounded, the oldest wanted one dropped first.

    Attributes:
        dropped: wanted frames that were given up because conversion could not keep up.
    """

    def __init__(self, capacity: int = _WAITING) -> None:
        self._entries: deque[tuple[Arrival, av.VideoFrame | None]] = deque()
        self._capacity = capacity
        self._changed = asyncio.Event()
        self._closed = False
        self._given = False
        self.dropped: int = 0

    @property
    def idle(self) -> bool:
        """Whether all that was put has been given out and is done with."""
        return not self._entries and not self._given

    def put(self, arrival: Arrival, frame: av.VideoFrame) -> bool:
        """Queue a frame; of one that is not wanted, its time alone. Whether one was given up."""
        if not arrival.wanted and self._entries and self._entries[-1][1] is None:
            self._entries.pop()
        self._entries.append((arrival, frame if arrival.wanted else None))
        full = sum(waiting is not None for _, waiting in self._entries) > self._capacity
        if full:
            oldest = next(i for i, (_, waiting) in enumerate(self._entries) if waiting is not None)
            del self._entries[oldest]
            self.dropped += 1
        self._changed.set()
        return full

    def close(self) -> None:
        """No more will come."""
        self._closed = True
        self._changed.set()

    async def next(self) -> tuple[Arrival, av.VideoFrame | None] | None:
        """The oldest entry; None once closed and empty. The one before is done with."""
        self._given = False
        while not self._entries:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        self._given = True
        return self._entries.popleft()


async def receive_video(track: MediaStreamTrack, stream: ServedStream, executor: Executor) -> None:
    """Feed ``stream`` from ``track`` until the track ends; every frame is taken off at once.

    A track that nobody reads keeps all its frames: 11 MB a second at 640x480.
    """
    queue = ConversionQueue()
    async with asyncio.TaskGroup() as both:
        both.create_task(_drain(track, stream, queue))
        both.create_task(_convert(queue, stream, executor))


async def _drain(track: MediaStreamTrack, stream: ServedStream, queue: ConversionQueue) -> None:
    # The stubs of PyAV leave the element type of packets open.
    receive: Callable[[], Awaitable[object]] = cast("Any", track).recv
    try:
        while True:
            frame = await receive()
            if isinstance(frame, av.VideoFrame):
                arrival = stream.arrived(_ticks(frame), frame.width, frame.height)
                if queue.idle and not arrival.wanted:
                    stream.pass_by(arrival)
                elif queue.put(arrival, frame):
                    stream.drop("conversion_busy")
    except MediaStreamError:
        queue.close()


def _ticks(frame: av.VideoFrame) -> int:
    pts, base = frame.pts or 0, frame.time_base
    # As RTP has it; fractions are slow to reckon with.
    if base is None or base == _TICK:
        return pts
    return int(pts * base * RTP_CLOCK_RATE)


async def _convert(queue: ConversionQueue, stream: ServedStream, executor: Executor) -> None:
    loop = asyncio.get_running_loop()
    while (entry := await queue.next()) is not None:
        arrival, frame = entry
        if frame is None:
            stream.pass_by(arrival)
            continue
        convert = _conversion(frame, arrival)
        try:
            stream.add(arrival, await loop.run_in_executor(executor, convert))
        except FrameError as error:
            stream.drop("unusable")
            _log.warning("frame_unusable", stream_id=stream.id, why=error.message)


def _conversion(frame: av.VideoFrame, arrival: Arrival) -> Callable[[], Pixels]:
    return lambda: to_bgr(frame, arrival.out_width, arrival.out_height)


def to_bgr(frame: av.VideoFrame, width: int, height: int) -> Pixels:
    """The pixels of a decoded frame, shape (height, width, 3), dtype uint8, BGR."""
    if frame.format.name != "yuv420p":
        frame = frame.reformat(format="yuv420p")
    # A plane has the buffer protocol, but not in its stub.
    y, u, v = (
        np.frombuffer(cast("Any", plane), np.uint8).reshape(-1, plane.line_size)
        for plane in frame.planes
    )
    return planes_to_packed(
        y, u, v, frame.width, frame.height, out_width=width, out_height=height, order="bgr"
    )
