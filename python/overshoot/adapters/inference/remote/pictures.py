"""Frames as a model elsewhere is shown them: a few JPEGs, or all of them in one."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import frozen

from overshoot.adapters.jpeg import encode_jpeg, in_bgr, within
from overshoot.errors import FrameError, InferenceError

if TYPE_CHECKING:
    from overshoot.domain.backends import RemoteInference
    from overshoot.domain.frame import Frame, Pixels

MEDIA_TYPE = "image/jpeg"
_GAP = 4
_GRAY = 64
_WHITE = (255, 255, 255)
_BLACK = (0, 0, 0)


@frozen
class Picture:
    """A JPEG.

    Attributes:
        data: its bytes.
        times: seconds of stream time of the frames in it, in order.
        columns: how many of them stand beside each other.
    """

    data: bytes
    times: tuple[float, ...]
    columns: int = 1

    def __repr__(self) -> str:
        return f"Picture({len(self.data)} bytes, {len(self.times)} frames)"


def pictures_of(
    frames: Sequence[Frame], settings: RemoteInference, *, most: int | None = None
) -> tuple[Picture, ...]:
    """The frames as JPEGs, in order; takes milliseconds each, so call it off the event loop.

    ``most`` is how many pictures the server takes at once; None where that is not known.
    """
    shown = _spread(frames, settings.max_frames)
    if len(shown) > 1 and (settings.contact_sheet or most == 1):
        return (_sheet(shown, settings),)
    chosen = shown if most is None else _spread(shown, most)
    return tuple(
        Picture(
            _jpeg(within(in_bgr(frame), settings.image_side), settings.jpeg_quality),
            (frame.timestamp,),
        )
        for frame in chosen
    )


def _spread(frames: Sequence[Frame], most: int) -> Sequence[Frame]:
    """At most that many frames, evenly over all of them, the first and the last among them."""
    if len(frames) <= most:
        return frames
    if most == 1:
        return [frames[len(frames) // 2]]
    return [frames[round(place * (len(frames) - 1) / (most - 1))] for place in range(most)]


def _sheet(frames: Sequence[Frame], settings: RemoteInference) -> Picture:
    columns = ceil(sqrt(len(frames)))
    rows = ceil(len(frames) / columns)
    side = min(settings.image_side, (2 * settings.image_side - _GAP * (columns - 1)) // columns)
    tiles = [within(in_bgr(frame), side) for frame in frames]
    height = max(tile.shape[0] for tile in tiles)
    width = max(tile.shape[1] for tile in tiles)
    grid: Pixels = np.full(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), _GRAY, np.uint8
    )
    for place, (tile, frame) in enumerate(zip(tiles, frames, strict=True)):
        top = (place // columns) * (height + _GAP)
        left = (place % columns) * (width + _GAP)
        grid[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        _write(grid, f"{frame.timestamp:.2f} s", left, top)
    times = tuple(frame.timestamp for frame in frames)
    return Picture(_jpeg(grid, settings.jpeg_quality), times, columns)


def _write(picture: Pixels, text: str, left: int, top: int) -> None:
    """White on a black ground, so that it is read on any picture."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, height), _ = cv2.getTextSize(text, font, scale, 1)
    cv2.rectangle(picture, (left, top), (left + width + 6, top + height + 8), _BLACK, cv2.FILLED)
    at = (left + 3, top + height + 3)
    cv2.putText(picture, text, at, font, scale, _WHITE, 1, cv2.LINE_AA)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    try:
        return encode_jpeg(pixels, quality)
    except FrameError as error:
        raise InferenceError(error.message) from error
