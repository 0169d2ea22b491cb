"""The frame path in Rust: the manual of its module. Only `overshoot.framepath` imports it.

Arrays are uint8 and may be read-only; rows may lie any distance apart, forwards or backwards, and
are read in place when each is contiguous, copied first when not. Sizes are in pixels, each side
1 to 16384. Every array that is returned is new, C-contiguous and writeable. The interpreter is
released during pixel work, and a frame must not be written to meanwhile.

I420 is BT.601 (ITU-R BT.601-7, section 2.5), limited range; each chroma sample is the mean of the
pixels that exist of a 2x2 block. ``order`` is ``"bgr"`` or ``"rgb"``; ``filter`` is ``"bilinear"``
(two neighbours at half-pixel centres) or ``"area"`` (the exact average of the covered box where
the picture shrinks, bilinear where it grows).

Errors: TypeError for what is not an array of the right dtype and number of axes; ValueError for a
wrong size, a buffer that is too small, or an unknown ``order`` or ``filter``; OverflowError for a
number that is negative or too large for its type.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FrameRing", "i420_size", "planes_to_packed", "resize", "to_i420"]

def i420_size(width: int, height: int, /) -> int:
    """Bytes of an I420 frame: ``w*h + 2*ceil(w/2)*ceil(h/2)``."""

def to_i420(
    pixels: NDArray[np.uint8], width: int, height: int, order: str, filter: str, /
) -> NDArray[np.uint8]:
    """Packed (h, w, 3) to the flat planes of a frame of width x height: Y, U, V, no padding.

    Chroma is averaged from the resized picture before that is rounded to bytes.
    """

def planes_to_packed(
    y: NDArray[np.uint8],
    u: NDArray[np.uint8],
    v: NDArray[np.uint8],
    width: int,
    height: int,
    out_width: int,
    out_height: int,
    order: str,
    /,
) -> NDArray[np.uint8]:
    """The planes of a frame of width x height to packed (out_height, out_width, 3).

    Planes have two axes and at least height x width samples (half of each, rounded up, for u and
    v); what is beyond is padding. Each chroma sample serves its 2x2 block; a resize is of the
    packed picture, bilinear.
    """

def resize(pixels: NDArray[np.uint8], width: int, height: int, filter: str, /) -> NDArray[np.uint8]:
    """Packed (h, w, 3) to packed (height, width, 3), in the same channel order."""

@final
class FrameRing:
    """I420 frames of one size between any number of pushing threads and one consumer.

    The newest wins. ``slots`` is 2 to 64: one for the frame that is ready, and one for each push
    that is to run at the same time.
    """

    def __new__(cls, width: int, height: int, slots: int, /) -> FrameRing: ...
    def push(self, pixels: NDArray[np.uint8], timestamp: float, index: int, order: str, /) -> bool:
        """Convert packed (h, w, 3), resized bilinearly, into a slot; never waits for a slot.

        ``timestamp`` is in seconds. True: the last `take` found nothing (or there was none yet),
        so the consumer must be woken; that is said once. A frame is dropped when the ring is
        closed, when every slot is being written, or when one whose push began later is there.
        """

    def take(self) -> tuple[NDArray[np.uint8], float, int] | None:
        """Flat planes, timestamp and index of the newest frame; None when there is none."""

    def close(self) -> None:
        """Drop every later push; a frame that is ready may still be taken. May be repeated."""

    def counts(self) -> tuple[int, int, int, int]:
        """Frames pushed, taken, dropped and ready; the first is always the sum of the others."""
