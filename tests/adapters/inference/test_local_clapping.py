"""Clapping, from two hands whose places are known."""

from __future__ import annotations

from math import cos, pi, sin
from typing import TYPE_CHECKING

import pytest

from adapters.inference.test_local_hand_tracker import PALM, hand_at
from overshoot.adapters.inference.local.clapping import Clapping
from overshoot.adapters.inference.local.hands import Track

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot.adapters.inference.local.landmarks import Hand

SHOWN = 0.5
MERGED = 0.8  # palms; hands closer than this are seen as one


def clapped(
    left: Callable[[float], tuple[float, float]],
    right: Callable[[float], tuple[float, float]],
    fps: float = 12,
    seconds: float = 2.4,
    camera: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0),
) -> float:
    """Confidence at the end; places and the camera's way in palms."""
    clapping = Clapping()
    for i in range(int(seconds * fps) + 1):
        t = i / fps
        cx, cy = camera(t)
        hands = [_hand(place, camera(t)) for place in (left(t), right(t))]
        if hands[0].apart(hands[1]) < MERGED:
            hands = hands[:1]
        tracks = [Track(number, hand) for number, hand in enumerate(hands)]
        clapping.add(t, tracks, (cx * PALM, cy * PALM))
    return clapping.confidence()


def _hand(place: tuple[float, float], camera: tuple[float, float]) -> Hand:
    return hand_at(320 + (place[0] + camera[0]) * PALM, 240 + (place[1] + camera[1]) * PALM)


def to_and_fro(near: float, far: float, per_s: float, until: float = 99.0) -> Callable[..., float]:
    """Half the gap between two hands."""
    return lambda t: (near + (far - near) * (0.5 + 0.5 * cos(2 * pi * per_s * min(t, until)))) / 2


@pytest.mark.parametrize("fps", [12, 15])
@pytest.mark.parametrize("per_s", [1.2, 1.8, 2.4])
@pytest.mark.parametrize("far", [2.0, 3.0])
def test_hands_that_meet_again_and_again_clap(far: float, per_s: float, fps: float) -> None:
    half = to_and_fro(0.3, far, per_s)
    assert clapped(lambda t: (-half(t), 0.0), lambda t: (half(t), 0.0), fps) >= SHOWN


APART, SLOW, STOPPED = (
    to_and_fro(2, 3.4, 1.6),
    to_and_fro(0.3, 2.6, 0.3),
    to_and_fro(0.3, 2.6, 2, 1),
)
ONE = to_and_fro(0.3, 2.4, 1.6)


@pytest.mark.parametrize("fps", [5, 8, 12, 15])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (lambda _: (-1.1, 0.0), lambda _: (1.1, 0.0)),
        (lambda _: (-0.3, 0.0), lambda _: (0.3, 0.0)),
        (lambda t: (-1.1 + 0.5 * sin(10 * t), 0.0), lambda t: (1.1 + 0.5 * sin(10 * t), 0.0)),
        (lambda t: (-1.1, 0.0), lambda t: (-1.1 + 2 * ONE(t), 0.0)),
        (lambda t: (-SLOW(t), 0.0), lambda t: (SLOW(t), 0.0)),
        (lambda t: (-APART(t), 0.0), lambda t: (APART(t), 0.0)),
        (lambda t: (-0.6, 0.6 * sin(10 * t)), lambda t: (0.6, -0.6 * sin(10 * t))),
        (lambda t: (-STOPPED(t), 0.0), lambda t: (STOPPED(t), 0.0)),
    ],
    ids=["rest", "touch", "wave both", "one only", "slow", "never meet", "in turn", "stopped"],
)
def test_what_else_two_hands_do_is_no_clapping(
    left: Callable[[float], tuple[float, float]],
    right: Callable[[float], tuple[float, float]],
    fps: float,
) -> None:
    assert clapped(left, right, fps) < SHOWN


def test_a_camera_that_shakes_changes_nothing() -> None:
    half = to_and_fro(0.3, 2.4, 1.8)

    def shake(t: float) -> tuple[float, float]:
        return 0.7 * sin(9 * t), 0.4 * sin(11 * t)

    assert clapped(lambda t: (-half(t), 0.0), lambda t: (half(t), 0.0), camera=shake) >= SHOWN
    assert clapped(lambda _: (-0.9, 0.0), lambda _: (0.9, 0.0), camera=shake) == 0


def test_no_hands_no_clapping() -> None:
    clapping = Clapping()
    for i in range(30):
        clapping.add(i / 12, [], (0.0, 0.0))
    assert clapping.confidence() == 0
