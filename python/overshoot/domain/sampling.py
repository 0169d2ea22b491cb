"""Which frames make the next clip."""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Generic, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from overshoot.domain.stream import FrameProcessingConfig, ProcessingConfig
from overshoot.domain.validation import a_number, a_whole_number

ANY_SECONDS = 1e9


@frozen
class ClipSampling:
    """Clip mode: frames over a stretch of time.

    Attributes:
        target_fps: frames kept per second of stream time, 1 to 120.
        clip_length_seconds: stretch of time one clip covers, 0.1 to 60.0 s.
        delay_seconds: time from one clip to the next; 0.0 asks at each frame that is kept.
    """

    target_fps: int = field(validator=a_whole_number(1, 120, "frames/s"))
    clip_length_seconds: float = field(validator=a_number(0.1, 60.0, "s"))
    delay_seconds: float = field(validator=a_number(0.0, ANY_SECONDS, "s"))

    @property
    def interval_seconds(self) -> float:
        """Time from one clip to the next: never shorter than that of two kept frames."""
        return max(self.delay_seconds, 1.0 / self.target_fps)


@frozen
class FrameSampling:
    """Frame mode: one still every so often.

    Attributes:
        interval_seconds: time from one still to the next, above 0 and at most 60 s.
    """

    interval_seconds: float = field(validator=a_number(0.0, 60.0, "s", above=True))


Sampling: TypeAlias = ClipSampling | FrameSampling


def sampling_rate(fps: float, sampling_ratio: float) -> int:
    """Frames per second that are kept of a source of ``fps``: ``int(fps * ratio)``, at least 1."""
    return max(1, int(fps * sampling_ratio))


def sampling_of(processing: ProcessingConfig) -> Sampling:
    """How a gateway samples that is asked so; it is asked for whole frames per second."""
    if isinstance(processing, FrameProcessingConfig):
        return FrameSampling(processing.interval_seconds)
    target = processing.target_fps
    if target is None:
        target = sampling_rate(max(1, round(processing.fps)), processing.sampling_ratio)
    return ClipSampling(target, processing.clip_length_seconds, processing.delay_seconds)


# RTP counts in steps of 11 microseconds, and 0.1 + 2 * 0.1 is more than 0.3.
_EDGE_SECONDS = 1e-6


def frames_per_clip(sampling: Sampling) -> int:
    """The most frames one clip can hold."""
    if isinstance(sampling, FrameSampling):
        return 1
    return math.floor(sampling.target_fps * sampling.clip_length_seconds) + 2


