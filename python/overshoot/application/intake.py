"""Frames as they arrive at a gateway, until they are part of a clip."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from attrs import frozen

from overshoot.domain.frame import Frame
from overshoot.domain.sampling import ClipSampling, Sampler, frames_per_clip
from overshoot.domain.sizing import effective_size
from overshoot.domain.timeline import MediaTimeline

if TYPE_CHECKING:
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.domain.frame import Pixels
    from overshoot.domain.inference import Mode
    from overshoot.domain.sampling import Sampling
    from overshoot.domain.serving import StreamState
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
    """Counts, samples and sizes frames; gives out clips one at a time, newest first."""

    def __init__(self, sampling: Sampling, clock: Clock, settings: ServingSettings) -> None:
        self.mode: Mode = "clip" if isinstance(sampling, ClipSampling) else "frame"
        self._clock = clock
        self._settings = settings
        self._clip_frames = frames_per_clip(sampling)
        self._timeline = MediaTimeline()
        self._sampler = Sampler[Frame](sampling)
        self._arrival_times: dict[int, float] = {}
        self._recent: deque[float] = deque(maxlen=600)
        self._changed = asyncio.Event()
        self._finished = False
        self._stopped = False
        self.size: tuple[int, int] = (0, 0)
        self.effective_size: tuple[int, int] = (0, 0)
        self.received: int = 0
        self.kept: int = 0

    @property
    def clips_skipped(self) -> int:
        """Clips that a newer one replaced before the backend was free."""
        return self._sampler.skipped

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
        arrival = Arrival(self.received, time, wanted, *self.effective_size, now)
        self.received += 1
        return arrival

    def add(self, arrival: Arrival, pixels: Pixels) -> None:
        """Hand in the pixels of a frame that was wanted."""
        if self._stopped:
            return
        newest = self._sampler.newest
        if newest is not None and newest.pixels.shape != pixels.shape:
            # Backends compare the frames of a clip, which frames of two sizes do not allow.
            self._sampler.forget_frames()
        self.kept += 1
        self._arrival_times[arrival.index] = arrival.received_at
        self._sampler.add(Frame(pixels, arrival.timestamp, arrival.index))
        self._changed.set()

    def pass_by(self, arrival: Arrival) -> None:
        """Let stream time pass for a frame that was not wanted."""
        if not self._stopped:
            self._sampler.reach(arrival.timestamp)
            self._changed.set()

    def finish(self) -> None:
        """No frame will come any more."""
        self._finished = True
        self._changed.set()

    def stop(self) -> None:
        """Give out nothing more."""
        self._stopped = self._finished = True
        self._sampler.forget_frames()
        self._sampler.take()
        self._changed.set()

    async def next_clip(self) -> Clip | None:
        """Wait for the newest clip that is due; None after the last one."""
        while (frames := self._sampler.take()) is None:
            if self._finished:
                frames = self._sampler.flush()
                break
            self._changed.clear()
            await self._changed.wait()
        if frames is None:
            return None
        last = frames[-1].index
        received_at = self._arrival_times[last]
        self._arrival_times = {i: at for i, at in self._arrival_times.items() if i > last}
        return Clip(frames, received_at)

    def fps(self) -> float:
        """Frames received per second, lately."""
        since = self._clock.monotonic() - _RATE_WINDOW_SECONDS
        lately = [at for at in self._recent if at >= since]
        stretch = lately[-1] - lately[0] if lately else 0.0
        return (len(lately) - 1) / stretch if stretch > 0 else 0.0

    def state(self) -> StreamState:
        """``pending`` before the first frame, then ``active``, ``idle`` while none comes."""
        if not self._recent:
            return "pending"
        silent = self._clock.monotonic() - self._recent[-1]
        return "idle" if silent > self._settings.idle_seconds else "active"
