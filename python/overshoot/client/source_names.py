"""A source as people name it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from overshoot.domain.source import (
    CameraSource,
    ImageFolderSource,
    StreamSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)

SCENES: Final = frozenset({"synthetic", "scene"})


def parse_source(text: str, *, seconds: float | None) -> StreamSource:
    """The source that ``text`` names; a drawn scene ends by itself after ``seconds``."""
    if text in SCENES:
        return SyntheticSource(duration_seconds=seconds)
    if text.isdecimal():
        return CameraSource(device_index=int(text))
    if text.startswith("/dev/"):
        return CameraSource(device_index=text)
    if "://" in text:
        return UrlSource(text)
    if Path(text).is_dir():
        return ImageFolderSource(text)
    return VideoFileSource(text)
