"""CSV: harmless in a spreadsheet, exact for programs, and read as spreadsheets save it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import example, given, settings

from overshoot.application.exporting.csv_format import FORMULA_STARTS, Csv
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_record import COLUMNS
from overshoot.errors import StoreError
from overshoot.testing.contracts.action_format import (
    AWKWARD,
    WAVE,
    ActionFormatContract,
    anything,
    read,
    written,
)

HEADER = "action,timestamp,frame_number,confidence,duration,metadata"
LINE = 'waving,1.5,45,0.5,2,"{""a"": 1}"'
LINE_ACTION = DetectedAction("waving", 1.5, 45, 0.5, 2.0, {"a": 1})


class TestCsv(ActionFormatContract):
    format = Csv()


def rows(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))


def name_in_csv(name: str) -> str:
    return rows(written(Csv(), [DetectedAction(name, 1, 0, 1)]))[1][0]


def test_the_shape() -> None:
    assert written(Csv(), [WAVE]).decode() == (
        "action,timestamp,frame_number,confidence,duration,metadata\r\n"
        'waving,1.5,45,0.92,,"{""who"": ""Jürgen""}"\r\n'
    )
    assert written(Csv(), []).decode() == ",".join(COLUMNS) + "\r\n"


@settings(deadline=None)
@given(kept=anything)
@example(kept=AWKWARD)
@example(kept=[DetectedAction("a", -0.0, 0, -0.0, -0.0)])
def test_no_cell_is_a_formula(kept: list[DetectedAction]) -> None:
    data = written(Csv(), kept)
    assert [len(row) for row in rows(data)] == [len(COLUMNS)] * (len(kept) + 1)
    assert not any(cell.startswith(FORMULA_STARTS) for row in rows(data) for cell in row)


@pytest.mark.parametrize("separator", [";", "\t"])
@settings(deadline=None)
@given(kept=anything)
@example(kept=AWKWARD)
@example(kept=[DetectedAction("a;=1\t=1", 1, 0, 1, metadata={"x": ";=1", ";=2": '";=3', "\t": 1})])
def test_no_cell_is_a_formula_where_something_else_separates(
    separator: str, kept: list[DetectedAction]
) -> None:
    for row in rows(written(Csv(), kept), delimiter=separator):
        assert len(row) == 1
        assert not row[0].startswith(FORMULA_STARTS)


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''=1", "＋1"],  # noqa: RUF001 - meant
)
def test_a_formula_gets_an_apostrophe(name: str) -> None:
    assert name_in_csv(name) == f"'{name}"


@pytest.mark.parametrize("name", ["waving", "'quoted'", "a=b", " =1", "1-2"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert name_in_csv(name) == name


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_excel_saves_is_read(end: str, mark: bytes) -> None:
    data = mark + end.join([HEADER, LINE, "", LINE, ""]).encode()
    assert read(Csv(), data) == [LINE_ACTION] * 2


@pytest.mark.parametrize(
    "text",
    [
        "confidence,action,timestamp,frame_number\n0.5,waving,1.5,45",
        "metadata,confidence,action,timestamp,duration,frame_number\n,0.5,waving,1.5,,45\n",
        "action,timestamp,frame_number,confidence\nwaving,+1.5,45,5e-1\n",
        "action,timestamp,frame_number,confidence\nwaving,1.50,045,.5\n",
    ],
)
def test_the_order_is_free_and_what_has_a_default_may_be_missing(text: str) -> None:
    assert read(Csv(), text.encode()) == [DetectedAction("waving", 1.5, 45, 0.5)]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("\n", "line 3, the header, must have .*; missing: action, timestamp, .*; unknown: waving"),
        ("action,timestamp,frame_number", "missing: confidence$"),
        (HEADER + ",score", "unknown: score$"),
        (HEADER + ",", "unknown: $"),
        (HEADER.replace("timestamp", " timestamp"), "missing: timestamp; unknown:  timestamp$"),
        (HEADER + ",action", "given twice: action$"),
        (HEADER.replace(",", ";"), "line 1: the columns are separated by semicolons .';'., not"),
        ("sep=;\n" + HEADER.replace(",", ";"), "separated by semicolons"),
        (HEADER.replace(",", "\t"), "separated by tabs"),
        (HEADER.replace(",", "|"), "separated by bars"),
    ],
)
def test_a_header_that_does_not_fit_is_named(header: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read(Csv(), f"{header}\n{LINE}\n".encode())


def test_an_empty_file_has_no_header() -> None:
    with pytest.raises(
        StoreError, match=r"line 1, the header, must have .*; missing: action, time"
    ):
        read(Csv(), b"")


CELLS: dict[str, str] = dict(zip(COLUMNS, ("waving", "1.5", "45", "0.5", "2", "{}"), strict=True))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"timestamp": '"1,5"'}, "timestamp must be a number such as 1.5, got '1,5'"),
        ({"timestamp": ""}, "timestamp must be a number such as 1.5, got ''"),
        ({"timestamp": "NaN"}, "timestamp must be a number such as 1.5, got 'NaN'"),
        ({"duration": "inf"}, "duration must be a number such as 1.5, got 'inf'"),
        ({"timestamp": "1_0"}, "timestamp must be a number such as 1.5, got '1_0'"),
        ({"timestamp": "٣"}, "timestamp must be a number such as 1.5, got '٣'"),
        ({"timestamp": "1e999"}, "timestamp must be a number from 0 .*, got inf"),
        ({"timestamp": "-1"}, "timestamp must be a number from 0 .*, got -1.0"),
        ({"confidence": "92"}, "confidence must be a number from 0 to 1, got 92.0"),
        ({"frame_number": "1.23457E+11"}, "frame_number must be a whole number, got '1.23457E"),
        ({"frame_number": "-1"}, "frame_number must be a whole number, got '-1'"),
        ({"frame_number": "9" * 20}, "frame_number must be a whole number .*, got 9999"),
        ({"frame_number": "9" * 5000}, "frame_number must be a whole number, got '9999"),
        ({"action": ""}, "action must be a non-empty string .*, got ''"),
        ({"metadata": "{"}, "metadata is not JSON: Expecting"),
        ({"metadata": "[1]"}, r"metadata must be a dict with string keys, got \[1\]"),
        ({"metadata": '"{""a"": NaN}"'}, "metadata is not JSON: NaN is no JSON number"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(cells: dict[str, Any], message: str) -> None:
    wrong = ",".join({**CELLS, **cells}.values())
    # A name of two lines comes before it, so that lines and rows differ.
    with pytest.raises(StoreError, match=f"^line 4: (DetectedAction.)?{message}"):
        read(Csv(), f'{HEADER}\n"two\nlines",1,0,1,,\n{wrong}\n{LINE}\n'.encode())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("waving,1.5", "^line 2 has 2 cells, the header has 6"),
        (LINE + ",", "^line 2 has 7 cells, the header has 6"),
        ('"waving,1.5\n', "^line 2 is not CSV: unexpected end of data"),
        ('"waving"x,1.5', "^line 2 is not CSV: ',' expected after '\"'"),
    ],
)
def test_a_row_that_does_not_fit_is_named(line: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read(Csv(), f"{HEADER}\n{line}".encode())


def test_a_cell_beyond_the_limit_of_python_says_how_to_raise_it() -> None:
    large = [DetectedAction("a", 1, 0, 1, metadata={"x": "y" * 200_000})]
    data = written(Csv(), large)
    with pytest.raises(StoreError, match=r"^line 2 is not CSV: .*csv\.field_size_limit"):
        read(Csv(), data)
    before = csv.field_size_limit(300_000)
    try:
        assert read(Csv(), data) == large
    finally:
        csv.field_size_limit(before)


def test_a_line_that_is_not_utf_8_is_named() -> None:
    with pytest.raises(StoreError, match=r"^line 3 is not UTF-8; .*CSV UTF-8"):
        read(Csv(), f"{HEADER}\n{LINE}\nJürgen winkt,1,0,1,,\n".encode("cp1252"))
