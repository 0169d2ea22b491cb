"""Actions as CSV (RFC 4180) that a spreadsheet cannot be tricked with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from overshoot.application.exporting.text_file import lines, write_text
from overshoot.domain.action_record import (
    COLUMNS,
    action_of,
    check_columns,
    json_of,
    metadata_of,
    record_of,
)
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - meant
"""What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"); some take those of
full width, too."""

_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Twenty digits are more than any frame number has, and fewer than Python refuses to read.
_WHOLE_NUMBER: Final = re.compile(r"\d{1,20}", re.ASCII)


class Csv:
    """A header and a line for each action.

    Floats read back as they were; ``metadata`` is JSON. A name that a spreadsheet would take for a
    formula has an apostrophe put before it, also where it has some already, so that taking one away
    always gives the name back. Nor can one begin in the middle, where a spreadsheet separates by
    semicolons: names that have one are quoted, and metadata has none.

    A cell that is read has as many characters as ``csv.field_size_limit()`` says at most: 131,072,
    unless the program changes it.
    """

    def write(self, actions: Iterable[DetectedAction], file: BinaryIO) -> None:
        """Write them all."""
        write_text(_text(actions), file)

    def read(self, file: BinaryIO) -> Iterator[DetectedAction]:
        """The actions of a table with commas, whose columns may be in any order."""
        rows = _rows(file)
        line, header = next(rows, (1, list[str]()))
        _check_header(header, f"line {line}")
        for line, row in rows:
            place = f"line {line}"
            if len(row) != len(header):
                message = f"{place} has {len(row)} cells, the header has {len(header)}"
                raise StoreError(message)
            cells = zip(header, row, strict=True)
            values = {name: _READ[name](cell, f"{place}: {name}") for name, cell in cells}
            yield action_of(values, place)


def _text(actions: Iterable[DetectedAction]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for action in actions:
        record = record_of(action)
        record["action"] = _harmless(action.action)
        # In JSON a semicolon stands in strings only, where it may be written this way.
        record["metadata"] = json_of(action, action.metadata).replace(";", r"\u003b")
        line = io.StringIO()
        apart = _SEPARATORS.keys() & set(action.action)
        writer = csv.writer(line, quoting=csv.QUOTE_NONNUMERIC if apart else csv.QUOTE_MINIMAL)
        writer.writerow(_no_minus(record.values()))
        yield line.getvalue()


def _no_minus(values: Iterable[Any]) -> Iterator[Any]:
    # -0.0 is a number from 0, too, and would be the only one to begin like a formula.
    return (value + 0.0 if isinstance(value, float) else value for value in values)


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def _rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the line on which it begins."""
    reader = csv.reader(lines(file), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as cause:
            why = str(cause)
            if "field limit" in why:
                why += ", which csv.field_size_limit(…) of Python raises"
            message = f"line {line} is not CSV: {why}"
            raise StoreError(message) from cause
        if row is None:
            return
        if row:
            yield line, row


def _check_header(header: Sequence[str], place: str) -> None:
    for separator, name in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            message = (
                f"{place}: the columns are separated by {name} ({separator!r}), not by commas; save"
                f" the file with commas"
            )
            raise StoreError(message)
    check_columns(header, f"{place}, the header,")


def _name(cell: str, place: str) -> str:
    return cell[1:] if cell.startswith("'") and _harmless(cell) != cell else cell


def _number(cell: str, place: str) -> float:
    if not _NUMBER.fullmatch(cell):
        message = f"{place} must be a number such as 1.5, got {cell!r:.80}"
        raise StoreError(message)
    return float(cell)


def _whole_number(cell: str, place: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(cell):
        message = f"{place} must be a whole number, got {cell!r:.80}"
        raise StoreError(message)
    return int(cell)


def _number_or_none(cell: str, place: str) -> float | None:
    return _number(cell, place) if cell else None


_READ: Final[dict[str, Callable[[str, str], Any]]] = {
    "action": _name,
    "timestamp": _number,
    "frame_number": _whole_number,
    "confidence": _number,
    "duration": _number_or_none,
    "metadata": metadata_of,
}
