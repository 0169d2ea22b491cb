"""JSON and JSON Lines: what we write, and what we do not take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from overshoot.application.exporting.json_format import JsonArray, JsonLines
from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError
from overshoot.testing.contracts.action_format import WAVE, ActionFormatContract, read, written

PLAIN: dict[str, Any] = {"action": "waving", "timestamp": 1.5, "frame_number": 45, "confidence": 1}
PLAIN_ACTION = DetectedAction("waving", 1.5, 45, 1.0)
WAVE_OBJECT = {
    "action": "waving",
    "timestamp": 1.5,
    "frame_number": 45,
    "confidence": 0.92,
    "duration": None,
    "metadata": {"who": "Jürgen"},
}


class TestJsonArray(ActionFormatContract):
    format = JsonArray()


class TestJsonLines(ActionFormatContract):
    format = JsonLines()


def one(**values: Any) -> str:
    return json.dumps({**PLAIN, **values})


def test_the_shape_of_the_array() -> None:
    assert json.loads(written(JsonArray(), [WAVE, WAVE])) == [WAVE_OBJECT, WAVE_OBJECT]
    assert json.loads(written(JsonArray(), [])) == []


def test_the_shape_of_the_lines() -> None:
    text = written(JsonLines(), [WAVE, WAVE]).decode()
    assert [json.loads(line) for line in text.splitlines()] == [WAVE_OBJECT, WAVE_OBJECT]
    assert text.endswith("}\n")
    assert written(JsonLines(), []) == b""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \t\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_ends_of_lines_blank_lines_and_a_byte_order_mark_do_not_matter(
    end: str, mark: bytes
) -> None:
    lines = end.join([one(), one(), ""]).encode()
    array = f"{end}[{end}{one()}{end},{one()}]{end}".encode()
    assert read(JsonLines(), mark + lines) == [PLAIN_ACTION] * 2
    assert read(JsonArray(), mark + array) == [PLAIN_ACTION] * 2


WRONG_RECORDS: dict[str, tuple[str, str]] = {
    "no object": ("[1]", r"must be an object with the fields of an action, got \[1\]"),
    "missing": ('{"action": "a"}', "missing: timestamp, frame_number, confidence$"),
    "unknown": (one(score=1), "unknown: score$"),
    "twice": ('{"action": "a", "action": "b"}', "the key 'action' is given twice"),
    "NaN": (one(confidence=float("nan")), "NaN is no JSON number"),
    "infinite": (one(timestamp=float("inf")), "Infinity is no JSON number"),
    "too large": (one().replace("1.5", "1e999"), "1e999 is larger than any float"),
    "negative": (one(timestamp=-1), "timestamp must be a number from 0 .*, got -1"),
    "text": (one(timestamp="1.5"), "timestamp must be a number from 0 .*, got '1.5'"),
    "bool": (one(confidence=True), "confidence must be a number from 0 to 1, got True"),
    "fraction": (one(frame_number=1.0), "frame_number must be a whole number .*, got 1.0"),
    "name": (one(action=" "), "action must be a non-empty string .*, got ' '"),
    "surrogate": (one(metadata={"a": "\ud800"}), r"metadata\['a'\] has half a surrogate pair"),
    "no metadata": (one(metadata=None), "metadata must be a dict with string keys, got None"),
    "broken": ('{"action": waving}', r"is not JSON: Expecting value: line \d column"),
    "deep": ("[" * 100_000, "is not JSON: it is nested too deeply"),
}


@pytest.mark.parametrize(("record", "message"), WRONG_RECORDS.values(), ids=WRONG_RECORDS)
def test_what_is_wrong_is_named_with_its_place(record: str, message: str) -> None:
    with pytest.raises(StoreError, match=f"^line 3:? .*{message}|^line 3: {message}"):
        read(JsonLines(), f"{one()}\n\n{record}\n{one()}\n".encode())
    with pytest.raises(StoreError, match=f"^record 2:? .*{message}|^record 2: {message}"):
        read(JsonArray(), f"[{one()},\n{record},\n{one()}]".encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold a JSON array .*, and begins with ''"),
        (one(), 'must hold a JSON array .*, and begins with \'{"action"'),
        ("[", "record 1 is not JSON"),
        (f"[{one()}", "line 1: the array must end with ] after record 1"),
        (f"[{one()},]", "record 2 is not JSON"),
        (f"[{one()}\n{one()}]", "line 2: the array must end with ] after record 1"),
        (f"[{one()}]\n[]", "the array must end with ] after record 1, and nothing more"),
        ("[]x", "the array must end with ] after record 0, and nothing more"),
    ],
)
def test_what_is_no_array_is_refused(text: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read(JsonArray(), text.encode())


@pytest.mark.parametrize("format", [JsonArray(), JsonLines()])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_line_that_is_not_utf_8_is_named(format: JsonArray | JsonLines, encoding: str) -> None:
    line = 1 if encoding == "utf-16" else 3
    text = "\n\n" + one(action="Jürgen winkt").replace("\\u00fc", "ü")
    with pytest.raises(StoreError, match=f"^line {line} is not UTF-8"):
        read(format, text.encode(encoding))
