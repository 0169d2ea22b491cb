"""Which source to open, as plain values; how it is opened is an adapter's business."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen
from attrs import validators as v

from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels

FrameProcessor: TypeAlias = "Callable[[Pixels], Pixels]"
"""Takes a BGR frame (height, width, 3) uint8 and returns one, of any size; runs off the event loop.

The array it is given is its own: it may draw on it and return it."""

MAX_SIDE = 8192


def _within(low: float, high: float, unit: str) -> Callable[[Any, Any, Any], None]:
    def check(instance: object, attribute: Any, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            msg = f"{type(instance).__name__}.{attribute.name} must be a number, got {value!r}"
            raise ConfigurationError(msg, details={"field": attribute.name})
        if not low <= value <= high:
            msg = (
                f"{type(instance).__name__}.{attribute.name} must be from {low} to {high} {unit},"
                f" got {value!r}"
            )
            raise ConfigurationError(msg, details={"field": attribute.name})

    return check


def _callable_or_none(instance: object, attribute: Any, value: Any) -> None:
    if value is not None and not callable(value):
        msg = f"{type(instance).__name__}.{attribute.name} must be callable, got {value!r}"
        raise ConfigurationError(msg, details={"field": attribute.name})


def _path(value: str | os.PathLike[str]) -> Path:
    text = os.fspath(value)
    if not text or "\0" in text:
        msg = f"a path must be a non-empty string without NUL, got {value!r}"
        raise ConfigurationError(msg, details={"field": "path"})
    return Path(text)


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

    device_index: int = field(default=0, validator=_within(0, 1024, ""))
    frame_processor: FrameProcessor | None = field(
        default=None, validator=_callable_or_none, repr=False
    )
    width: int | None = field(default=None, validator=_within(16, MAX_SIDE, "pixels"))
    height: int | None = field(default=None, validator=_within(16, MAX_SIDE, "pixels"))
    fps: float | None = field(default=None, validator=_within(1, 240, "frames/s"))


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
        default=None, validator=_callable_or_none, repr=False
    )
    loop: bool = False


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
    seconds_per_image: float = field(default=1.0, validator=_within(0.05, 3600, "seconds"))
    fps: float = field(default=15.0, validator=_within(1, 240, "frames/s"))
    frame_processor: FrameProcessor | None = field(
        default=None, validator=_callable_or_none, repr=False
    )


@frozen
class UrlSource:
    """A stream that FFmpeg can open: ``rtsp://``, ``rtmp://``, ``http://`` or ``https://``.

    Attributes:
        url: the address; credentials in it are masked wherever it is shown.
        frame_processor: called with each BGR frame before it is sent.
    """

    url: str = field(repr=False)
    frame_processor: FrameProcessor | None = field(
        default=None, validator=_callable_or_none, repr=False
    )

    @url.validator
    def _known_scheme(self, attribute: Any, value: Any) -> None:
        schemes = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "http://", "https://")
        if not isinstance(value, str) or not value.lower().startswith(schemes):
            msg = "UrlSource.url must start with one of " + ", ".join(schemes)
            raise ConfigurationError(msg, details={"field": "url"})


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

    width: int = field(default=640, validator=_within(160, MAX_SIDE, "pixels"))
    height: int = field(default=480, validator=_within(120, MAX_SIDE, "pixels"))
    fps: float = field(default=15.0, validator=_within(1, 240, "frames/s"))
    seed: int = field(default=0, validator=v.instance_of(int))
    duration_seconds: float | None = field(default=None, validator=_within(0.05, 86400, "seconds"))
    frame_processor: FrameProcessor | None = field(
        default=None, validator=_callable_or_none, repr=False
    )


StreamSource: TypeAlias = (
    CameraSource | VideoFileSource | ImageFolderSource | UrlSource | SyntheticSource
)
"""Any source that a stream can be started from."""
