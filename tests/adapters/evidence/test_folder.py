"""The folder: whole files or none, names of ours alone, no more than it may hold."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from overshoot.adapters.evidence.folder import ABANDONED_SECONDS, EvidenceFolderShelf
from overshoot.domain.action import DetectedAction
from overshoot.domain.evidence import MEBIBYTE, EvidenceConfig
from overshoot.domain.evidence_record import EvidenceRecord
from overshoot.errors import ConfigurationError, StoreError
from overshoot.ports.evidence import EvidencePaths
from overshoot.wire.evidence import decode_record
from support.evidence import record

LARGE = MEBIBYTE * 2 // 5
"""Two fit into the least that a folder may hold, three do not."""


class Hand:
    """Keeps evidence as an action's would be; time passes by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = 1e9

    def shelf(self, session: str = "one", **settings: object) -> EvidenceFolderShelf:
        config = EvidenceConfig(folder=self.root, **settings)  # type: ignore[arg-type]
        return EvidenceFolderShelf(config, session, now=lambda: self.now)

    def keep(self, shelf: EvidenceFolderShelf, number: int, *, size: int = 10) -> EvidencePaths:
        places = shelf.places(number, "waving hand")
        self.now += 10
        shelf.keep(places, filled(size))
        os.utime(places.sidecar, (self.now, self.now))
        return places

    def names(self) -> list[str]:
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(self.root)) for path in found)


def filled(size: int = 10) -> Callable[[EvidencePaths], EvidenceRecord]:
    def fill(drafts: EvidencePaths) -> EvidenceRecord:
        drafts.video.write_bytes(bytes(size))
        if drafts.thumbnail is not None:
            drafts.thumbnail.write_bytes(b"jpeg")
        return record()

    return fill


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    return Hand(tmp_path / "kept")


def test_what_is_kept_is_where_it_was_said_to_be(hand: Hand) -> None:
    shelf = hand.shelf()
    shelf.open()
    places = hand.keep(shelf, 7)
    assert hand.names() == [f"one/000007-waving-hand.{end}" for end in ("jpg", "json", "mp4")]
    assert places.video.read_bytes() == bytes(10)
    assert decode_record(places.sidecar.read_bytes()) == record()
    assert shelf.places(7, "waving hand") == places


def test_without_thumbnails_there_are_none(hand: Hand) -> None:
    places = hand.keep(hand.shelf(thumbnail=False), 1)
    assert places.thumbnail is None
    assert hand.names() == ["one/000001-waving-hand.json", "one/000001-waving-hand.mp4"]


def test_a_session_that_could_be_a_path_is_refused(hand: Hand) -> None:
    with pytest.raises(ConfigurationError):
        hand.shelf("../elsewhere")


def test_what_fails_leaves_nothing(hand: Hand) -> None:
    shelf = hand.shelf()

    def stop_halfway(drafts: EvidencePaths) -> EvidenceRecord:
        drafts.video.write_bytes(b"half")
        raise StoreError("no picture")

    with pytest.raises(StoreError, match="no picture"):
        shelf.keep(shelf.places(1, "wave"), stop_halfway)
    no_json = record(action=DetectedAction("a", 0.0, 0, 1.0, metadata={"x": {1, 2}}))
    with pytest.raises(StoreError, match="not JSON"):
        shelf.keep(shelf.places(1, "wave"), lambda drafts: filled()(drafts) and no_json)
    assert hand.names() == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_is_a_store_error_and_leaves_what_was(
    hand: Hand, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    shelf = hand.shelf()
    hand.keep(shelf, 1)
    before = hand.names()
    calls = 0

    def full(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        replace = Path.replace

        def then_replace(draft: Path, place: Path) -> Path:
            full()
            return replace(draft, place)

        monkeypatch.setattr(Path, "replace", then_replace)
    with pytest.raises(StoreError, match="No space left on device; what was kept before"):
        hand.keep(shelf, 2)
    assert hand.names() == before


def test_a_folder_that_cannot_be_is_a_store_error(hand: Hand) -> None:
    hand.root.write_text("a file")
    shelf = hand.shelf()
    with pytest.raises(StoreError, match="cannot be kept in"):
        shelf.open()
    with pytest.raises(StoreError, match="cannot be kept in"):
        hand.keep(shelf, 1)
    hand.root.unlink()
    hand.keep(shelf, 1)
    assert len(hand.names()) == 3


def test_the_oldest_makes_room_in_whatever_session_it_is(hand: Hand) -> None:
    first, second = hand.shelf("one", max_bytes=MEBIBYTE), hand.shelf("two", max_bytes=MEBIBYTE)
    oldest = hand.keep(first, 1, size=LARGE)
    hand.keep(second, 1, size=LARGE)
    hand.keep(second, 2, size=LARGE)
    assert not oldest.sidecar.parent.exists()
    kept = {name.split(".")[0] for name in hand.names()}
    assert kept == {"two/000001-waving-hand", "two/000002-waving-hand"}


def test_room_that_cannot_be_made_is_told_and_the_new_evidence_stays(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = hand.shelf(max_bytes=MEBIBYTE)
    hand.keep(shelf, 1, size=2 * MEBIBYTE)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.stem == "000001-waving-hand":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreError, match=r"grows beyond its limits.*Permission denied"):
        hand.keep(shelf, 2)
    assert len(hand.names()) == 6


def test_the_newest_stays_however_large_it_is(hand: Hand) -> None:
    shelf = hand.shelf(max_bytes=MEBIBYTE)
    hand.keep(shelf, 1)
    hand.keep(shelf, 2, size=2 * MEBIBYTE)
    assert {Path(name).stem for name in hand.names()} == {"000002-waving-hand"}


def test_what_is_too_old_goes(hand: Hand) -> None:
    shelf = hand.shelf(max_age_seconds=25)
    for number in (1, 2, 3, 4):
        hand.keep(shelf, number)
    assert {Path(name).stem[:6] for name in hand.names()} == {"000002", "000003", "000004"}


def test_files_of_others_are_neither_counted_nor_removed(hand: Hand, tmp_path: Path) -> None:
    (hand.root / "one").mkdir(parents=True)
    (hand.root / "my clips").mkdir()
    others = [
        hand.root / "notes.json",
        hand.root / "one" / "notes.json",
        hand.root / "my clips" / "000001-waving.json",
    ]
    for path in others:
        path.write_bytes(bytes(2 * MEBIBYTE))
        os.utime(path, (0, 0))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "000001-waving.json").write_bytes(bytes(2 * MEBIBYTE))
    (hand.root / "linked").symlink_to(outside)
    shelf = hand.shelf(max_bytes=MEBIBYTE, max_age_seconds=1000)
    shelf.open()
    hand.keep(shelf, 1)
    hand.keep(shelf, 2)
    assert all(path.exists() for path in [*others, outside / "000001-waving.json"])
    assert len([name for name in hand.names() if "waving-hand" in name]) == 6


def test_what_a_crash_left_goes_once_nobody_can_be_writing_it(hand: Hand) -> None:
    session = hand.root / "crashed"
    session.mkdir(parents=True)
    whole = hand.keep(hand.shelf("crashed"), 1)
    left = [session / ".overshoot-draft-0123.mp4", session / "000002-wave.mp4"]
    for path in left:
        path.write_bytes(b"half")
        os.utime(path, (hand.now, hand.now))
    hand.now += ABANDONED_SECONDS - 1
    hand.shelf("next").open()
    assert all(path.exists() for path in left)
    hand.now += 2
    hand.shelf("next").open()
    assert not any(path.exists() for path in left)
    assert whole.video.exists()
    assert whole.sidecar.exists()
