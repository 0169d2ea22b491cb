"""Actions as JSON: one array, or an object on each line (JSON Lines, also called NDJSON)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from overshoot.application.exporting.text_file import lines, write_text
from overshoot.domain.action_record import action_of, json_of, no_json, read_json, record_of
from overshoot.domain.strict_json import STRICT_JSON
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

_BLANKS: Final = " \t\r\n"
_BLANK: Final = re.compile(f"[{_BLANKS}]*")


class JsonArray:
    """An array with an object for each action, whose keys are the fields."""

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all; a line each, for those who look at it."""
        write_text(_array(actions), file)

    def read(self, file: BinaryIO) -> Iterator[DetectedAction]:
        """The actions of an array."""
        for number, record in enumerate(_elements("".join(lines(file))), start=1):
            yield action_of(record, f"record {number}")


class JsonLines:
    """An object on each line, whose keys are the fields; blank lines are passed over."""

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all."""
        write_text((json_of(each, record_of(each)) + "\n" for each in actions), file)

    def read(self, file: BinaryIO) -> Iterator[DetectedAction]:
        """The actions of the lines."""
        for number, line in enumerate(lines(file), start=1):
            if text := line.strip(_BLANKS):
                place = f"line {number}"
                yield action_of(read_json(text, place), place)


def _array(actions: Iterable[DetectedAction]) -> Iterator[str]:
    before = "[\n"
    for action in actions:
        yield before + "  " + json_of(action, record_of(action))
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _elements(text: str) -> Iterator[Any]:
    """The values of an array, one by one, so that each error can name the record."""
    at = _past_blank(text, 0)
    if text[at : at + 1] != "[":
        message = f"the file must hold a JSON array ([ … ]), and begins with {text[at : at + 20]!r}"
        raise StoreError(message)
    number, at = 0, _past_blank(text, at + 1)
    more = text[at : at + 1] != "]"
    while more:
        number += 1
        try:
            value, at = STRICT_JSON.raw_decode(text, at)
        except (ValueError, RecursionError) as cause:
            raise no_json(cause, f"record {number}") from cause
        yield value
        at = _past_blank(text, at)
        more = text[at : at + 1] == ","
        at = _past_blank(text, at + 1) if more else at
    if text[at : at + 1] != "]" or text[_past_blank(text, at + 1) :]:
        line = text.count("\n", 0, at) + 1
        message = f"line {line}: the array must end with ] after record {number}, and nothing more"
        raise StoreError(message)


def _past_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
