"""The files of kept clips, found by what an action says of them."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from overshoot.domain.evidence_names import SIDECAR, THUMBNAIL, VIDEO, is_session, is_stem

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction


class KeptClips:
    """Clips and pictures in one folder.

    A store may be filled by others, too, and a path that an action brings is only a name here:
    what is opened lies in this folder, under the name of the action's stream, and is no link.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has_clip(self, action: DetectedAction) -> bool:
        """Whether its clip is there."""
        return self._file(action, VIDEO) is not None

    def clip(self, action: DetectedAction) -> Path | None:
        """An MP4 file; None where there is none, not yet, or not any more."""
        return self._file(action, VIDEO)

    def thumbnail(self, action: DetectedAction) -> Path | None:
        """A JPEG file; None as for `clip`."""
        return self._file(action, THUMBNAIL)

    def _file(self, action: DetectedAction, suffix: str) -> Path | None:
        told: object = action.metadata.get("evidence")
        if not isinstance(told, Mapping):
            return None
        sidecar = cast("Mapping[str, object]", told).get("sidecar")
        if not isinstance(sidecar, str) or "\0" in sidecar:
            return None
        session, stem = Path(sidecar).parent.name, Path(sidecar).stem
        if session != action.metadata.get("session_id") or not is_session(session):
            return None
        if not is_stem(stem):
            return None
        place = self._folder / session / stem
        # What has a sidecar is whole.
        whole = all(_is_regular(place.with_name(stem + each)) for each in (SIDECAR, suffix))
        linked = place.parent.is_symlink()
        return place.with_name(stem + suffix) if whole and not linked else None


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
