"""A source as people name it on a command line."""

from __future__ import annotations

from pathlib import Path

from overshoot.domain.pushed import AsyncFramesSource, PushSource
from overshoot.domain.source import (
    CameraSource,
    ImageFolderSource,
    StreamSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)

SOURCE_HELP = (
    "What to watch: 'scene' (drawn, needs nothing), a camera number such as 0, a video file, "
    "a folder of pictures (one second each), or an rtsp://, rtmp:// or http(s):// address."
)


def parse_source(text: str, *, seconds: float | None) -> StreamSource:
    """The source that ``text`` names; a drawn scene ends by itself after ``seconds``."""
    if text == "scene":
        return SyntheticSource(duration_seconds=seconds)
    if text.isdecimal():
        return CameraSource(device_index=int(text))
    if "://" in text:
        return UrlSource(text)
    if Path(text).is_dir():
        return ImageFolderSource(text)
    return VideoFileSource(text)


def describe_source(source: StreamSource) -> str:
    """The source in a few words, without credentials."""
    match source:
        case SyntheticSource():
            return f"drawn scene {source.width}x{source.height}, seed {source.seed}"
        case CameraSource():
            return f"camera {source.device_index}"
        case VideoFileSource():
            return f"file {source.file_path.name}"
        case ImageFolderSource():
            return f"pictures of {source.folder_path.name}/"
        case UrlSource():
            return "network stream"
        case PushSource() | AsyncFramesSource():
            return "frames of this program"
