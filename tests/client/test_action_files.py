"""Exports and imports with every format, also those of adapters."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from overshoot import ConfigurationError
from overshoot.client.action_files import EXPORT_FORMATS, IMPORT_FORMATS, export, import_actions
from overshoot.domain.action import DetectedAction
from overshoot.errors import StoreError

ACTIONS = [
    DetectedAction("=waving", 1.5, 45, 0.92, None, {"who": "Jürgen"}),
    DetectedAction("nodding", 0.1 + 0.2, 46, 5e-324, 1e9, {"a": [1, None, {"b": 2.5}]}),
]


@pytest.mark.parametrize("format", EXPORT_FORMATS)
def test_every_format_is_written(tmp_path: Path, format: str) -> None:
    export(ACTIONS, tmp_path / "a", format)
    assert b"waving" in (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("format", IMPORT_FORMATS)
def test_every_format_that_is_read_gives_back_what_was_written(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"a.{format}"
    export(iter(ACTIONS), path, format)
    assert import_actions(path) == ACTIONS
    assert import_actions(str(path.rename(tmp_path / "b")), format) == ACTIONS


@pytest.mark.parametrize("format", ["xml", ""])
def test_the_formats_are_named_where_another_is_wanted(tmp_path: Path, format: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        export(ACTIONS, tmp_path / "a", format)
    assert all(name in caught.value.message for name in EXPORT_FORMATS)
    with pytest.raises(ConfigurationError) as caught:
        import_actions(tmp_path / "a", format)
    assert all(name in caught.value.message for name in IMPORT_FORMATS)


def test_captions_are_shown_as_long_as_is_said(tmp_path: Path) -> None:
    export(ACTIONS[:1], tmp_path / "a", "vtt", caption_seconds=2)
    assert "00:00:01.500 --> 00:00:03.500" in (tmp_path / "a").read_text()


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "overshoot.adapters.formats.parquet", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install 'overshoot-sdk\[parquet\]'"):
        export(ACTIONS, tmp_path / "a", "parquet")
    with pytest.raises(ConfigurationError, match=r"pip install 'overshoot-sdk\[parquet\]'"):
        import_actions(tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_parquet_for_which_the_disk_is_too_small_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("old")
    many = [DetectedAction(f"wave {number}", number, number, 0.5) for number in range(5_000)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreError, match="cannot write"):
            export(many, path, "parquet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_wrong_in_a_parquet_comes_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("PAR1, said somebody")
    with pytest.raises(StoreError, match=r"cannot import .*a\.parquet: it cannot be read as"):
        import_actions(tmp_path / "a.parquet")
