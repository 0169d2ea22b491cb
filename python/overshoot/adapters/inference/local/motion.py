"""Between two pictures: what moved by itself, where, and which way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import field, frozen

from overshoot.adapters.inference.local.camera import moved

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.camera import Shift
    from overshoot.adapters.inference.local.picture import Floats, Image

# In gray levels of the small picture: coding noise there stays below about 6.
_LEAST_CHANGE = 10.0
_MOST_CHANGE = 40.0
# Below it a rounded gray level says too little about a ratio.
_LEAST_LIT = 16.0
_LEAST_BLOB_SHARE = 0.0012
# A smaller patch that changes without flowing anywhere blinks: a lamp, a clock, a counter. Of the
# scene's counter 90 % of the patches have no flow at all, of a talking head or a hand under 1 %.
_IN_PLACE_SHARE = 0.01
_LEAST_FLOW = 0.3  # pixels
_LARGE_KERNEL = np.ones((5, 5), np.uint8)
_KERNEL = np.ones((3, 3), np.uint8)


@frozen(eq=False)
class Change:
    """What differs between a picture and the one before, the camera's own motion taken out.

    Attributes:
        share: part of the picture that changed by moving, 0.0 to 1.0.
        grid: shape (3, 3), share of the change in each ninth of the picture; sums to 1 or is 0.
        x: middle of the largest moving patch, 0.0 (left) to 1.0.
        y: middle of the largest moving patch, 0.0 (top) to 1.0.
        vx: its way per picture, in widths, to the right.
        vy: its way per picture, in widths, down.
        agreement: 0.0 to 1.0, how far its parts agree about the way.
    """

    share: float = 0.0
    grid: Floats = field(factory=lambda: np.zeros((3, 3), np.float32), repr=False)
    x: float = 0.5
    y: float = 0.5
    vx: float = 0.0
    vy: float = 0.0
    agreement: float = 0.0


def change_between(before: Image, now: Image, shift: Shift) -> Change:
    """What moved between two gray pictures of one size."""
    mask = _changed(before, now, shift)
    _, labels, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA] / mask.size
    large = [patch for patch in range(1, len(areas)) if areas[patch] >= _LEAST_BLOB_SHARE]
    if not large:
        return Change()
    flow = _flow(before, now, shift)
    ways = {patch: _way(flow[labels == patch]) for patch in large}
    moving = [patch for patch in large if areas[patch] >= _IN_PLACE_SHARE or any(ways[patch])]
    if not moving:
        return Change()
    mask = np.isin(labels, moving).astype(np.uint8)
    main = max(moving, key=lambda patch: float(areas[patch]))
    vx, vy, agreement = ways[main]
    grid = cv2.resize(mask.astype(np.float32), (3, 3), interpolation=cv2.INTER_AREA)
    height, width = now.shape
    return Change(
        share=float(mask.mean()),
        grid=np.asarray(grid / max(float(grid.sum()), 1e-9), dtype=np.float32),
        x=float(middles[main][0]) / width,
        y=float(middles[main][1]) / height,
        vx=vx / width,
        vy=vy / width,
        agreement=agreement,
    )


def _changed(before: Image, now: Image, shift: Shift) -> Image:
    """Mask, 0 or 1, of pixels that changed by more than noise, light or the camera explain."""
    one = cv2.GaussianBlur(before, (5, 5), 0).astype(np.float32)
    two = cv2.GaussianBlur(now, (5, 5), 0).astype(np.float32)
    steady = shift.dx == 0 and shift.dy == 0
    one = one if steady else moved(one, shift.dx, shift.dy)
    difference = two - _gain(one, two) * one
    difference -= np.median(difference)
    change = np.abs(difference)
    noise = 1.4826 * float(np.median(change))
    least = min(max(4 * noise, _LEAST_CHANGE), _MOST_CHANGE)
    # An edge that is off by a fraction of a pixel changes by that fraction of its slope.
    slack = 0.1 if steady else 0.6
    mask = (change > least + slack * _slope(two)).astype(np.uint8)
    if not steady:
        _clear_border(mask, shift)
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _KERNEL)
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _LARGE_KERNEL), dtype=np.uint8)


def _gain(one: Floats, two: Floats) -> float:
    """How many times as light it got: light that fades takes more from what is brighter."""
    lit = one > _LEAST_LIT
    return float(np.median(two[lit] / one[lit])) if lit.any() else 1.0


def _slope(image: Floats) -> Floats:
    """Gray levels per pixel."""
    across = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32)


def _clear_border(mask: Image, shift: Shift) -> None:
    """Blank what came into view: it has no picture before to compare with."""
    across, down = int(abs(shift.dx)) + 3, int(abs(shift.dy)) + 3
    mask[:down], mask[-down:] = 0, 0
    mask[:, :across], mask[:, -across:] = 0, 0


def _flow(before: Image, now: Image, shift: Shift) -> Floats:
    """Optical flow in pixels (right, down), shape (height, width, 2), without the camera's."""
    flow = _own.flow.calc(before, now, np.zeros((*now.shape, 2), np.float32))
    return np.asarray(flow, np.float32) - np.array([shift.dx, shift.dy], np.float32)


def _way(flow: Floats) -> tuple[float, float, float]:
    """Mean flow of a patch, shape (n, 2), and how far its parts agree; zeros if it stays."""
    lengths = np.linalg.norm(flow, axis=1)
    moving = flow[lengths > _LEAST_FLOW]
    if len(moving) < 0.1 * len(flow):
        return 0.0, 0.0, 0.0
    mean = moving.mean(axis=0)
    agreement = float(np.linalg.norm(mean)) / float(np.linalg.norm(moving, axis=1).mean())
    return float(mean[0]), float(mean[1]), agreement


class _PerThread(threading.local):
    """OpenCV's flow keeps its buffers between calls: shared by two threads, it makes up vectors."""

    def __init__(self) -> None:
        self.flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)


_own = _PerThread()
