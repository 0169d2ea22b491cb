"""The hands of one stream, followed from picture to picture."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from attrs import define, field

from overshoot.adapters.inference.local.landmarks import Hand

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.networks import Networks
    from overshoot.adapters.inference.local.palm import TurnedSquare
    from overshoot.adapters.inference.local.picture import Image, Picture

MOST_HANDS = 2
MIN_PRESENCE = 0.5
# A new hand must convince more than one already followed.
MIN_NEW_PRESENCE = 0.7
# The palm network costs twice the landmark network; this often is soon enough for a new hand.
SEARCH_EVERY_S = 0.2
SEARCH_FOR_SECOND_EVERY_S = 0.45
# A hand lost for less than this and found close by is the same hand: a wave goes on.
FORGET_AFTER_S = 0.8
_SAME_PLACE_PALMS = 3.0
# Hands that clap hide each other for less than this, and are farthest apart this long before.
_HIDDEN_S = 0.5
_EARLIER_S = 0.35
_SAME_HAND_PALMS = 0.7
_LEAST_IN_VIEW = 0.75


@define(eq=False)
class Track:
    """One hand over time."""

    number: int
    hand: Hand
    seen_at: float = field(default=0.0)
    earlier: deque[tuple[float, Hand]] = field(factory=deque[tuple[float, Hand]])

    def see(self, hand: Hand, time: float) -> None:
        """Note the hand in the next picture."""
        self.hand, self.seen_at = hand, time
        self.earlier.append((time, hand))
        while time - self.earlier[0][0] > _EARLIER_S:
            self.earlier.popleft()

    def distance(self, hand: Hand) -> float:
        """Between the middles of two hands, in palms."""
        return self.hand.apart(hand)


class HandTracker:
    """Up to two hands; a hand held costs one run of the landmark network a picture."""

    def __init__(self) -> None:
        self._held: list[Track] = []
        self._lost: list[Track] = []
        self._searched_at = float("-inf")
        self._numbers = 0

    def reset(self) -> None:
        """Forget all hands, as after a cut."""
        self._held, self._lost = [], []
        self._searched_at = float("-inf")

    def step(self, picture: Picture, networks: Networks) -> list[Track]:
        """The hands in the next picture of the stream."""
        now = picture.timestamp
        lost_one = self._follow(picture, networks)
        if not lost_one:
            self._look_beside(picture, networks)
        every = SEARCH_FOR_SECOND_EVERY_S if self._held else SEARCH_EVERY_S
        due = lost_one or now - self._searched_at >= every - 1e-6
        if len(self._held) < MOST_HANDS and due:
            self._searched_at = now
            for square in networks.palms.find(picture.image, MOST_HANDS):
                self._consider(square, picture, networks)
        self._lost = [track for track in self._lost if now - track.seen_at <= FORGET_AFTER_S]
        return list(self._held)

    def around(self, track: Track) -> list[Hand]:
        """The other hands, those lost a moment ago included."""
        return [other.hand for other in [*self._held, *self._lost] if other is not track]

    def numbers(self) -> frozenset[int]:
        """Of the hands held, and of those lost a moment ago."""
        return frozenset(track.number for track in [*self._held, *self._lost])

    def _look_beside(self, picture: Picture, networks: Networks) -> None:
        """A hand that went out of sight beside another one comes back where it was."""
        for lost in list(self._lost):
            near = any(held.distance(lost.hand) < _SAME_PLACE_PALMS for held in self._held)
            if near and picture.timestamp - lost.seen_at <= _HIDDEN_S:
                for hand in (lost.hand, lost.earlier[0][1]):
                    self._consider(hand.square(), picture, networks)

    def _follow(self, picture: Picture, networks: Networks) -> bool:
        """Find the held hands again; whether one was lost."""
        before, self._held = self._held, []
        for track in before:
            hand = networks.landmarks.read(picture.image, track.hand.square())
            twin = any(other.distance(hand) < _SAME_HAND_PALMS for other in self._held)
            if hand.presence < MIN_PRESENCE or twin or not _in_view(hand, picture.image):
                self._lost.append(track)
                continue
            track.see(hand, picture.timestamp)
            self._held.append(track)
        return len(self._held) < len(before)

    def _consider(self, square: TurnedSquare, picture: Picture, networks: Networks) -> None:
        """Take up the hand in a square, unless it is none or already held."""
        if len(self._held) >= MOST_HANDS:
            return
        hand = networks.landmarks.read(picture.image, square)
        if hand.presence < MIN_NEW_PRESENCE:
            return
        # The square from the points is the better cut, and what the next picture will start from.
        hand = networks.landmarks.read(picture.image, hand.square())
        if hand.presence < MIN_NEW_PRESENCE or not _in_view(hand, picture.image):
            return
        if any(track.distance(hand) < _SAME_HAND_PALMS for track in self._held):
            return
        near = [track for track in self._lost if track.distance(hand) < _SAME_PLACE_PALMS]
        if near:
            track = min(near, key=lambda each: each.distance(hand))
            self._lost.remove(track)
            track.see(hand, picture.timestamp)
        else:
            self._numbers += 1
            track = Track(self._numbers, hand)
            track.see(hand, picture.timestamp)
        self._held.append(track)


def _in_view(hand: Hand, image: Image) -> bool:
    """Whether most of the hand lies inside the picture: points outside are guesses."""
    height, width = image.shape[:2]
    flat = hand.points[:, :2]
    inside = (flat >= 0).all(axis=1) & (flat[:, 0] < width) & (flat[:, 1] < height)
    return float(inside.mean()) >= _LEAST_IN_VIEW