class _Grid:
    """Picks the frames that come closest to the points of an even grid of times."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._point = -1
        self._last: float | None = None
        self._gaps: deque[float] = deque(maxlen=9)

    def reached(self, time: float) -> bool:
        if self._last is not None:
            self._gaps.append(time - self._last)
        self._last = time
        # A frame a little early stands for its point, or a source at the rate of the grid would
        # lose frames to the jitter of its clock. The median forgets the gaps of lost frames; just
        # under half a gap keeps frames that lie midway between two points from going either way.
        early = 0.45 * min(median(self._gaps), 1 / self._rate) if self._gaps else 0.0
        point = math.floor((time + early) * self._rate)
        if point <= self._point:
            return False
        self._point = point
        return True


class Placed(Protocol):
    """Something with a place in a stream: a frame, or what stands for one."""

    @property
    def timestamp(self) -> float:
        """Stream time in seconds."""
        ...

    @property
    def index(self) -> int:
        """Its number, which rises from one to the next."""
        ...


FrameT = TypeVar("FrameT", bound=Placed)


class Sampler(Generic[FrameT]):
    """Says which frames to keep, and when a clip of them is due; knows neither clocks nor pixels.

    Times are stream time: seconds since the first frame. For every frame, in order, ask `wants`;
    give those it wants to `add` and the times of the others to `reach`; then `take` what is due.

    Clip k covers the kept frames in ``(end - clip_length, end]`` with ``end = clip_length + k *
    delay``, and is due once a frame at or past ``end`` has arrived. With a delay of 0 it is due at
    each kept frame from ``clip_length`` on. A clip without a frame that no clip had before is not
    asked about. In frame mode each frame kept, one per interval, is a clip of its own.

    Attributes:
        skipped: clips that were replaced by a newer one before anybody took them.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        rate = (
            float(sampling.target_fps)
            if isinstance(sampling, ClipSampling)
            else 1 / sampling.interval_seconds
        )
        self._grid = _Grid(rate)
        delay = sampling.delay_seconds if isinstance(sampling, ClipSampling) else 0.0
        # Below what time stamps can tell apart, there are more clips than numbers to count them.
        self._delay = delay if delay > _EDGE_SECONDS else 0.0
        self._frames: deque[FrameT] = deque()
        self._due: tuple[FrameT, ...] | None = None
        self._asked_until = -1
        self._next_clip = 0
        self.skipped: int = 0

    @property
    def newest(self) -> FrameT | None:
        """The newest frame of the clip that has begun."""
        return self._frames[-1] if self._frames else None

    def wants(self, time: float) -> bool:
        """Whether the frame at this time is to be kept; to be asked once per frame."""
        return self._grid.reached(time) and self._in_a_clip(time)

    def add(self, frame: FrameT) -> None:
        """Keep a frame that was wanted."""
        if isinstance(self._sampling, FrameSampling):
            self._make_due((frame,))
            return
        self._frames.append(frame)
        if self._delay:
            self.reach(frame.timestamp)
        elif frame.timestamp >= self._sampling.clip_length_seconds - _EDGE_SECONDS:
            self._forget_until(frame.timestamp - self._sampling.clip_length_seconds)
            self._make_due(tuple(self._frames))

    def reach(self, time: float) -> None:
        """Let stream time pass: clips that end by now are due."""
        sampling = self._sampling
        if isinstance(sampling, FrameSampling) or not self._delay:
            return
        length, delay = sampling.clip_length_seconds, self._delay
        last = math.floor((time - length + _EDGE_SECONDS) / delay)
        if last < self._next_clip:
            return
        if self._frames:
            # After a gap several clips end at once; the newest that has a new frame is asked about.
            newest = self._frames[-1].timestamp
            clip = min(last, math.ceil((newest - _EDGE_SECONDS) / delay) - 1)
            if clip >= self._next_clip:
                self._make_due(self._between(clip * delay, clip * delay + length))
        self._next_clip = last + 1
        self._forget_until(self._next_clip * delay)

    def take(self) -> tuple[FrameT, ...] | None:
        """The newest clip that is due and was not taken yet."""
        due, self._due = self._due, None
        return due

    def flush(self) -> tuple[FrameT, ...] | None:
        """At the end of the video: the clip that had begun, if it has frames no clip had before."""
        frames = tuple(self._frames)
        self._frames.clear()
        if not frames or frames[-1].index <= self._asked_until:
            return None
        self._asked_until = frames[-1].index
        return frames

    def forget_frames(self) -> None:
        """Begin the current clip anew, without the frames kept so far."""
        self._frames.clear()

    def _in_a_clip(self, time: float) -> bool:
        sampling = self._sampling
        if isinstance(sampling, FrameSampling) or not self._delay:
            return True
        into_cycle = time % self._delay
        # The first frame is in no clip, but it may be all there is of a very short video.
        return (
            self._delay <= sampling.clip_length_seconds
            or time == 0
            or _EDGE_SECONDS < into_cycle <= sampling.clip_length_seconds + _EDGE_SECONDS
        )

    def _between(self, start: float, end: float) -> tuple[FrameT, ...]:
        low, high = start + _EDGE_SECONDS, end + _EDGE_SECONDS
        return tuple(frame for frame in self._frames if low < frame.timestamp <= high)

    def _make_due(self, frames: tuple[FrameT, ...]) -> None:
        if not frames or frames[-1].index <= self._asked_until:
            return
        self.skipped += self._due is not None
        self._asked_until = frames[-1].index
        self._due = frames

    def _forget_until(self, time: float) -> None:
        while self._frames and self._frames[0].timestamp <= time + _EDGE_SECONDS:
            self._frames.popleft()
