"""Which frames make the next clip."""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

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
