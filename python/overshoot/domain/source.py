"""Which source to open, as plain values; how it is opened is an adapter's business."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from overshoot.domain.pixels import MAX_SIDE
from overshoot.domain.pushed import AsyncFramesSource, PushSource
from overshoot.domain.validation import a_callable, a_flag, a_number, a_whole_number, fail
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

FrameProcessor: TypeAlias = "Callable[[Pixels], Pixels]"
"""Takes a BGR frame (height, width, 3) uint8 and returns one, of any size; runs off the event loop.

The array it is given is its own: it may draw on it and return it."""

SEED_LIMIT = 2**31 - 1

HIGHEST_CAMERA = 1024

LONGEST_SECONDS = 1e7
"""Latest place in a video that can be named: 115 days."""


def _even(instance: object, attribute: Any, value: Any) -> None:
    if value % 2:
        raise fail(instance, attribute.name, "even", value)


def _path(value: str | os.PathLike[str]) -> Path:
    try:
        path, given = Path(value), bool(os.fspath(value))
    except TypeError:
        path, given = Path(), False
    if not given or "\0" in str(path):
        msg = f"a path must be a non-empty string or Path without NUL, got {value!r}"
        raise ConfigurationError(msg, details={"field": "path"})
    return path


def _device(value: int | str | os.PathLike[str]) -> int | str:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _camera_number_or_path(instance: object, attribute: Any, value: Any) -> None:
    if isinstance(value, str):
        good = value.startswith("/") and "\0" not in value
    else:
        good = isinstance(value, int) and not isinstance(value, bool)
        good = good and 0 <= value <= HIGHEST_CAMERA
    if not good:
        wanted = f"a number from 0 to {HIGHEST_CAMERA} or the path of a device like '/dev/video2'"
        raise fail(instance, attribute.name, wanted, value)


_SCHEMES = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "http://", "https://")


def _known_scheme(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or not value.lower().startswith(_SCHEMES):
        msg = "UrlSource.url must start with one of " + ", ".join(_SCHEMES)
        raise ConfigurationError(msg, details={"field": "url"})


@frozen
class CameraSource:
    """A camera of this machine, read through OpenCV.

    Attributes:
        device_index: number of the camera, from 0, or on Linux the path of its device, such as
            ``"/dev/video2"`` or ``"/dev/v4l/by-id/…"`` (which stays when cameras change places).
        frame_processor: called with each BGR frame before it is sent.
        width: columns to ask the camera for; None leaves its default. It may give another size.
        height: rows to ask for, likewise.
        fps: frames per second to ask for, likewise.
    """

    device_index: int | str = field(default=0, converter=_device, validator=_camera_number_or_path)
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )
    width: int | None = field(
        default=None, validator=a_whole_number(16, MAX_SIDE, "pixels", optional=True)
    )
    height: int | None = field(
        default=None, validator=a_whole_number(16, MAX_SIDE, "pixels", optional=True)
    )
    fps: float | None = field(default=None, validator=a_number(1, 240, "frames/s", optional=True))


@frozen
class VideoFileSource:
    """A video file, played at its own pace.

    Timestamps are on the video's own clock, whose 0.0 is its first frame: with ``start_seconds=60``
    the first frame comes with 60.0 or a little more, at any speed. Only with ``loop`` they go on
    rising from round to round.

    Attributes:
        file_path: a file that OpenCV can decode.
        frame_processor: called with each BGR frame before it is sent.
        loop: start again at the end, for ever.
        start_seconds: begin with the first frame at or after this time.
        end_seconds: end before the first frame at or after this time; None plays to the end.
        playback_speed: how many seconds of video are played in one second; changes no timestamp.
        real_time: True plays at that pace and lets frames fall where something is too slow. False
            is for analysis: every frame is given, each as soon as the one before was taken, and no
            faster than the clips are answered, so that none is skipped.
    """

    file_path: Path = field(converter=_path)
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )
    loop: bool = field(default=False, validator=a_flag())
    start_seconds: float = field(default=0.0, validator=a_number(0, LONGEST_SECONDS, "seconds"))
    end_seconds: float | None = field(
        default=None, validator=a_number(0, LONGEST_SECONDS, "seconds", above=True, optional=True)
    )
    playback_speed: float = field(default=1.0, validator=a_number(0.05, 100))
    real_time: bool = field(default=True, validator=a_flag())

    def __attrs_post_init__(self) -> None:
        if self.end_seconds is not None and self.end_seconds <= self.start_seconds:
            raise fail(self, "end_seconds", "later than start_seconds", self.end_seconds)


@frozen
class ImageFolderSource:
    """The pictures of a folder in the order of their names, each shown for a while.

    Attributes:
        folder_path: a folder with .jpg, .jpeg, .png, .bmp or .webp files; others are passed over.
        seconds_per_image: how long each is shown.
        fps: frames per second sent while it is shown.
        frame_processor: called with each BGR frame before it is sent.
    """

    folder_path: Path = field(converter=_path)
    seconds_per_image: float = field(default=1.0, validator=a_number(0.05, 3600, "seconds"))
    fps: float = field(default=15.0, validator=a_number(1, 240, "frames/s"))
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )


@frozen
class UrlSource:
    """A stream that FFmpeg can open: ``rtsp://``, ``rtmp://``, ``http://`` or ``https://``.

    Attributes:
        url: the address; credentials in it are masked wherever it is shown.
        frame_processor: called with each BGR frame before it is sent.
        reconnect_seconds: how long to try again when the stream is lost, with growing pauses; the
            frames that come then go on rising in time. 0 gives up at once.
        allow_playlists: follow an HLS playlist (m3u8) at an http or https address. A playlist makes
            this machine fetch what it names, so this is off until asked for; then it may only name
            its own host and, when that is a public one, other public hosts.
    """

    url: str = field(validator=_known_scheme, repr=False)
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )
    reconnect_seconds: float = field(default=60.0, validator=a_number(0, 86400, "seconds"))
    allow_playlists: bool = field(default=False, validator=a_flag())


@frozen
class SyntheticSource:
    """A drawn, moving scene whose truth is known: the same pictures for the same seed.

    See `overshoot.domain.scene` for what is drawn and how to read the frame number back.

    Attributes:
        width: columns, even.
        height: rows, even.
        fps: frames per second.
        seed: chooses shapes, colours and paths.
        duration_seconds: end of the video after this long; None goes on for ever.
        frame_processor: called with each BGR frame before it is sent.
        real_time: as for `VideoFileSource`; False gives every frame as fast as clips are answered.
    """

    width: int = field(default=640, validator=[a_whole_number(160, MAX_SIDE, "pixels"), _even])
    height: int = field(default=480, validator=[a_whole_number(120, MAX_SIDE, "pixels"), _even])
    fps: float = field(default=15.0, validator=a_number(1, 240, "frames/s"))
    seed: int = field(default=0, validator=a_whole_number(-SEED_LIMIT, SEED_LIMIT))
    duration_seconds: float | None = field(
        default=None, validator=a_number(0.05, 86400, "seconds", optional=True)
    )
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )
    real_time: bool = field(default=True, validator=a_flag())


StreamSource: TypeAlias = (
    CameraSource
    | VideoFileSource
    | ImageFolderSource
    | UrlSource
    | SyntheticSource
    | PushSource
    | AsyncFramesSource
)
"""Any source that a stream can be started from."""


def every_frame_counts(source: StreamSource) -> bool:
    """Whether ``source`` was said to be no live picture (``real_time=False``): it can wait."""
    return (
        isinstance(source, VideoFileSource | SyntheticSource | AsyncFramesSource)
        and not source.real_time
    )


@frozen(init=False)
class FileSource(VideoFileSource):
    """`VideoFileSource` under the name, and with the arguments, of the service's later SDK."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        loop: bool = False,
        *,
        frame_processor: FrameProcessor | None = None,
    ) -> None:
        super().__init__(file_path=path, loop=loop, frame_processor=frame_processor)
