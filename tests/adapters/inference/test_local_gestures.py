"""Gestures from landmarks: drawn hands, official vectors, and thousands of recorded rows."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from math import cos, pi, radians, sin
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inference.local_weights import MEDIA, needs_media
from overshoot.adapters.inference.local.gestures import gestures, ramp, with_room
from overshoot.adapters.inference.local.landmarks import Hand
from overshoot.adapters.inference.local.vocabulary import Word
from overshoot.adapters.inference.local.waving import Waving

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SHOWN = 0.5
_KNUCKLES = ((-0.32, -0.95), (-0.1, -1.0), (0.12, -0.95), (0.32, -0.85))
_SPREAD = (-8.0, -2.0, 3.0, 9.0)


def hand(straight: str, thumb: str = "in", spread: float = 1.0) -> NDArray[np.float64]:
    """An upright hand, wrist at 0, 0, palm length 1, y down.

    ``straight`` has 1 or 0 for index, middle, ring and little finger; ``thumb`` is in or out.
    """
    points = [(0.0, 0.0)]
    if thumb == "out":
        points += [(-0.25, -0.2), (-0.5, -0.4), (-0.75, -0.6), (-1.0, -0.8)]
    else:
        points += [(-0.25, -0.2), (-0.35, -0.45), (-0.2, -0.6), (-0.02, -0.65)]
    for is_straight, (x, y), angle in zip(straight, _KNUCKLES, _SPREAD, strict=True):
        way = (sin(radians(spread * angle)), -cos(radians(spread * angle)))
        if is_straight == "1":
            points += [(x + k * way[0], y + k * way[1]) for k in (0.0, 0.4, 0.65, 0.9)]
        else:
            points += [(x, y), (x, y - 0.3), (x, y - 0.05), (x, y + 0.2)]
    return np.array(points)


def thumb_hand(*, up: bool) -> NDArray[np.float64]:
    """A fist with the thumb out, turned so that the thumb points up or down."""
    return turned(hand("0000", "out"), radians(51 if up else -129))


def turned(points: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    return np.asarray(points @ turn.T, dtype=np.float64)


def shown(points: NDArray[np.float64]) -> set[Word]:
    return {word for word, sure in gestures(points).items() if sure >= SHOWN}


HANDS: dict[str, tuple[NDArray[np.float64], set[Word]]] = {
    "open": (hand("1111", "out"), {Word.OPEN_HAND}),
    "four": (hand("1111"), {Word.OPEN_HAND}),
    "fist": (hand("0000"), {Word.FIST}),
    "pointing": (hand("1000"), {Word.POINTING}),
    "victory": (hand("1100", spread=2.0), {Word.VICTORY}),
    "two fingers together": (hand("1100", spread=-0.5), set()),
    "horns": (hand("1001"), set()),
    "call": (hand("0001", "out"), set()),
    "three": (hand("1110"), set()),
    "ok": (hand("0111"), set()),
    "middle finger": (hand("0100"), set()),
}


@pytest.mark.parametrize("name", HANDS)
@pytest.mark.parametrize("degrees", [0, 70, 180, 250])
@pytest.mark.parametrize("mirrored", [False, True])
def test_still_gestures_however_the_hand_is_turned(name: str, degrees: int, mirrored: bool) -> None:
    points, expected = HANDS[name]
    points = points * np.array([-1.0 if mirrored else 1.0, 1.0])
    assert shown(turned(points, radians(degrees))) == expected


def test_thumbs_are_the_only_ones_with_an_up_and_down() -> None:
    assert shown(thumb_hand(up=True)) == {Word.THUMBS_UP}
    assert shown(thumb_hand(up=False)) == {Word.THUMBS_DOWN}
    sideways = turned(hand("0000", "out"), radians(-39))
    assert not shown(sideways)


@given(
    st.sampled_from(sorted(HANDS)),
    st.floats(5, 400),
    st.floats(-500, 500),
    st.floats(0, 2 * pi),
)
def test_size_place_and_turn_do_not_matter_but_for_thumbs(
    name: str, size: float, place: float, angle: float
) -> None:
    points = HANDS[name][0]
    as_drawn = gestures(points)
    moved = gestures(turned(points, angle) * size + place)
    for word in set(as_drawn) - {Word.THUMBS_UP, Word.THUMBS_DOWN}:
        assert moved[word] == pytest.approx(as_drawn[word], abs=1e-6)


@given(st.lists(st.floats(-1e3, 1e3), min_size=42, max_size=42))
def test_confidence_is_within_0_and_1_for_any_points(values: list[float]) -> None:
    assert all(0 <= sure <= 1 for sure in gestures(np.array(values).reshape(21, 2)).values())


@pytest.mark.parametrize("name", ["fist", "pointing", "victory", "open"])
def test_a_hand_that_covers_another_one_is_believed_only_open(name: str) -> None:
    points, expected = HANDS[name]
    covering = with_room(gestures(points), 0.5)
    assert {word for word, sure in covering.items() if sure} <= {Word.OPEN_HAND}
    assert with_room(gestures(points), 2.0) == gestures(points)
    beside = {word for word, sure in with_room(gestures(points), 1.2).items() if sure >= SHOWN}
    assert beside == expected


def test_ramp_rises_between_its_ends_either_way() -> None:
    assert [ramp(x, 1, 3) for x in (0, 1, 2, 3, 9)] == [0, 0, 0.5, 1, 1]
    assert [ramp(x, 3, 1) for x in (0, 2, 9)] == [1, 0.5, 0]


# --- waving --------------------------------------------------------------------------------------


def waved(
    path: Callable[[float], tuple[float, float]],
    fps: float,
    *,
    points: NDArray[np.float64] | None = None,
    camera: Callable[[float], tuple[float, float]] = lambda _: (0.0, 0.0),
    other: Callable[[float], tuple[float, float]] | None = None,
    seconds: float = 2.2,
) -> float:
    """Confidence after a hand of palm 60 moved along a path (in palms)."""
    shape = HANDS["open"][0] if points is None else points

    def at(place: tuple[float, float]) -> Hand:
        flat = (shape + np.array(place)) * 60 + 300
        return Hand(np.concatenate([flat, np.zeros((21, 1))], axis=1).astype(np.float32), 1.0)

    waving = Waving()
    for i in range(int(seconds * fps) + 1):
        t = i / fps
        x, y = camera(t)
        others = [] if other is None else [at(other(t))]
        waving.add(t, at(path(t)), (60 * x, 60 * y), others)
    return waving.confidence()


@pytest.mark.parametrize("fps", [5, 8, 12, 15])
@pytest.mark.parametrize("turns_per_s", [1.5, 2.2])
def test_a_hand_from_side_to_side_is_waving(turns_per_s: float, fps: int) -> None:
    assert waved(lambda t: (0.5 * sin(2 * pi * turns_per_s * t), 0.0), fps) >= SHOWN


@pytest.mark.parametrize("fps", [3, 5, 8, 12, 15])
@pytest.mark.parametrize(
    "path",
    [
        lambda _: (0.0, 0.0),
        lambda t: (0.05 * sin(12 * t), 0.0),
        lambda t: (0.05 * sin(12 * t), 0.6 * sin(12 * t)),
        lambda t: (1.5 * t, 0.0),
        lambda t: (0.6 * sin(2 * t), 0.0),
    ],
    ids=["still", "trembling", "up and down", "passing", "slow"],
)
def test_other_movements_are_no_waving(
    path: Callable[[float], tuple[float, float]], fps: int
) -> None:
    assert waved(path, fps) < SHOWN


def test_the_camera_that_shakes_makes_no_wave() -> None:
    def shake(t: float) -> tuple[float, float]:
        return 0.5 * sin(12 * t), 0.0

    assert waved(shake, 12, camera=shake) == 0


def test_a_fist_or_a_hanging_hand_from_side_to_side_is_no_wave() -> None:
    def wave(t: float) -> tuple[float, float]:
        return 0.5 * sin(12 * t), 0.0

    assert waved(wave, 12, points=HANDS["fist"][0]) == 0
    assert waved(wave, 12, points=turned(HANDS["open"][0], pi)) == 0


def test_two_hands_that_meet_are_no_wave() -> None:
    def left(t: float) -> tuple[float, float]:
        return -0.7 + 0.5 * sin(12 * t), 0.0

    def right(t: float) -> tuple[float, float]:
        return 0.7 - 0.5 * sin(12 * t), 0.0

    assert waved(left, 12, other=right) < SHOWN
    assert waved(left, 12, other=lambda _: (6.0, 0.0)) >= SHOWN


def test_waving_ends_when_the_hand_rests() -> None:
    assert waved(lambda t: (0.5 * sin(12 * min(t, 0.9)), 0.0), 12, seconds=0.9) >= SHOWN
    assert waved(lambda t: (0.5 * sin(12 * min(t, 0.9)), 0.0), 12, seconds=2.6) < SHOWN


# --- recorded landmarks --------------------------------------------------------------------------


@needs_media
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("fist", Word.FIST),
        ("pointing_up", Word.POINTING),
        ("thumb_up", Word.THUMBS_UP),
        ("victory", Word.VICTORY),
    ],
)
def test_official_landmark_vectors(name: str, word: Word) -> None:
    text = (MEDIA / "landmarks" / f"{name}_landmarks.pbtxt").read_text()
    x, y = (re.findall(rf"\b{axis}: (\S+)", text)[:21] for axis in "xy")
    assert shown(np.array([x, y], dtype=np.float64).T) == {word}


@needs_media
def test_recorded_rows_are_told_apart() -> None:
    said: defaultdict[str, Counter[Word | None]] = defaultdict(Counter)
    with (MEDIA / "landmarks" / "keypoint.csv").open() as rows:
        for label, *values in list(csv.reader(rows))[::5]:
            words = shown(np.array(values, dtype=np.float64).reshape(21, 2))
            said[label].update(words or [None])
    share = {
        (label, word): count / counts.total()
        for label, counts in said.items()
        for word, count in counts.items()
    }
    assert share["0", Word.OPEN_HAND] > 0.92
    assert share["1", Word.FIST] > 0.88
    assert share["2", Word.POINTING] > 0.78
    assert share["3", None] > 0.92  # the OK sign is not in the vocabulary
