"""Moving hands, made from photographs of still ones; in memory and temporary files only.

A photograph's hand is moved by a smooth warp of what is around it, or cut out twice, once mirrored,
over a blurred background. What happens is then known exactly, but it is no film: there is no motion
blur, and hands that meet are seen from the front.
"""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import TYPE_CHECKING

import cv2
import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from overshoot.domain.hand import Hand

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float32]

FPS = 15.0
SECONDS = 4.0
CANVAS = (480, 640)  # rows, columns
NOISE = 2.0  # gray levels, of a camera
PALM = 66.0  # pixels, of the hands of a pair


@frozen(eq=False)
class StillHand:
    """A photograph and the hand in it that is to move."""

    image: Bytes
    wrist: tuple[float, float]
    knuckle: tuple[float, float]

    @classmethod
    def of(cls, image: Bytes, hand: Hand) -> StillHand:
        return cls(image, hand.points[0], hand.points[9])

    @property
    def palm(self) -> float:
        return float(np.hypot(self.knuckle[0] - self.wrist[0], self.knuckle[1] - self.wrist[1]))


def still(image: Bytes) -> Iterator[Bytes]:
    """A photograph before a noisy camera, for two seconds."""
    return _noisy(image for _ in range(int(2 * FPS)))


def waving(hand: StillHand, turns_per_s: float = 1.6) -> Iterator[Bytes]:
    """The forearm swings by 18 degrees to each side."""
    elbow = 2 * np.array(hand.wrist) - np.array(hand.knuckle)

    def at(t: float) -> Floats:
        angle = radians(18) * sin(2 * pi * turns_per_s * t)
        turn = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])
        return np.hstack([turn, (elbow - turn @ elbow)[:, None]]).astype(np.float32)

    return _noisy(_warped(hand, at(t)) for t in _times())


def swaying(hand: StillHand, per_s: float = 1.6) -> Iterator[Bytes]:
    """The hand goes up and down by half a palm."""

    def at(t: float) -> Floats:
        return np.array([[1, 0, 0], [0, 1, 0.5 * hand.palm * sin(2 * pi * per_s * t)]], np.float32)

    return _noisy(_warped(hand, at(t)) for t in _times())


@frozen
class Pair:
    """How two hands move, in palms and seconds.

    Attributes:
        gap: from middle to middle.
        lift: how much lower the left one is than the right one.
        along: how far both have gone to the right.
        squeeze: width of a hand on the picture; 1.0 is seen from the front.
        lean: degrees by which the fingers lean inwards.
    """

    gap: Callable[[float], float]
    lift: Callable[[float], float] = lambda _: 0.0
    along: Callable[[float], float] = lambda _: 0.0
    squeeze: float = 1.0
    lean: float = 0.0


def between(low: float, high: float, per_s: float) -> Callable[[float], float]:
    """From ``high`` to ``low`` and back, so often a second."""
    return lambda t: low + (high - low) * (0.5 + 0.5 * cos(2 * pi * per_s * t))


def pair(hand: StillHand, how: Pair) -> Iterator[Bytes]:
    """The hand and its mirror image, before the blurred photograph."""
    patch, alpha = _cut_out(hand, how)
    background = cv2.resize(hand.image, CANVAS[::-1], interpolation=cv2.INTER_AREA)
    blurred: Bytes = np.asarray(cv2.GaussianBlur(background, (0, 0), 18), np.uint8)

    def picture(t: float) -> Bytes:
        image: Bytes = blurred.copy()
        x, y = CANVAS[1] / 2 + how.along(t) * PALM, CANVAS[0] * 0.5
        half, drop = how.gap(t) * PALM / 2, how.lift(t) * PALM / 2
        _lay(image, patch, alpha, x - half, y + drop)
        _lay(image, patch[:, ::-1], alpha[:, ::-1], x + half, y - drop)
        return image

    return _noisy(picture(t) for t in _times())


def _times() -> Iterator[float]:
    return (i / FPS for i in range(int(SECONDS * FPS)))


def _noisy(images: Iterator[Bytes]) -> Iterator[Bytes]:
    random = np.random.default_rng(11)
    field: NDArray[np.int16] | None = None
    for image in images:
        if field is None:
            field = np.round(random.normal(0, NOISE, image.shape)).astype(np.int16)
        noise = np.roll(field, tuple(random.integers(0, 99, 2)), axis=(0, 1))
        yield np.clip(image + noise, 0, 255).astype(np.uint8)


def _warped(hand: StillHand, back: Floats) -> Bytes:
    """What is near the hand moved by the affine map that leads back, the rest as it was."""
    rows, columns = hand.image.shape[:2]
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    middle = 1.3 * np.array(hand.knuckle) - 0.3 * np.array(hand.wrist)
    away = np.hypot(x - middle[0], y - middle[1]) / (2.2 * hand.palm)
    near = np.exp(-(away**6)).astype(np.float32)
    moved_x = back[0, 0] * x + back[0, 1] * y + back[0, 2]
    moved_y = back[1, 0] * x + back[1, 1] * y + back[1, 2]
    map_x, map_y = x + near * (moved_x - x), y + near * (moved_y - y)
    flags = cv2.INTER_LINEAR
    return np.asarray(
        cv2.remap(hand.image, map_x, map_y, flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _cut_out(hand: StillHand, how: Pair) -> tuple[Bytes, Floats]:
    """The hand upright, its palm 66 pixels long, and where it covers what is behind it."""
    side = round(4.6 * PALM)
    way = np.array(hand.knuckle) - np.array(hand.wrist)
    angle = np.arctan2(way[0], -way[1]) + radians(how.lean)
    scale = PALM / hand.palm
    c, s = cos(angle) * scale, sin(angle) * scale
    middle = np.array(hand.knuckle) + 0.1 * way
    turn = np.array([[c * how.squeeze, s * how.squeeze], [-s, c]])
    shift = np.array([side / 2, side * 0.47]) - turn @ middle
    matrix = np.hstack([turn, shift[:, None]])
    patch = cv2.warpAffine(hand.image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    away = np.hypot(x / (0.30 * how.squeeze), (y + 0.02) / 0.40)
    alpha = np.clip((1.1 - away) / 0.2, 0, 1)[..., None].astype(np.float32)
    return np.asarray(patch, np.uint8), alpha


def _lay(image: Bytes, patch: Bytes, alpha: Floats, x: float, y: float) -> None:
    """Put a patch over the picture, its middle at x, y."""
    left, top = round(x - patch.shape[1] / 2), round(y - patch.shape[0] / 2)
    below = image[top : top + patch.shape[0], left : left + patch.shape[1]]
    below[:] = (below * (1 - alpha) + patch * alpha).astype(np.uint8)
