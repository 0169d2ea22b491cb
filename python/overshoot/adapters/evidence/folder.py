"""`EvidenceShelf` as a folder: what is in it is whole, and no more than it may hold."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from overshoot.domain.evidence_names import (
    DRAFT_PREFIX,
    SIDECAR,
    SUFFIXES,
    THUMBNAIL,
    VIDEO,
    action_stem,
    is_session,
    is_stem,
    session_folder,
)
from overshoot.domain.evidence_retention import KeptFiles, outdated
from overshoot.errors import StoreError
from overshoot.log import get_logger
from overshoot.ports.evidence import EvidencePaths
from overshoot.wire.evidence import encode_record

if TYPE_CHECKING:
    from overshoot.domain.evidence import EvidenceConfig
    from overshoot.domain.evidence_record import EvidenceRecord

_log = get_logger(__name__)

ABANDONED_SECONDS: Final = 600.0
"""Files without a sidecar that are older than this were left by a crash: writing takes seconds.

Younger ones may be another program's, which has the folder in use."""


class EvidenceFolderShelf:
    """One session's part of a folder that others may use at the same time.

    Clip and picture are written under draft names, brought to the disk, and then take their names;
    the sidecar comes last. Names that are none of ours are left alone, links are not followed.

    Args:
        config: which folder, and how much it may hold.
        session_id: letters, digits, ``-`` and ``_``; else `ConfigurationError`.
        now: UNIX time in seconds.
    """

    def __init__(
        self, config: EvidenceConfig, session_id: str, now: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        # FFmpeg would read "a:b" as a protocol; no absolute path looks like one.
        self._root = config.folder.absolute()
        self._session = self._root / session_folder(session_id)
        self._now = now

    def open(self) -> None:
        """Make the folder, and clear what a crash has left."""
        try:
            self._session.mkdir(parents=True, exist_ok=True)
            for folder in self._sessions():
                self._clear_abandoned(folder)
        except OSError as cause:
            raise self._error(cause) from cause

    def places(self, number: int, action: str) -> EvidencePaths:
        """The paths of an action's files."""
        return self._paths(action_stem(number, action))

    def keep(self, places: EvidencePaths, fill: Callable[[EvidencePaths], EvidenceRecord]) -> None:
        """Write, name, and make room."""
        drafts = self._paths(DRAFT_PREFIX + secrets.token_hex(8))
        try:
            self._session.mkdir(parents=True, exist_ok=True)
            record = fill(drafts)
            drafts.sidecar.write_text(encode_record(record), encoding="utf-8")
            self._settle(drafts, places)
        except OSError as cause:
            raise self._error(cause) from cause
        finally:
            _remove(*_files(drafts))
        try:
            self._make_room()
        except OSError as cause:
            message = f"{self._root} grows beyond its limits: {cause}"
            raise StoreError(message) from cause

    def _paths(self, stem: str) -> EvidencePaths:
        def place(suffix: str) -> Path:
            return self._session / (stem + suffix)

        thumbnail = place(THUMBNAIL) if self._config.thumbnail else None
        return EvidencePaths(place(VIDEO), thumbnail, place(SIDECAR))

    def _settle(self, drafts: EvidencePaths, places: EvidencePaths) -> None:
        pairs = list(zip(_files(drafts), _files(places), strict=True))
        for draft, _ in pairs:
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
        try:
            for draft, place in pairs:
                draft.replace(place)
        except OSError:
            _remove(*(place for _, place in reversed(pairs)))
            raise

    def _make_room(self) -> None:
        config = self._config
        going = outdated(
            self._kept(),
            now=self._now(),
            max_bytes=config.max_bytes,
            max_age_seconds=config.max_age_seconds,
        )
        for files in going:
            stem = self._root / files.name
            for suffix in SUFFIXES:
                stem.with_name(stem.name + suffix).unlink(missing_ok=True)
            if stem.parent != self._session:
                with suppress(OSError):  # It is not empty.
                    stem.parent.rmdir()
        if going:
            _log.info("evidence_made_room", removed=len(going))

    def _kept(self) -> Iterator[KeptFiles]:
        for folder in self._sessions():
            files = _regular_files(folder)
            for name, status in files.items():
                stem = name.removesuffix(SIDECAR)
                if stem != name and is_stem(stem):
                    sizes = (files[stem + end].st_size for end in SUFFIXES if stem + end in files)
                    yield KeptFiles(f"{folder.name}/{stem}", sum(sizes), status.st_mtime)

    def _clear_abandoned(self, folder: Path) -> None:
        files = _regular_files(folder)
        for name, status in files.items():
            stem = Path(name).stem
            ours = stem.startswith(DRAFT_PREFIX) or (
                is_stem(stem) and Path(name).suffix in SUFFIXES and stem + SIDECAR not in files
            )
            if ours and self._now() - status.st_mtime > ABANDONED_SECONDS:
                _remove(folder / name)

    def _sessions(self) -> list[Path]:
        with os.scandir(self._root) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if is_session(entry.name) and entry.is_dir(follow_symlinks=False)
            ]

    def _error(self, cause: OSError) -> StoreError:
        why = cause.strerror or cause
        message = (
            f"evidence cannot be kept in {self._root}: {why}; what was kept before is still there"
        )
        return StoreError(message)


def _files(paths: EvidencePaths) -> list[Path]:
    """In the order in which they take their names."""
    thumbnail = [] if paths.thumbnail is None else [paths.thumbnail]
    return [paths.video, *thumbnail, paths.sidecar]


def _regular_files(folder: Path) -> dict[str, os.stat_result]:
    """Those of a folder, which others may clear or remove meanwhile."""
    found: dict[str, os.stat_result] = {}
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    found[entry.name] = entry.stat(follow_symlinks=False)
    return found


def _remove(*paths: Path) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
