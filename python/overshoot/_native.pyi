"""The frame path in Rust: the manual of its module. Only `overshoot.framepath` imports it.

Arrays are uint8 and may be read-only; rows may lie any distance apart, forwards or backwards, and
are read in place when each is contiguous, copied first when not. Sizes are in pixels, each side
1 to 16384. Results go into arrays of the caller's, C-contiguous and writeable, which must not
overlap what is read. The interpreter is released during pixel work, and a frame must not be
written to meanwhile.

``order`` is ``"bgr"``, ``"rgb"``, ``"bgra"``, ``"rgba"`` or (read only) ``"gray"``; ``filter`` is
``"bilinear"`` (two neighbours at half-pixel centres) or ``"area"`` (the exact average of the
covered box where the picture shrinks, bilinear where it grows); ``standard`` is ``"bt601"`` or
``"bt709"``. Each chroma sample is the mean of the pixels that exist of a 2x2 block.

Errors: TypeError for what is not an array of the right dtype and number of axes; ValueError for a
wrong size, a buffer that is too small, or an unknown word; OverflowError for a number that is
negative or too large for its type.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FrameRing", "Lease", "i420_size", "planes_to_packed", "resize", "simd_level", "to_i420"]

def simd_level() -> str:
    """The kernels in use: ``OVERSHOOT_SIMD`` where that is set, or the fastest of the machine."""

def i420_size(width: int, height: int, /) -> int:
    """Bytes of an I420 frame: ``w*h + 2*ceil(w/2)*ceil(h/2)``."""

def to_i420(
    pixels: NDArray[np.uint8],
    planes: NDArray[np.uint8],
    width: int,
    height: int,
    order: str,
    filter: str,
    standard: str,
    full_range: bool,
    fit: str,
    bars: tuple[int, int, int],
    threads: int,
    /,
) -> None:
    """Packed (h, w, channels) to the flat planes of width x height: Y, U, V, no padding.

    Chroma is averaged from the resized picture before that is rounded to bytes. ``fit`` is
    ``"stretch"``, ``"contain"`` (with ``bars`` of that red, green and blue) or ``"cover"``.
    """

def planes_to_packed(
    y: NDArray[np.uint8],
    u: NDArray[np.uint8],
    v: NDArray[np.uint8] | None,
    pixels: NDArray[np.uint8],
    order: str,
    standard: str,
    full_range: bool,
    /,
) -> None:
    """Planes to packed pixels; the size is that of ``pixels``, (height, width, channels).

    Planes have two axes and at least height x width samples (half of each, rounded up, for u and
    v; without v, u has both by turns); what is beyond is padding.
    """

def resize(pixels: NDArray[np.uint8], resized: NDArray[np.uint8], filter: str, /) -> None:
    """Packed to packed of the size of ``resized``, with the same 1, 3 or 4 channels."""

@final
class FrameRing:
    """I420 frames of one size between any number of pushing threads and one consumer.

    The newest wins. ``slots`` is 2 to 64: one for the frame that is ready, one for each push that
    is to run at the same time, one for each lease that is held.
    """

    def __new__(cls, width: int, height: int, slots: int, /) -> FrameRing: ...
    def push(self, pixels: NDArray[np.uint8], timestamp: float, index: int, order: str, /) -> bool:
        """Convert packed (h, w, 3), resized bilinearly, into a slot; never waits for a slot.

        ``timestamp`` is in seconds. True: the last `take` found nothing (or there was none yet),
        so the consumer must be woken; that is said once. A frame is dropped when the ring is
        closed, when every slot is written or held, or when one whose push began later is there.
        """

    def take(self) -> Lease | None:
        """The newest frame; None when there is none."""

    def close(self) -> None:
        """Drop every later push; a frame that is ready may still be taken. May be repeated."""

    def counts(self) -> tuple[int, int, int, int, int]:
        """Frames pushed, taken, dropped and ready, and those of the dropped that found no slot.

        The first is always the sum of the next three.
        """

@final
class Lease:
    """A frame of a ring, read in place.

    The slot is not written to until the lease and all that was made over its planes are gone; the
    last may go in any thread, and after the ring. It has the buffer protocol itself, too.
    """

    @property
    def timestamp(self) -> float: ...
    @property
    def index(self) -> int: ...
    @property
    def planes(self) -> memoryview:
        """The flat I420 planes in place, read-only."""
