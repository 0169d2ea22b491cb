"""Packets to a file, and a picture out of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av

from overshoot.adapters.evidence.encoder import TICKS_PER_SECOND, EncodedPicture
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from av.stream import Stream

THUMBNAIL_SIDE: Final = 480
_TIME_BASE: Final = Fraction(1, TICKS_PER_SECOND)
_LONGEST_LAST: Final = TICKS_PER_SECOND
_USUAL_GAP: Final = TICKS_PER_SECOND // 15


def write_mp4(path: Path, pictures: Sequence[EncodedPicture]) -> float:
    """Write packets, a key picture first, as a new MP4 file that plays while it is loaded.

    Its 0.0 is the first picture. Nothing is encoded.

    Returns:
        How long the last picture is shown, seconds: as long as the one before, 1 s at most.

    Raises:
        OSError, av.FFmpegError: the file cannot be written.
    """
    segment, first = pictures[0].segment, pictures[0].ticks
    gaps = [after.ticks - before.ticks for before, after in pairwise(pictures)]
    last = min(gaps[-1], _LONGEST_LAST) if gaps else _USUAL_GAP
    options = {"movflags": "+faststart"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream: Stream = container.add_mux_stream(  # pyright: ignore[reportUnknownMemberType] - PyAV's stubs
            segment.codec, width=segment.width, height=segment.height, time_base=_TIME_BASE
        )
        for picture, duration in zip(pictures, [*gaps, last], strict=True):
            packet: av.Packet[Any] = av.Packet(picture.data)
            packet.stream = stream
            packet.time_base = _TIME_BASE
            packet.pts = packet.dts = picture.ticks - first
            packet.duration = duration
            packet.is_keyframe = picture.key
            container.mux_one(packet)  # pyright: ignore[reportUnknownMemberType] - PyAV's stubs
    return last / TICKS_PER_SECOND


def write_thumbnail(path: Path, video: Path, seconds: float) -> None:
    """Write the picture that a clip shows at a time as a new JPEG, its longer side 480 at most."""
    shown = _picture_at(video, seconds)
    scale = min(1.0, THUMBNAIL_SIDE / max(shown.width, shown.height))
    width, height = (max(2, int(side * scale) // 2 * 2) for side in (shown.width, shown.height))
    shown.reformat(width, height, format="yuvj420p").save(path, qscale=4)


def _picture_at(video: Path, seconds: float) -> av.VideoFrame:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        container.seek(max(0, int(seconds / (stream.time_base or _TIME_BASE))), stream=stream)
        shown: av.VideoFrame | None = None
        for picture in container.decode(stream):
            if shown is not None and picture.time > seconds:
                break
            shown = picture
    if shown is None:
        message = "the clip that was just written has no picture that can be read"
        raise StoreError(message)
    return shown
