"""Files of actions: whole or not at all, in a format that is known, at a path that is one."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overshoot import ConfigurationError
from overshoot.application.exporting import export, import_actions
from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError
from overshoot.testing.contracts.action_format import WAVE

FORMATS = ("json", "jsonl", "csv", "vtt", "srt")


@pytest.mark.parametrize("format", FORMATS)
def test_metadata_that_is_not_json_or_what_is_no_action_leaves_the_old_file(
    tmp_path: Path, format: str
) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    bad: Any = [WAVE, {"action": "waving"}]
    with pytest.raises(ConfigurationError, match=r"must be a DetectedAction, got \{'action'"):
        export(bad, path, format)
    if format not in {"vtt", "srt"}:
        with pytest.raises(ConfigurationError, match="'nodding' at 7"):
            export([WAVE, DetectedAction("nodding", 7, 0, 1, None, {"x": {1}})], path, format)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [LookupError, KeyboardInterrupt, StoreError])
def test_what_the_actions_raise_goes_through_and_leaves_the_old_file(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    def failing() -> Iterator[DetectedAction]:
        yield from [WAVE] * 10_000
        raise failure("no more")

    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(failure, match="no more"):
        export(failing(), path, "jsonl")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", ["xml", "", "JSON", None, ["json"], "parquet"])
def test_an_unknown_format_is_named(tmp_path: Path, format: Any) -> None:
    with pytest.raises(ConfigurationError, match="json, jsonl, csv, vtt, srt, got") as caught:
        export([WAVE], tmp_path / "a", format)
    assert caught.value.details["field"] == "format"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", "a\0b", None, 3, b"bytes"])
def test_a_path_that_is_none_is_named(path: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        export([WAVE], path, "json")
    assert caught.value.details["field"] == "path"
    with pytest.raises(ConfigurationError) as caught:
        import_actions(path, "json")
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


@pytest.mark.parametrize("format", FORMATS)
def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match="cannot write"):
            export([WAVE] * 10_000, path, format)
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
    assert import_actions(tmp_path / "real.json") == [WAVE]


def test_the_path_may_be_a_string_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export([WAVE], "results.json", "json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]
    assert import_actions("results.json") == [WAVE]


@pytest.mark.parametrize(
    ("format", "name"),
    [("json", "a.json"), ("jsonl", "a.jsonl"), ("jsonl", "a.b.ndjson"), ("csv", "A.CSV")],
)
def test_the_format_is_what_the_name_ends_with(tmp_path: Path, format: str, name: str) -> None:
    export([WAVE], tmp_path / name, format)
    assert import_actions(tmp_path / name) == [WAVE]


def test_the_format_that_is_given_wins(tmp_path: Path) -> None:
    export([WAVE], tmp_path / "a.csv", "json")
    assert import_actions(tmp_path / "a.csv", "json") == [WAVE]


@pytest.mark.parametrize("name", ["a", "a.vtt", "a.txt", ".json"])
def test_a_name_that_does_not_say_the_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[]")
    with pytest.raises(ConfigurationError, match=r"\.json, \.jsonl, \.csv; give") as caught:
        import_actions(tmp_path / name)
    assert caught.value.details["field"] == "format"
    assert import_actions(tmp_path / name, "json") == []


@pytest.mark.parametrize("format", ["vtt", "xml", 3])
def test_a_format_that_is_not_read_is_named(tmp_path: Path, format: Any) -> None:
    with pytest.raises(ConfigurationError, match="json, jsonl, csv, got"):
        import_actions(tmp_path / "a", format)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot import .*nowhere\.json: No such file"):
        import_actions(tmp_path / "nowhere.json")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(StoreError, match=r"cannot import .*folder\.csv: Is a directory"):
        import_actions(tmp_path / "folder.csv")


def test_what_is_wrong_in_a_file_comes_with_its_name_and_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"action": "a", "timestamp": 1, "frame_number": 0, "confidence": 1.5}\n')
    with pytest.raises(StoreError) as caught:
        import_actions(path)
    assert caught.value.message == (
        f"cannot import {path}: line 1: DetectedAction.confidence must be a number from 0 to 1,"
        f" got 1.5"
    )
