"""The one door to Rust: convert, resize, and hand frames from threads to one consumer.

I420 here is BT.601 (ITU-R BT.601-7, section 2.5), limited range, chroma averaged over 2x2 blocks.
"""

from __future__ import annotations

from overshoot.framepath.conversion import (
    Filter,
    from_i420,
    i420_size,
    planes_to_packed,
    resize,
    to_i420,
)
from overshoot.framepath.ring import FrameRing, RingStats

__all__ = [
    "Filter",
    "FrameRing",
    "RingStats",
    "from_i420",
    "i420_size",
    "planes_to_packed",
    "resize",
    "to_i420",
]
