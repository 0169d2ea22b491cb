"""Lists of actions to files and back: which format, which path, and what went wrong where."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias, cast

from overshoot.application.exporting.atomic_file import replace_file
from overshoot.application.exporting.captions import CAPTION_SECONDS, SubRip, WebVtt
from overshoot.application.exporting.csv_format import Csv
from overshoot.application.exporting.json_format import JsonArray, JsonLines
from overshoot.domain.action import DetectedAction
from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from overshoot.ports.action_format import ActionFormat, ActionWriter

MakeFormats: TypeAlias = "Mapping[str, Callable[[], ActionFormat]]"
"""Formats by name, made when they are wanted."""

_OWN: Final[MakeFormats] = MappingProxyType({"json": JsonArray, "jsonl": JsonLines, "csv": Csv})
_CAPTIONS: Final[Mapping[str, Callable[[float], ActionWriter]]] = MappingProxyType(
    {"vtt": WebVtt, "srt": SubRip}
)
_NO_MORE: Final[MakeFormats] = MappingProxyType({})
_NDJSON: Final = "ndjson"


def export(
    actions: Iterable[DetectedAction],
    path: str | os.PathLike[str],
    format: str,
    *,
    caption_seconds: float = CAPTION_SECONDS,
    more: MakeFormats = _NO_MORE,
) -> None:
    """Write a file whole, or leave what was there.

    Args:
        actions: a list or tuple, which captions put in order; or anything else that gives them,
            from which a bounded number is held at a time, and which must be in order for captions.
        path: the file.
        format: ``"json"``, ``"jsonl"``, ``"csv"``, ``"vtt"``, ``"srt"``, or one of ``more``.
        caption_seconds: how long captions show an action without a duration, 0.001 to 3600 s.
        more: formats of adapters.

    Raises:
        ConfigurationError: an unknown format, a path that is none, what is no action, metadata that
            is not JSON.
        StoreError: the file cannot be written.
    """
    write = _writing(actions, format, caption_seconds, more)
    replace_file(_checked(path), write)


def export_text(actions: Sequence[DetectedAction], format: str) -> bytes:
    """What `export` writes into a file, for formats that are text; for lists that are not long."""
    file = BytesIO()
    _writing(actions, format, CAPTION_SECONDS, _NO_MORE)(file)
    return file.getvalue()


def _writing(
    actions: Iterable[DetectedAction], format: str, caption_seconds: float, more: MakeFormats
) -> Callable[[BinaryIO], None]:
    writers: dict[str, Callable[[], ActionWriter]] = {
        **_OWN,
        **more,
        **{name: partial(make, caption_seconds) for name, make in _CAPTIONS.items()},
    }
    writer: ActionWriter = _picked(writers, format)
    given: Iterable[DetectedAction] = map(_an_action, actions)
    if format in _CAPTIONS and isinstance(actions, Sequence):
        given = sorted(given, key=lambda action: action.timestamp)
    return partial(writer.write, given)


def import_actions(
    path: str | os.PathLike[str], format: str | None = None, *, more: MakeFormats = _NO_MORE
) -> list[DetectedAction]:
    """The actions of a file, all of them or none.

    Args:
        path: the file.
        format: ``"json"``, ``"jsonl"``, ``"csv"``, or one of ``more``; by default what the name
            ends with (``.ndjson`` is JSON Lines, too).
        more: formats of adapters.

    Raises:
        ConfigurationError: an unknown format, a path that is none.
        StoreError: the file cannot be read, or something in it is wrong; the message names the
            file, the line or record, the field and its value.
    """
    place = _checked(path)
    formats = {**_OWN, **more}
    reader = _picked(formats, _by_suffix(place, formats) if format is None else format)
    try:
        with place.open("rb") as file:
            return list(reader.read(file))
    except StoreError as error:
        message = f"cannot import {place}: {error.message}"
        raise StoreError(message) from error
    except OSError as cause:
        message = f"cannot import {place}: {cause.strerror or cause}"
        raise StoreError(message) from cause


def _by_suffix(path: Path, formats: Iterable[str]) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    name = "jsonl" if suffix == _NDJSON else suffix
    if name in formats:
        return name
    message = f"{path} does not end in {_listed(formats, '.')}; give its format"
    raise ConfigurationError(message, details={"field": "format"})


def _picked(formats: Mapping[str, Callable[[], Any]], name: object) -> Any:
    make = formats.get(name) if isinstance(name, str) else None
    if make is None:
        message = f"format must be one of {_listed(formats)}, got {name!r}"
        raise ConfigurationError(message, details={"field": "format"})
    return make()


def _listed(names: Iterable[str], before: str = "") -> str:
    return ", ".join(before + name for name in names)


def _an_action(action: DetectedAction) -> DetectedAction:
    if not isinstance(cast("object", action), DetectedAction):
        message = f"an action must be a DetectedAction, got {action!r:.80}"
        raise ConfigurationError(message, details={"field": "actions"})
    return action


def _checked(path: str | os.PathLike[str]) -> Path:
    text: object = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        message = f"path must be a non-empty string or Path without NUL, got {path!r}"
        raise ConfigurationError(message, details={"field": "path"})
    return Path(text)
