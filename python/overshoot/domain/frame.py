"""Pictures on their way through the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]

PixelOrder: TypeAlias = Literal["bgr", "rgb"]


@frozen(eq=False)
class Frame:
    """One picture in packed colour, as sources give it and backends see it.

    Attributes:
        pixels: shape (height, width, 3), dtype uint8, any strides; never written to by the library.
        timestamp: seconds on the clock of its source; rises from frame to frame.
        index: position in the stream, from 0.
        order: channel order of the last axis.
    """

    pixels: Pixels = field(repr=False)
    timestamp: float
    index: int
    order: PixelOrder = "bgr"

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])


@frozen(eq=False)
class PlanarFrame:
    """One picture as planar I420 (BT.601, limited range), ready for a video encoder.

    Attributes:
        planes: flat uint8 of length ``w*h + 2*ceil(w/2)*ceil(h/2)``: the Y plane, then U, then V,
            rows without padding; C-contiguous, and not written to, by anyone, for as long as the
            array or a view of it lives.
        width: luma columns.
        height: luma rows.
        timestamp: seconds on the clock of its source.
        index: position in the stream, from 0.
    """

    planes: Pixels = field(repr=False)
    width: int
    height: int
    timestamp: float
    index: int
