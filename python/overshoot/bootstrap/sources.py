"""Which adapter reads which source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from overshoot.domain.pushed import AsyncFramesSource, FrameSource, PushSource
from overshoot.domain.source import (
    CameraSource,
    FileSource,
    ImageFolderSource,
    StreamSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.ports.source import Source


def _camera(spec: CameraSource) -> Source:
    from overshoot.adapters.sources.opencv_camera import OpenCvCamera

    return OpenCvCamera(spec)


def _file(spec: VideoFileSource) -> Source:
    from overshoot.adapters.sources.opencv_file import OpenCvFile

    return OpenCvFile(spec)


def _folder(spec: ImageFolderSource) -> Source:
    from overshoot.adapters.sources.image_folder import ImageFolder

    return ImageFolder(spec)


def _url(spec: UrlSource) -> Source:
    from overshoot.adapters.sources.url import OpenCvUrl

    return OpenCvUrl(spec)


def _synthetic(spec: SyntheticSource) -> Source:
    from overshoot.adapters.sources.synthetic import SyntheticScene

    return SyntheticScene(spec)


def _pushed(spec: PushSource) -> Source:
    from overshoot.adapters.sources.pushed_frames import PushedFrames

    return PushedFrames(spec)


def _async_frames(spec: AsyncFramesSource) -> Source:
    import asyncio

    from overshoot.adapters.sources.async_frames import AsyncFrames

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError as error:
        message = "an AsyncFramesSource can only be opened while an event loop runs"
        raise ConfigurationError(message, details={"field": "source"}) from error
    return AsyncFrames(spec, loop)


_SOURCES: dict[type[Any], Callable[[Any], Source]] = {
    CameraSource: _camera,
    VideoFileSource: _file,
    FileSource: _file,
    ImageFolderSource: _folder,
    UrlSource: _url,
    SyntheticSource: _synthetic,
    PushSource: _pushed,
    FrameSource: _pushed,
    AsyncFramesSource: _async_frames,
}


def open_source(spec: StreamSource) -> Source:
    """The adapter for a source; it is not opened yet."""
    make = _SOURCES.get(type(spec))
    if make is None:
        known = ", ".join(kind.__name__ for kind in _SOURCES)
        message = f"source must be one of {known}, got {type(spec).__name__}"
        raise ConfigurationError(message, details={"field": "source"})
    return make(spec)
