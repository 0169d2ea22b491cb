"""How much a gateway keeps of what its streams' actions rest on."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from overshoot.domain.evidence import MEBIBYTE, MOST_FPS, EvidenceConfig
from overshoot.domain.validation import a_flag


def _folder(value: str | Path | None) -> Path | None:
    return None if value is None else Path(value)


@frozen(kw_only=True)
class EvidenceSettings:
    """Clips of actions at a gateway; the numbers mean what they mean in `EvidenceConfig`.

    Clips are cut from the pictures that the model is shown. Nothing is encoded while no action
    goes on.

    Attributes:
        enabled: whether clips are kept.
        folder: where; None keeps them in a folder of the gateway's own, which ends with it.
        pre_roll_seconds: how long before an action its clip begins, as far as the stream's buffer
            goes back.
        post_roll_seconds: how long after it the clip ends.
        max_clip_seconds: the longest clip; of a longer action the end is kept.
        max_bytes: how much the folder may hold; the oldest clips go first.
        max_age_seconds: older clips go as well; None keeps them.
        largest_side: pixels.
    """

    enabled: bool = field(default=True, validator=a_flag())
    folder: Path | None = field(default=None, converter=_folder)
    pre_roll_seconds: float = 2.0
    post_roll_seconds: float = 2.0
    max_clip_seconds: float = 60.0
    max_bytes: int = 256 * MEBIBYTE
    max_age_seconds: float | None = None
    largest_side: int = 1280

    def __attrs_post_init__(self) -> None:
        self.within(self.folder or Path())

    def within(self, folder: Path) -> EvidenceConfig:
        """The rules for clips in that folder; `ConfigurationError` where numbers do not fit."""
        return EvidenceConfig(
            folder=folder,
            pre_roll_seconds=self.pre_roll_seconds,
            post_roll_seconds=self.post_roll_seconds,
            max_clip_seconds=self.max_clip_seconds,
            max_bytes=self.max_bytes,
            max_age_seconds=self.max_age_seconds,
            largest_side=self.largest_side,
            # All of the pictures that the model is shown, which are few.
            max_fps=MOST_FPS,
        )
