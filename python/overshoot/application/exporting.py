"""Actions as files for other programs: JSON, and CSV that a spreadsheet cannot be tricked with."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

from overshoot.domain.action import DetectedAction
from overshoot.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    Text = Callable[[Iterable[DetectedAction]], Iterator[str]]

COLUMNS: Final = tuple(each.name for each in fields(DetectedAction))

# What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def export(actions: Iterable[DetectedAction], path: str | os.PathLike[str], format: str) -> None:
    """Write a file whole, or leave what was there.

    Raises:
        ConfigurationError: an unknown format, a path that is none, metadata that is not JSON.
        StoreError: the file cannot be written.
    """
    text = _FORMATS.get(format) if isinstance(format, str) else None
    if text is None:
        message = f"format must be one of {', '.join(_FORMATS)}, got {format!r}"
        raise ConfigurationError(message, details={"field": "format"})
    _write(_checked(path), text(actions))


def json_text(actions: Iterable[DetectedAction]) -> Iterator[str]:
    """A JSON array with an object for each action, whose keys are the fields; in pieces."""
    before = "[\n"
    for action in actions:
        values = {name: getattr(action, name) for name in COLUMNS}
        yield before + "  " + _json(action, values)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def csv_text(actions: Iterable[DetectedAction]) -> Iterator[str]:
    """A header and a line for each action (RFC 4180), in pieces.

    Floats read back as they were; ``metadata`` is JSON. A text that a spreadsheet would take for a
    formula has an apostrophe put before it, also where it has some already, so that taking one away
    always gives the text back.
    """
    yield _line(COLUMNS)
    for action in actions:
        yield _line(
            (
                _harmless(action.action),
                repr(action.timestamp),
                action.frame_number,
                repr(action.confidence),
                "" if action.duration is None else repr(action.duration),
                _json(action, action.metadata),
            )
        )


_FORMATS: Final[dict[str, Text]] = {"json": json_text, "csv": csv_text}


def _json(action: DetectedAction, value: object) -> str:
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as cause:
        message = (
            f"the metadata of {action.action!r} at {action.timestamp!r} s cannot be written as"
            f" JSON: {cause}"
        )
        raise ConfigurationError(message, details={"field": "metadata"}) from cause
    return text


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def _line(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _checked(path: str | os.PathLike[str]) -> Path:
    text: object = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        message = f"path must be a non-empty string or Path without NUL, got {path!r}"
        raise ConfigurationError(message, details={"field": "path"})
    return Path(text)


def _write(path: Path, pieces: Iterable[str]) -> None:
    """Through a file beside it that takes its name in the end, so that no half of one is seen."""
    try:
        # A link stays a link; the file it names is replaced.
        target = Path(os.path.realpath(path))
        mode = _mode(target)
        draft = target.parent / f".overshoot-{secrets.token_hex(8)}.tmp"
        try:
            _fill(draft, pieces, mode)
            draft.replace(target)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
    except (OSError, UnicodeError) as cause:
        why = getattr(cause, "strerror", None) or cause
        message = f"cannot write {path}: {why}; nothing that was there has changed"
        raise StoreError(message) from cause


def _mode(target: Path) -> int | None:
    """The permissions of the file that will be replaced; None where there is none."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is there and is no regular file")
    return stat.S_IMODE(status.st_mode)


def _fill(draft: Path, pieces: Iterable[str], mode: int | None) -> None:
    # Opened anew and with the caller's umask, where tempfile would leave a file for him alone.
    with draft.open("x", encoding="utf-8", newline="") as file:
        if mode is not None:
            draft.chmod(mode)
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
