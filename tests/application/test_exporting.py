"""Exports: whole or not at all, readable by others, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot import ConfigurationError
from overshoot.application.exporting import COLUMNS, csv_text, export, json_text
from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError
from support.actions import actions

WAVE = DetectedAction("waving", 1.5, 45, 0.92, None, {"who": "Jürgen"})
anything = st.lists(
    st.builds(
        DetectedAction,
        st.text(min_size=1).filter(str.strip),
        timestamp=st.floats(0, allow_infinity=False),
        frame_number=st.integers(0),
        confidence=st.floats(0, 1),
        duration=st.none() | st.floats(0, allow_infinity=False),
        metadata=st.dictionaries(
            st.text(),
            st.recursive(
                st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
                lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
                max_leaves=4,
            ),
            max_size=3,
        ),
    )
    | actions,
    max_size=6,
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_shape_of_the_json(tmp_path: Path) -> None:
    export([WAVE], tmp_path / "a.json", "json")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == [
        {
            "action": "waving",
            "timestamp": 1.5,
            "frame_number": 45,
            "confidence": 0.92,
            "duration": None,
            "metadata": {"who": "Jürgen"},
        }
    ]


def test_the_shape_of_the_csv(tmp_path: Path) -> None:
    export([WAVE], tmp_path / "a.csv", "csv")
    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "action,timestamp,frame_number,confidence,duration,metadata\r\n"
        'waving,1.5,45,0.92,,"{""who"": ""Jürgen""}"\r\n'
    )


def test_nothing_is_an_empty_list_and_a_header() -> None:
    assert json.loads("".join(json_text([]))) == []
    assert "".join(csv_text([])) == ",".join(COLUMNS) + "\r\n"


@given(kept=anything)
def test_json_reads_back_as_it_was(kept: list[DetectedAction]) -> None:
    text = "".join(json_text(kept))
    assert [DetectedAction(**values) for values in json.loads(text)] == kept


@given(kept=anything)
def test_csv_reads_back_as_it_was(kept: list[DetectedAction]) -> None:
    def text(cell: str) -> str:
        formula = cell.startswith("'") and cell.lstrip("'")[:1] in set("=+-@\t\r")
        return cell[1:] if formula else cell

    read = [
        DetectedAction(
            text(row["action"]),
            float(row["timestamp"]),
            int(row["frame_number"]),
            float(row["confidence"]),
            float(row["duration"]) if row["duration"] else None,
            json.loads(row["metadata"]),
        )
        for row in rows("".join(csv_text(kept)))
    ]
    assert read == kept


@given(kept=anything)
def test_no_cell_of_a_csv_is_a_formula(kept: list[DetectedAction]) -> None:
    for row in rows("".join(csv_text(kept))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_a_formula_gets_an_apostrophe(name: str) -> None:
    (row,) = rows("".join(csv_text([DetectedAction(name, 1, 0, 1)])))
    assert row["action"] == f"'{name}"


@pytest.mark.parametrize("name", ["waving", "'quoted'", "a=b", " =1", "1-2"])
def test_other_names_stay_as_they_are(name: str) -> None:
    (row,) = rows("".join(csv_text([DetectedAction(name, 1, 0, 1)])))
    assert row["action"] == name


def endless() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    return loop


def deep() -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(100_000):
        inner = {"in": inner}
    return inner


@pytest.mark.parametrize("format", ["json", "csv"])
@pytest.mark.parametrize(
    "metadata",
    [{"at": object()}, {"x": float("nan")}, {"x": {1, 2}}, {"x": "\ud800"}, endless(), deep()],
    ids=["object", "nan", "set", "surrogate", "endless", "deep"],
)
def test_metadata_that_is_not_json_names_the_action_and_leaves_the_old_file(
    tmp_path: Path, format: str, metadata: dict[str, Any]
) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    bad = DetectedAction("nodding", 7.25, 0, 1.0, metadata=metadata)
    with pytest.raises(ConfigurationError, match=r"'nodding' at 7\.25 s") as caught:
        export([WAVE, bad], path, format)
    assert caught.value.details["field"] == "metadata"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", ["xml", "", "JSON", None, ["json"]])
def test_an_unknown_format_is_named(tmp_path: Path, format: Any) -> None:
    with pytest.raises(ConfigurationError, match="json, csv") as caught:
        export([WAVE], tmp_path / "a", format)
    assert caught.value.details["field"] == "format"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", "a\0b", None, 3, b"bytes"])
def test_a_path_that_is_none_is_named(path: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        export([WAVE], path, "json")
    assert caught.value.details["field"] == "path"


@pytest.mark.parametrize("where", ["missing/a.json", "folder", "file/a.json", "loop", "n" * 300])
def test_a_place_that_cannot_be_written_to(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match="cannot write") as caught:
        export([WAVE], tmp_path / where, "json")
    assert isinstance(caught.value.__cause__, OSError)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StoreError, match="no regular file"):
        export([WAVE], pipe, "json")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match="cannot write"):
            export([WAVE] * 10_000, path, "json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_permissions_of_any_other_and_an_old_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "plain").write_text("")
    export([WAVE], tmp_path / "new", "json")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    export([WAVE], tmp_path / "new", "csv")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert (tmp_path / "new").read_text().startswith("action,")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    export([WAVE], tmp_path / "link.json", "json")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())


def test_the_path_may_be_a_string_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export([WAVE], "results.json", "json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]
