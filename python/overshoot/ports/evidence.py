"""What keeps the evidence of actions: a recorder that clips are cut from, and a shelf for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.domain.evidence import Stretch
    from overshoot.domain.evidence_record import ClipFacts, EvidenceRecord
    from overshoot.domain.frame import Frame


@frozen
class EvidencePaths:
    """Where the files of one action are, or are to be.

    Attributes:
        video: the clip.
        thumbnail: the picture; None where none is kept.
        sidecar: what is known about it; written last, so that what has one is whole.
    """

    video: Path
    thumbnail: Path | None
    sidecar: Path


class ClipRecorder(Protocol):
    """The last while of a stream, encoded once, so that clips can be cut out of it.

    * ``start`` comes first, ``close`` last; a second ``close`` does nothing. Frames before the one
      and after the other are passed over.
    * ``frame`` is for any thread. It has read the pixels when it returns and does not raise.
      Frames come in the order of their timestamps; one that does not rise is left out. It holds the
      caller up for a conversion. A frame that finds too many waiting is left out, or waited for
      where the recorder was made patient.
    * ``dropped`` counts the frames that were left out so.
    * ``cut`` is for any one thread at a time. What was given before is in the clip, as far as it is
      wanted and still in memory. Pictures of another size are not: the clip has those of the size
      that was current at ``at``, or nearest to it. It begins with the key picture at or before the
      start of ``wanted``. Nothing is encoded again.
      ``StoreError``: no picture of that stretch is there, the encoder has failed, or a file cannot
      be written; files that were begun may be there then.
    """

    @property
    def dropped(self) -> int:
        """Frames left out."""
        ...

    def start(self) -> None:
        """Take frames from now on."""
        ...

    def frame(self, frame: Frame) -> None:
        """The next frame of the stream."""
        ...

    def cut(self, wanted: Stretch, at: float, video: Path, thumbnail: Path | None) -> ClipFacts:
        """Write a clip, and a picture of what it shows at the time ``at``, to new files."""
        ...

    def close(self) -> None:
        """Forget all, and release thread and encoder."""
        ...


class EvidenceShelf(Protocol):
    """Where clips, pictures and sidecars are kept; one thread at a time, any thread.

    * ``places`` touches no disk, and gives the same for the same number and action.
    * ``open`` makes the folder and removes what crashes left; `StoreError` when that cannot be.
    * ``keep`` gives ``fill`` places for drafts of clip and picture, and puts what it wrote and the
      record it returned in their places: all of them, or, with a `StoreError`, none. What ``fill``
      raises comes through. Then the oldest evidence makes room, by the limits of the shelf; where
      that fails, the `StoreError` says so, and what was kept stays.
    """

    def open(self) -> None:
        """Be ready to keep."""
        ...

    def places(self, number: int, action: str) -> EvidencePaths:
        """Where the evidence of the session's action of this number is to be."""
        ...

    def keep(self, places: EvidencePaths, fill: Callable[[EvidencePaths], EvidenceRecord]) -> None:
        """Keep what ``fill`` makes."""
        ...
