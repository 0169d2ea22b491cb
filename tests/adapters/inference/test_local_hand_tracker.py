"""Hands that go out of sight and come back, with networks that see what a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from attrs import define, field

from adapters.inference.test_local_gestures import HANDS
from overshoot.adapters.inference.local.hands import HandTracker
from overshoot.adapters.inference.local.landmarks import Hand
from overshoot.adapters.inference.local.picture import working_picture
from overshoot.domain.frame import Frame

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.networks import Networks
    from overshoot.adapters.inference.local.palm import TurnedSquare

PALM = 60.0


def hand_at(x: float, y: float = 240.0, presence: float = 1.0) -> Hand:
    flat = HANDS["open"][0] * PALM
    flat = flat - flat.mean(axis=0) + np.array([x, y])
    return Hand(np.concatenate([flat, np.zeros((21, 1))], axis=1).astype(np.float32), presence)


@define
class Scripted:
    """Sees hands at these x; its palm network only those in ``palms_of``."""

    hands: tuple[float, ...] = ()
    palms_of: tuple[float, ...] | None = None
    searches: int = field(default=0)

    @property
    def palms(self) -> Scripted:
        return self

    @property
    def landmarks(self) -> Scripted:
        return self

    def find(self, _: Any, most: int) -> list[TurnedSquare]:
        self.searches += 1
        seen = self.hands if self.palms_of is None else self.palms_of
        return [hand_at(x).square() for x in seen][:most]

    def read(self, _: Any, square: TurnedSquare) -> Hand:
        near = min(self.hands, key=lambda x: abs(x - square.x), default=None)
        found = near is not None and abs(near - square.x) < 1.2 * PALM
        return hand_at(near or 0.0) if found else hand_at(square.x, presence=0.0)


class Stream:
    def __init__(self) -> None:
        self.networks = Scripted()
        self.tracker = HandTracker()
        self.count = 0

    def see(self, *hands: float, palms_of: tuple[float, ...] | None = None) -> dict[int, float]:
        """Numbers of the hands held after a picture with hands at these x, and where they are."""
        self.networks.hands, self.networks.palms_of = hands, palms_of
        blank = np.zeros((480, 640, 3), np.uint8)
        picture = working_picture(Frame(blank, self.count / 12, self.count))
        self.count += 1
        held = self.tracker.step(picture, cast("Networks", self.networks))
        return {track.number: float(track.hand.points[:, 0].mean()) for track in held}


def test_a_hand_hidden_behind_another_is_found_again_where_it_was_without_a_search() -> None:
    stream = Stream()
    both = stream.see(200, 330)
    assert len(both) == 2
    assert len(stream.see(265, palms_of=())) == 1
    searched = stream.networks.searches
    again = stream.see(200, 330, palms_of=())
    assert set(again) == set(both)
    assert stream.networks.searches <= searched + 1
    assert sorted(map(round, again.values())) == [200, 330]


def test_a_hand_that_left_is_not_looked_for_for_ever() -> None:
    stream = Stream()
    stream.see(200, 330)
    for _ in range(8):
        assert len(stream.see(330, palms_of=())) == 1
    assert len(stream.see(200, 330, palms_of=())) == 1


def test_two_tracks_never_hold_one_hand() -> None:
    stream = Stream()
    stream.see(200, 330)
    for _ in range(12):
        assert len(stream.see(265)) == 1
