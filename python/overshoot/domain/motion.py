"""Whether anything moved since a model was asked last; where nothing did, its answer holds."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from overshoot.domain.validation import a_flag, a_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from overshoot.domain.frame import Frame

    LumaGrid: TypeAlias = NDArray[np.float32]

ROWS: Final = 12
COLUMNS: Final = 16
# ITU-R BT.601, section 2.5.1, in the order of RGB.
_LUMA: Final = (0.299, 0.587, 0.114)
# Every fourth pixel of every fourth row is enough for the mean of a cell.
_STRIDE: Final = 4
_SMALLEST: Final = 192


@frozen
class MotionSettings:
    """When a scene counts as still.

    Attributes:
        enabled: whether still scenes are answered without the model, for streams that do not say.
        threshold: difference of the cell that changed most between two luma grids (`luma_grid`),
            in levels of 0 to 255, from which on something moved. A hand that waves changes a cell
            by 15 to 25 levels, the noise of a camera (standard deviation 6) or a codec by 1 to 3.
            The mean over all cells tells the two not apart: a hand is in few of them.
        refresh_seconds: stream time after which the model is asked anyway.
    """

    enabled: bool = field(default=False, validator=a_flag())
    threshold: float = field(default=5.0, validator=a_number(0, 255))
    refresh_seconds: float = field(default=30.0, validator=a_number(0, 86_400, "s", above=True))


def luma_grid(frame: Frame) -> LumaGrid:
    """Mean luma of the cells of a grid over a picture: (12, 16), float32, 0 to 255.

    Luma is 0.299 R + 0.587 G + 0.114 B; of large pictures every fourth pixel of every fourth row
    is looked at.
    """
    import numpy as np

    step = _STRIDE if min(frame.width, frame.height) >= _SMALLEST else 1
    pixels = frame.pixels[::step, ::step]
    weights = _LUMA[::-1] if frame.order == "bgr" else _LUMA
    luma = pixels @ np.array(weights, np.float32)
    rows = _starts(luma.shape[0], ROWS)
    columns = _starts(luma.shape[1], COLUMNS)
    sums = np.add.reduceat(np.add.reduceat(luma, rows, axis=0), columns, axis=1)
    heights = np.diff([*rows, luma.shape[0]])
    widths = np.diff([*columns, luma.shape[1]])
    grid: LumaGrid = (sums / np.outer(heights, widths)).astype(np.float32)
    return grid


def _starts(length: int, cells: int) -> list[int]:
    """Where each of the cells begins; fewer of them where there are not so many pixels."""
    return sorted({cell * length // cells for cell in range(cells)})


class MotionGate:
    """Says which clips of a stream the model must be asked about; knows no clocks.

    Before asking call `opens_for`; after an answer `answered`, after a failure `failed`. A clip is
    compared with the newest frame the model was asked about, not with the clip before it, so that
    slow changes add up. Of overlapping clips only frames that no answer knows yet are looked at.
    """

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        self._reference: LumaGrid | None = None
        self._question: Hashable = None
        self._asked_at = 0.0
        self._known_until = -1

    def opens_for(self, frames: Sequence[Frame], question: Hashable) -> bool:
        """Whether to ask: something moved, another question, or too long ago.

        ``frames`` is a clip, ``question`` whatever tells one prompt and schema from others.
        """
        if self._reference is None or question != self._question:
            return True
        if frames[-1].timestamp - self._asked_at >= self._settings.refresh_seconds:
            return True
        if any(self._moved(frame) for frame in frames if frame.index > self._known_until):
            return True
        self._known_until = frames[-1].index
        return False

    def answered(self, frames: Sequence[Frame], question: Hashable) -> None:
        """The model has answered this question about this clip."""
        self._reference = luma_grid(frames[-1])
        self._question = question
        self._asked_at = frames[-1].timestamp
        self._known_until = frames[-1].index

    def failed(self) -> None:
        """There is no answer that could be repeated."""
        self._reference = None

    def _moved(self, frame: Frame) -> bool:
        grid = luma_grid(frame)
        assert self._reference is not None  # noqa: S101 - asked for before
        if grid.shape != self._reference.shape:
            return True
        return float(abs(grid - self._reference).max()) >= self._settings.threshold
