"""The one door to Rust: convert, resize, and hand frames from threads to one consumer.

I420 here is BT.601 (ITU-R BT.601-7, section 2.5) in limited range unless BT.709 (ITU-R BT.709-6) or
full range (ITU-T T.871, JFIF) is asked for; chroma is averaged over 2x2 blocks.
"""

from __future__ import annotations

from overshoot.framepath.conversion import (
    Filter,
    Fit,
    Order,
    Standard,
    i420_size,
    resize,
    simd_level,
    to_i420,
)
from overshoot.framepath.ring import FrameRing, RingStats
from overshoot.framepath.unpacking import PackedOrder, from_i420, planes_to_packed

__all__ = [
    "Filter",
    "Fit",
    "FrameRing",
    "Order",
    "PackedOrder",
    "RingStats",
    "Standard",
    "from_i420",
    "i420_size",
    "planes_to_packed",
    "resize",
    "simd_level",
    "to_i420",
]
