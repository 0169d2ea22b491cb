"""Which source to open, as plain values; how it is opened is an adapter's business."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from overshoot.domain.validation import a_callable, a_number, a_whole_number, fail
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

FrameProcessor: TypeAlias = "Callable[[Pixels], Pixels]"
"""Takes a BGR frame (height, width, 3) uint8 and returns one, of any size; runs off the event loop.

The array it is given is its own: it may draw on it and return it."""

MAX_SIDE = 8192
"""Most columns or rows of a picture."""

MAX_PIXELS = 7680 * 4320
"""Most pixels of a picture: 8K, 100 MB once decoded. A source with larger ones is refused."""

SEED_LIMIT = 2**31 - 1


def _yes_or_no(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise fail(instance, attribute.name, "True or False", value)


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


_SCHEMES = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "http://", "https://")


def _known_scheme(instance: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or not value.lower().startswith(_SCHEMES):
        msg = "UrlSource.url must start with one of " + ", ".join(_SCHEMES)
        raise ConfigurationError(msg, details={"field": "url"})


@frozen
class CameraSource:
    """A camera of this machine, read through OpenCV.

    Attributes:
        device_index: number of the camera, from 0.
        frame_processor: called with each BGR frame before it is sent.
        width: columns to ask the camera for; None leaves its default. It may give another size.
        height: rows to ask for, likewise.
        fps: frames per second to ask for, likewise.
    """

    device_index: int = field(default=0, validator=a_whole_number(0, 1024))
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

    Attributes:
        file_path: a file that OpenCV can decode.
        frame_processor: called with each BGR frame before it is sent.
        loop: start again at the end, for ever.
    """

    file_path: Path = field(converter=_path)
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )
    loop: bool = field(default=False, validator=_yes_or_no)


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
    """

    url: str = field(validator=_known_scheme, repr=False)
    frame_processor: FrameProcessor | None = field(
        default=None, validator=a_callable(optional=True), repr=False
    )


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


StreamSource: TypeAlias = (
    CameraSource | VideoFileSource | ImageFolderSource | UrlSource | SyntheticSource
)
"""Any source that a stream can be started from."""
