"""Where a movement to and fro turns back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def turns(values: Sequence[float], least: float) -> list[int]:
    """Places of the extremes at which the way was reversed, by at least ``least`` each time."""
    found: list[int] = []
    extreme, way = 0, 0
    for place, value in enumerate(values):
        step = value - values[extreme]
        if step * way > 0:
            extreme = place
        elif abs(step) >= least:
            if way:
                found.append(extreme)
            way = 1 if step > 0 else -1
            extreme = place
    return found
