"""`EvidenceFolder`: what a detector has kept of its actions, to be looked at and asked about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attrs import frozen

from overshoot.domain.evidence_names import SIDECAR, THUMBNAIL, VIDEO, is_session, is_stem
from overshoot.errors import StoreError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction
    from overshoot.domain.evidence_record import EvidenceRecord, Question
    from overshoot.domain.tracking_verdict import TimedVerdict

_MOST_SIDECAR_BYTES = 16 << 20


@frozen
class KeptClip:
    """An action, and what it rests on.

    Attributes:
        sidecar: the JSON file that says all this; clip and picture lie beside it.
        record: what it says.
    """

    sidecar: Path
    record: EvidenceRecord

    @property
    def name(self) -> str:
        """``<session>/<number>-<action>``."""
        return f"{self.sidecar.parent.name}/{self.sidecar.stem}"

    @property
    def video(self) -> Path:
        """The clip, an MP4 file; its 0.0 is ``start``."""
        return self.sidecar.with_suffix(VIDEO)

    @property
    def thumbnail(self) -> Path | None:
        """A JPEG picture of the action, if one was kept."""
        return self.sidecar.with_suffix(THUMBNAIL) if self.record.has_thumbnail else None

    @property
    def start(self) -> float:
        """When the clip begins, seconds on the clock of the stream."""
        return self.record.clip.start

    @property
    def action(self) -> DetectedAction:
        """The action."""
        return self.record.action

    @property
    def verdicts(self) -> tuple[TimedVerdict, ...]:
        """What the model said, on the clock of the stream."""
        return self.record.verdicts

    @property
    def question(self) -> Question:
        """What it was asked."""
        return self.record.question


class EvidenceFolder:
    """The kept clips of a folder, by session and in the order in which they were kept::

        for clip in EvidenceFolder("evidence"):
            print(clip.action.action, clip.action.timestamp, clip.video)

    Files that are none of ours are passed over, and so is evidence whose clip is gone.

    Args:
        path: the ``folder`` of an `EvidenceConfig`.

    Attributes:
        path: the same.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)

    def __iter__(self) -> Iterator[KeptClip]:
        """One after the other; each is read when it is its turn.

        `StoreError` where there is no such folder, for evidence of a later version of this package,
        and for a damaged sidecar.
        """
        for sidecar in self._sidecars():
            clip = _read(sidecar)
            if clip is not None:
                yield clip

    def _sidecars(self) -> list[Path]:
        try:
            sessions = [
                folder
                for folder in self.path.iterdir()
                if is_session(folder.name) and folder.is_dir() and not folder.is_symlink()
            ]
            found = [each for session in sessions for each in session.glob(f"*{SIDECAR}")]
        except OSError as cause:
            raise StoreError(f"{self.path} cannot be read: {cause.strerror}") from cause
        return sorted(each for each in found if is_stem(each.stem))


def clip_of(action: DetectedAction) -> KeptClip:
    """The clip that was kept of an action; `StoreError` where there is none.

    It is there once the video has gone on for ``post_roll_seconds``, until others need its room.
    """
    places: object = action.metadata.get("evidence")
    sidecar = cast("dict[str, object]", places).get("sidecar") if isinstance(places, dict) else None
    what = f"{action.action!r} at {action.timestamp!r} s"
    if not isinstance(sidecar, str) or not sidecar:
        message = f"no evidence of {what} was kept: give the detector an EvidenceConfig"
        raise StoreError(message)
    clip = _read(Path(sidecar))
    if clip is None:
        message = f"the evidence of {what} is not in {sidecar}: it comes after the post-roll, and"
        raise StoreError(f"{message} goes when others need its room")
    return clip


def _read(sidecar: Path) -> KeptClip | None:
    from overshoot.wire.evidence import decode_record

    try:
        with sidecar.open("rb") as file:
            record = decode_record(file.read(_MOST_SIDECAR_BYTES))
    except FileNotFoundError:
        return None  # Another action has taken its room meanwhile.
    except OSError as cause:
        raise StoreError(f"{sidecar} cannot be read: {cause.strerror}") from cause
    except StoreError as fault:
        raise StoreError(f"{sidecar} {fault.message}") from fault
    if record is None:
        return None
    clip = KeptClip(sidecar, record)
    return clip if clip.video.is_file() else None
