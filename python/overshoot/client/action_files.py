"""Detected actions to files for other programs, and back from them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from overshoot import bootstrap
from overshoot.application import exporting
from overshoot.application.exporting import CAPTION_SECONDS, MakeFormats

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

EXPORT_FORMATS: Final = ("json", "jsonl", "csv", "parquet", "vtt", "srt")
"""What `export` writes."""

IMPORT_FORMATS: Final = ("json", "jsonl", "csv", "parquet")
"""What `import_actions` reads; captions do not hold all of an action."""

_ADAPTERS: Final[MakeFormats] = {"parquet": bootstrap.parquet_format}


def export(
    actions: Iterable[DetectedAction],
    path: str | os.PathLike[str],
    format: str,
    *,
    caption_seconds: float = CAPTION_SECONDS,
) -> None:
    """Write a file of actions whole or, on an error, leave what was there.

    * ``"json"``: an array of objects, whose keys are the fields. ``"jsonl"``: one on each line.
    * ``"csv"``: a header and a line each; ``metadata`` is JSON. Names that a spreadsheet would take
      for a formula begin with an apostrophe.
    * ``"parquet"``: a table; ``metadata`` is JSON. Needs the extra ``parquet``.
    * ``"vtt"`` (WebVTT), ``"srt"`` (SubRip): captions by time, such as ``waving hand (92 %)``.

    Args:
        actions: a list; or anything else that gives actions, of which a bounded number is held at a
            time. Captions put a list in order, anything else must be in order.
        path: the file.
        format: one of `EXPORT_FORMATS`.
        caption_seconds: how long captions show an action without a duration, 0.001 to 3600 s.

    Raises:
        ConfigurationError: an unknown format, or one whose extra is missing; a path that is none;
            the metadata of an action is not JSON, the message names it.
        StoreError: the file cannot be written.
    """
    exporting.export(actions, path, format, caption_seconds=caption_seconds, more=_ADAPTERS)


def import_actions(path: str | os.PathLike[str], format: str | None = None) -> list[DetectedAction]:
    """The actions of a file, all of them or, on an error, none.

    Args:
        path: the file. Objects and tables may leave out ``duration`` and ``metadata``, and have the
            fields in any order, but no others. CSV is in UTF-8 and separated by commas.
        format: one of `IMPORT_FORMATS`; by default what the name ends with: ``.json``, ``.jsonl``,
            ``.ndjson``, ``.csv``, ``.parquet``.

    Raises:
        ConfigurationError: an unknown format, or one whose extra is missing; a path that is none.
        StoreError: the file cannot be read, or something in it is wrong; the message names the
            file, the line or record, the field and its value.
    """
    return exporting.import_actions(path, format, more=_ADAPTERS)
