"""A source as people name it on a command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer
from attrs import evolve, frozen

from overshoot.client.source_names import parse_source
from overshoot.domain.masking import masked_address
from overshoot.domain.pushed import AsyncFramesSource, PushSource
from overshoot.domain.source import (
    CameraSource,
    ImageFolderSource,
    StreamSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.settings import Settings

SOURCE_HELP: Final = (
    "What to watch: 'synthetic' (a drawn scene, needs nothing), a camera number such as 0 or its "
    "device such as /dev/video0, a video file, a folder of pictures (one second each), or an "
    "rtsp://, rtmp:// or http(s):// address."
)
VIDEO_ENDINGS: Final = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv"}
)
PICTURE_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

SourceArgument: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="SOURCE", help=SOURCE_HELP, show_default=False)
]


@frozen
class Named:
    """A source, and what its user called it.

    Attributes:
        source: the source.
        name: as it was given, without passwords.
    """

    source: StreamSource
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a video file, which has an end and can be read faster than it plays."""
        return isinstance(self.source, VideoFileSource)

    @property
    def label(self) -> str:
        """Its short name."""
        return Path(self.name).name if self.is_file else self.name

    def limit(self, seconds: float | None) -> float | None:
        """After how long it is to be stopped; a drawn scene ends by itself, and is heard out."""
        return None if isinstance(self.source, SyntheticSource) else seconds

    @property
    def endless(self) -> bool:
        """Whether nothing but its user ends it."""
        match self.source:
            case CameraSource() | UrlSource():
                return True
            case SyntheticSource():
                return self.source.duration_seconds is None
            case _:
                return False


def one_source(given: str | None, settings: Settings, *, seconds: float | None) -> Named:
    """The source that was named, or else the one of the settings.

    `ConfigurationError` where there is neither, and for a folder that holds videos alone.
    """
    text = given if given is not None else settings.source
    if not text:
        message = (
            "no source is named: give one, or set OVERSHOOT_SOURCE or source in overshoot.toml;"
            " 'synthetic' needs nothing"
        )
        raise ConfigurationError(message, details={"field": "source"})
    videos = _videos_alone(text)
    if videos:
        message = (
            f"{text} holds {len(videos)} videos: name one of them, or use overshoot analyze or"
            " detect, which take them all"
        )
        raise ConfigurationError(message, details={"field": "source"})
    return Named(parse_source(text, seconds=seconds), masked_address(text))


def all_sources(
    given: list[str] | None, settings: Settings, *, seconds: float | None
) -> list[Named]:
    """Each source that was named; of a folder that holds videos and no pictures, each video.

    Files are to be read as fast as they are answered. `ConfigurationError` as for `one_source`.
    """
    named: list[Named] = []
    for text in given if given else (settings.source,):
        videos = _videos_alone(text or "")
        if videos:
            named += [Named(VideoFileSource(path, real_time=False), str(path)) for path in videos]
            continue
        one = one_source(text, settings, seconds=seconds)
        if isinstance(one.source, VideoFileSource):
            one = evolve(one, source=evolve(one.source, real_time=False))
        named.append(one)
    return named


def _videos_alone(text: str) -> list[Path]:
    """The videos of a folder in which there are no pictures; none of anything else."""
    path = Path(text)
    if not text or "://" in text or not path.is_dir():
        return []
    try:
        files = sorted(each for each in path.iterdir() if each.is_file())
    except OSError:
        return []  # Whoever opens it says what is wrong.
    if any(each.suffix.lower() in PICTURE_ENDINGS for each in files):
        return []
    return [each for each in files if each.suffix.lower() in VIDEO_ENDINGS]


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
