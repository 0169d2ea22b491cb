"""Frames as they arrive at a gateway, until they are part of a clip."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.application.live_frames import LiveFrames
from overshoot.domain.clip_queue import ClipQueue
from overshoot.domain.frame import Frame
from overshoot.domain.sampling import ClipSampling, Sampler, frames_per_clip
from overshoot.domain.sizing import effective_size
from overshoot.domain.timeline import MediaTimeline

if TYPE_CHECKING:
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.domain.frame import Pixels
    from overshoot.domain.inference import Mode
    from overshoot.domain.sampling import Sampling
    from overshoot.domain.serving import FrameDrop, StreamState
    from overshoot.ports.clock import Clock

_RATE_WINDOW_SECONDS = 5.0


@frozen
class Arrival:
    """A frame that was received, and what is to be done with it.

    Attributes:
        index: counts received frames from 0.
        timestamp: stream time in seconds.
        wanted: whether its pixels are to be handed in.
        out_width: columns they are to have.
        out_height: rows they are to have.
        received_at: monotonic time of its arrival.
    """

    index: int
    timestamp: float
    wanted: bool
    out_width: int
    out_height: int
    received_at: float


@frozen(eq=False)
class Clip:
    """Frames to be asked about, and when the last of them arrived (monotonic time)."""

    frames: tuple[Frame, ...]
    received_at: float


class Intake:
    """Counts, samples, sizes and keeps frames; gives out clips one at a time.

    Attributes:
        frames: the newest frames that were kept, whether or not a clip was made of them.
        received: frames that arrived.
        kept: frames that were handed in.
        unsampled: frames that no clip needed.
        dropped: frames that came to nothing, by reason.
        clips_made: clips that were due.
    """

    def __init__(self, sampling: Sampling, clock: Clock, settings: ServingSettings) -> None:
        self.mode: Mode = "clip" if isinstance(sampling, ClipSampling) else "frame"
        self._clock = clock
        self._settings = settings
        self._clip_frames = frames_per_clip(sampling)
        self._timeline = MediaTimeline()
        self._sampler = Sampler[Frame](sampling)
        self._clips = ClipQueue[Clip]()
        self.frames: LiveFrames = LiveFrames(settings.buffer)
        self._arrival_times: dict[int, float] = {}
        self._recent: deque[float] = deque(maxlen=600)
        self._changed = asyncio.Event()
        self._finished = False
        self._stopped = False
        self.size: tuple[int, int] = (0, 0)
        self.effective_size: tuple[int, int] = (0, 0)
        self.received: int = 0
        self.kept: int = 0
        self.unsampled: int = 0
        self.dropped: Counter[FrameDrop] = Counter()
        self.clips_made: int = 0

    @property
    def waiting(self) -> int:
        """Frames that were wanted, and neither came nor were given up so far."""
        return self.received - self.kept - self.unsampled - self.dropped.total()

    @property
    def clips_skipped(self) -> int:
        """Clips that a newer one replaced before the backend was free."""
        return self._clips.skipped

    @property
    def clips_waiting(self) -> int:
        """Clips that wait for the backend."""
        return len(self._clips)

    def arrived(self, ticks: int, width: int, height: int) -> Arrival:
        """Account for a frame that was received, at RTP time ``ticks``."""
        now = self._clock.monotonic()
        self._recent.append(now)
        if (width, height) != self.size:
            self.size = (width, height)
            self.effective_size = effective_size(
                width,
                height,
                clip_frames=self._clip_frames,
                max_clip_bytes=self._settings.max_clip_bytes,
                max_sides=(self._settings.max_long_side, self._settings.max_short_side),
            )
        time = self._timeline.advance(ticks)
        wanted = self._sampler.wants(time) and not self._stopped
        if self._stopped:
            self.dropped["stream_ended"] += 1
        elif not wanted:
            self.unsampled += 1
        arrival = Arrival(self.received, time, wanted, *self.effective_size, now)
        self.received += 1
        return arrival

    def add(self, arrival: Arrival, pixels: Pixels) -> Frame | None:
        """Hand in the pixels of a frame that was wanted; None when it no longer is."""
        if self._stopped:
            self.drop("stream_ended")
            return None
        newest = self._sampler.newest
        if newest is not None and newest.pixels.shape != pixels.shape:
            # Backends compare the frames of a clip, which frames of two sizes do not allow.
            self._sampler.forget_frames()
        self.kept += 1
        self._arrival_times[arrival.index] = arrival.received_at
        frame = Frame(pixels, arrival.timestamp, arrival.index)
        self.frames.add(frame)
        self._sampler.add(frame)
        self._queue_due()
        return frame

    def drop(self, why: FrameDrop) -> None:
        """Account for a frame that was wanted and will not be handed in."""
        self.dropped[why] += 1

    def pass_by(self, arrival: Arrival) -> None:
        """Let stream time pass for a frame that was not wanted."""
        if not self._stopped:
            self._sampler.reach(arrival.timestamp)
            self._queue_due()

    def finish(self) -> None:
        """No frame will come any more."""
        rest = None if self._finished else self._sampler.flush()
        if rest is not None:
            self._clips.put_last(self._clip(rest))
        self._finished = True
        self._changed.set()

    def stop(self) -> None:
        """Give out nothing more, and let go of all frames."""
        self._stopped = self._finished = True
        self._sampler.forget_frames()
        self._clips.clear()
        self.frames.end()
        self._changed.set()

    async def wait_for_clip(self) -> bool:
        """Wait until a clip is due; False after the last one."""
        while not self._clips:
            if self._finished:
                return False
            self._changed.clear()
            await self._changed.wait()
        return True

    @property
    def first_clip(self) -> Clip | None:
        """The clip that `take` would give now."""
        return self._clips.first

    def take(self) -> Clip | None:
        """The clip to ask about now, until `settle`; None when it is wanted no more."""
        return self._clips.take()

    def settle(self) -> None:
        """The clip that was taken has its result."""
        self._clips.settle()

    def fps(self) -> float:
        """Frames received per second, lately."""
        since = self._clock.monotonic() - _RATE_WINDOW_SECONDS
        lately = [at for at in self._recent if at >= since]
        stretch = lately[-1] - lately[0] if lately else 0.0
        return (len(lately) - 1) / stretch if stretch > 0 else 0.0

    @property
    def last_arrival(self) -> float | None:
        """Monotonic time of the newest frame; None before the first."""
        return self._recent[-1] if self._recent else None

    def state(self) -> StreamState:
        """``pending`` before the first frame, then ``active``, ``idle`` while none comes."""
        if self.last_arrival is None:
            return "pending"
        silent = self._clock.monotonic() - self.last_arrival
        return "idle" if silent > self._settings.idle_seconds else "active"

    def _queue_due(self) -> None:
        frames = self._sampler.take()
        if frames is not None:
            self._clips.put(self._clip(frames))
            self._changed.set()

    def _clip(self, frames: tuple[Frame, ...]) -> Clip:
        self.clips_made += 1
        last = frames[-1].index
        received_at = self._arrival_times[last]
        self._arrival_times = {i: at for i, at in self._arrival_times.items() if i > last}
        return Clip(frames, received_at)
