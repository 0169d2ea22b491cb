"""Pictures to packets: each is encoded once, in groups that stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import av
from attrs import frozen
from av.video.frame import PictureType

from overshoot.framepath.video import video_frame

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

    from overshoot.domain.frame import PlanarFrame

TICKS_PER_SECOND: Final = 60_000
"""MPEG-4 part 2 cannot count finer than 65,535; that of usual frame rates is a whole number."""
GROUP_SECONDS: Final = 1.0

_TIME_BASE: Final = Fraction(1, TICKS_PER_SECOND)
_BT601: Final = 6  # SMPTE 170M, as the frame path makes its colours.
_LIMITED_RANGE: Final = 1
_LONGEST_GROUP: Final = 600


@frozen
class Codec:
    """An encoder, the name of what it makes, and how it is set.

    Without look-ahead and B pictures, so that a packet comes for each picture at once, in the order
    of time, and a clip may end after any.
    """

    encoder: str
    name: str
    options: dict[str, str]


CODECS: Final = (
    Codec(
        "libx264",
        "h264",
        {"preset": "superfast", "tune": "zerolatency", "crf": "23", "forced-idr": "1"},
    ),
    # No browser plays it, but OpenCV does; for builds of PyAV without x264.
    Codec("mpeg4", "mpeg4", {"b": "2000000", "qmin": "3"}),
)


def best_codec(available: Sequence[str] | None = None) -> Codec:
    """The best one that this build of PyAV, or a list of its encoders, has."""
    names = av.codecs_available if available is None else available
    return next(codec for codec in CODECS if codec.encoder in names)


@frozen
class Segment:
    """Pictures of one size, made by one encoder."""

    width: int
    height: int
    codec: str


@frozen
class EncodedPicture:
    """A packet.

    Attributes:
        segment: what it is part of.
        ticks: its time on the stream's clock, in `TICKS_PER_SECOND`.
        data: the packet's bytes.
        key: whether a clip can begin with it.
    """

    segment: Segment
    ticks: int
    data: bytes
    key: bool


class SegmentEncoder:
    """Encodes the pictures of one size; one thread."""

    def __init__(self, width: int, height: int, codec: Codec) -> None:
        self.segment: Segment = Segment(width, height, codec.name)
        self._context = _context(width, height, codec)
        self._group_began: int | None = None

    def encode(self, frame: PlanarFrame, ticks: int) -> list[EncodedPicture]:
        """The packet of a picture; ``ticks`` rise."""
        segment = self.segment
        picture = video_frame(frame)
        picture.pts, picture.time_base = ticks, _TIME_BASE
        began = self._group_began
        if began is None or ticks - began >= GROUP_SECONDS * TICKS_PER_SECOND:
            picture.pict_type = PictureType.I
            self._group_began = ticks
        # PyAV does not say what its packets belong to.
        context: Any = self._context
        return [
            EncodedPicture(segment, packet.pts or 0, bytes(packet), packet.is_keyframe)
            for packet in context.encode(picture)
        ]


def _context(width: int, height: int, codec: Codec) -> VideoCodecContext:
    context = cast("VideoCodecContext", av.CodecContext.create(codec.encoder, "w"))
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = _TIME_BASE
    context.gop_size = _LONGEST_GROUP
    context.max_b_frames = 0
    context.thread_count = 1
    context.colorspace = context.color_primaries = context.color_trc = _BT601
    context.color_range = _LIMITED_RANGE
    context.options = dict(codec.options)
    return context
