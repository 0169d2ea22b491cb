"""What an action rests on: how much of it is kept, and which stretch of the video that is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from overshoot.domain.validation import a_flag, a_number, a_whole_number, fail
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

MEBIBYTE: Final = 1 << 20
MOST_FPS: Final = 60
_SHORTEST_CLIP_SECONDS: Final = 1.0
_LONGEST_CLIP_SECONDS: Final = 600.0


def _folder(value: str | os.PathLike[str]) -> Path:
    text: object = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        message = f"folder must be a non-empty string or Path without NUL, got {value!r}"
        raise ConfigurationError(message, details={"field": "folder"})
    return Path(text)


@frozen(kw_only=True)
class EvidenceConfig:
    """How much is kept of what actions rest on.

    Attributes:
        folder: where clips, thumbnails and sidecars are kept; made when it is missing. Several
            detectors may share one.
        pre_roll_seconds: how long before the action a clip begins, 0 to 60 s.
        post_roll_seconds: how long after the action it ends, 0 to 60 s.
        max_clip_seconds: the longest clip, 1 to 600 s, and longer than both rolls together. Of a
            longer action the end is kept. So much video waits in memory, encoded.
        max_bytes: how much the folder may hold, from 1 MiB; the oldest evidence goes first. The
            newest stays, whatever its size.
        max_age_seconds: evidence older than this goes as well, from 1 s; None keeps it.
        thumbnail: whether to keep a JPEG picture of the action, too.
        largest_side: pictures are scaled down to this, 64 to 4096 pixels, their shape kept.
        max_fps: frames per second that are kept, at most, 1 to 60; more where the model is shown
            more.
    """

    folder: Path = field(converter=_folder)
    pre_roll_seconds: float = field(default=2.0, validator=a_number(0, 60, "s"))
    post_roll_seconds: float = field(default=2.0, validator=a_number(0, 60, "s"))
    max_clip_seconds: float = field(
        default=60.0, validator=a_number(_SHORTEST_CLIP_SECONDS, _LONGEST_CLIP_SECONDS, "s")
    )
    max_bytes: int = field(
        default=1024 * MEBIBYTE, validator=a_whole_number(MEBIBYTE, 1 << 50, "bytes")
    )
    max_age_seconds: float | None = field(
        default=None, validator=a_number(1, 1e10, "s", optional=True)
    )
    thumbnail: bool = field(default=True, validator=a_flag())
    largest_side: int = field(default=1280, validator=a_whole_number(64, 4096, "pixels"))
    max_fps: float = field(default=15.0, validator=a_number(1, MOST_FPS, "frames/s"))

    def __attrs_post_init__(self) -> None:
        if self.max_clip_seconds <= self.pre_roll_seconds + self.post_roll_seconds:
            wanted = "longer than pre_roll_seconds and post_roll_seconds together"
            raise fail(self, "max_clip_seconds", wanted, self.max_clip_seconds)


@frozen
class Stretch:
    """A stretch of a stream's clock, in seconds; both ends belong to it."""

    start: float
    end: float

    def __attrs_post_init__(self) -> None:
        if not self.start <= self.end:
            raise fail(self, "end", f"from the start ({self.start}) on", self.end)

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """The time between both ends."""
        return (self.start + self.end) / 2

    def distance(self, time: float) -> float:
        """Seconds from a time to its nearer end; 0 within."""
        return max(self.start - time, time - self.end, 0.0)


def action_stretch(action: DetectedAction) -> Stretch:
    """When an action happened.

    From ``timestamp`` over ``duration``, where that is known. Else it is a single verdict, and
    happened within the clip of that, ``metadata["clip_start"]`` to ``metadata["clip_end"]``; or at
    ``timestamp``, where those do not say either.
    """
    if action.duration is not None:
        return Stretch(action.timestamp, action.timestamp + action.duration)
    start, end = action.metadata.get("clip_start"), action.metadata.get("clip_end")
    if isinstance(start, float | int) and isinstance(end, float | int) and start <= end:
        return Stretch(start, end)
    return Stretch(action.timestamp, action.timestamp)


def telling_time(action: DetectedAction) -> float:
    """When an action can be seen best: where the surest sight of it begins, else in its middle."""
    stretch, peak = action_stretch(action), action.metadata.get("peak_timestamp")
    if isinstance(peak, float | int) and not stretch.distance(peak):
        return peak
    return stretch.middle


def wanted_stretch(action: Stretch, config: EvidenceConfig) -> Stretch:
    """The stretch that a clip of this action is to cover; never longer than it may be.

    Where it would be, it is cut at its beginning: the end is what is in memory when a long action
    is over.
    """
    end = action.end + config.post_roll_seconds
    start = max(0.0, action.start - config.pre_roll_seconds, end - config.max_clip_seconds)
    return Stretch(start, end)


def kept_size(width: int, height: int, largest_side: int) -> tuple[int, int]:
    """Columns and rows of a picture that is kept: even, as video needs them, at least 16."""
    scale = min(1.0, largest_side / max(width, height))
    return max(16, int(width * scale) // 2 * 2), max(16, int(height * scale) // 2 * 2)
