"""How large the frames are that a model gets to see."""

from __future__ import annotations

import math

MAX_LONG_SIDE = 1280
MAX_SHORT_SIDE = 720
MAX_CLIP_BYTES = 256 * 1024 * 1024
_BYTES_PER_PIXEL = 3
_MIN_SIDE = 16


def effective_size(
    width: int,
    height: int,
    *,
    clip_frames: int,
    max_clip_bytes: int = MAX_CLIP_BYTES,
    max_sides: tuple[int, int] = (MAX_LONG_SIDE, MAX_SHORT_SIDE),
) -> tuple[int, int]:
    """Columns and rows after the cap on the sides, and after that on the bytes of one clip.

    ``max_sides`` are those of the long and the short side in pixels, 720p unless told.

    Keeps the shape and never enlarges. Sides are even once anything was made smaller, and no
    side becomes smaller than 16 pixels by it.
    """
    budget = max_clip_bytes / (clip_frames * _BYTES_PER_PIXEL)
    scale = min(
        1.0,
        max_sides[0] / max(width, height),
        max_sides[1] / min(width, height),
        math.sqrt(budget / (width * height)),
    )
    if scale == 1.0:
        return width, height
    return _even(width, scale), _even(height, scale)


def _even(side: int, scale: float) -> int:
    return max(min(side, _MIN_SIDE), int(side * scale + 1e-9) // 2 * 2)
