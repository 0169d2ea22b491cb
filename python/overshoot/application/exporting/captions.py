"""Actions as captions, so that a player shows them over the video."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from attrs import field, frozen

from overshoot.application.exporting.text_file import write_text
from overshoot.domain.validation import a_number
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

CAPTION_SECONDS: Final = 1.0
"""How long an action is shown whose duration is not known."""

_MARKUP: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# SubRip cannot escape what players take for markup or times. "<b>", "\N" and "-->" are none once a
# word joiner, which has no width, stands inside; what is in braces FFmpeg hides in any case.
_SUBRIP_MARKUP: Final = re.compile(r"(?<=[<\\])|(?<=--)(?=>)")
_WORD_JOINER: Final = "\u2060"
_BRACES: Final = str.maketrans("{}", "()")


@frozen
class _Captions:
    """Captions by time; overlapping actions are captions of their own.

    Args:
        caption_seconds: how long an action is shown that has no duration, or none above 0;
            0.001 to 3600 s.
    """

    caption_seconds: float = field(default=CAPTION_SECONDS, validator=a_number(0.001, 3600, "s"))

    def _cues(self, actions: Iterable[DetectedAction]) -> Iterator[tuple[int, int, str]]:
        """Start and end in milliseconds, the end later than the start, and the text."""
        before = 0.0
        for action in actions:
            if action.timestamp < before:
                message = (
                    f"captions are written by time, but {action.action!r} at"
                    f" {action.timestamp!r} s comes after {before!r} s; give a list, which is"
                    f" put in order"
                )
                raise ConfigurationError(message, details={"field": "actions"})
            before = action.timestamp
            start = round(action.timestamp * 1000)
            end = round((action.timestamp + (action.duration or self.caption_seconds)) * 1000)
            yield start, max(end, start + 1), _text(action)


class WebVtt(_Captions):
    """WebVTT, for the ``<track>`` of a web page (W3C, "WebVTT", section 4)."""

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all."""
        write_text(self._pieces(actions), file)

    def _pieces(self, actions: Iterable[DetectedAction]) -> Iterator[str]:
        yield "WEBVTT\n"
        for number, (start, end, text) in enumerate(self._cues(actions), start=1):
            times = f"{_time(start, '.')} --> {_time(end, '.')}"
            yield f"\n{number}\n{times}\n{text.translate(_MARKUP)}\n"


class SubRip(_Captions):
    """SubRip (``.srt``), which most players open; in UTF-8. Braces become parentheses."""

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all."""
        write_text(self._pieces(actions), file)

    def _pieces(self, actions: Iterable[DetectedAction]) -> Iterator[str]:
        for number, (start, end, text) in enumerate(self._cues(actions), start=1):
            times = f"{_time(start, ',')} --> {_time(end, ',')}"
            shown = _SUBRIP_MARKUP.sub(_WORD_JOINER, text.translate(_BRACES))
            yield f"{number}\n{times}\n{shown}\n\n"


def _text(action: DetectedAction) -> str:
    """``waving hand (92 %)``, on one line."""
    visible = "".join(" " if unicodedata.category(c) == "Cc" else c for c in action.action)
    return " ".join([*visible.split(), f"({action.confidence * 100:.0f} %)"])


def _time(milliseconds: int, mark: str) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{thousandths:03}"
