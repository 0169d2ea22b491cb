"""Are two hands clapping: the gap between them closes and opens again.

Experimental: hands that meet hide each other, so the moment of contact is inferred from where they
were just before. Tried on photographs set in motion only, never on a film of real clapping.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field, frozen

from overshoot.adapters.inference.local.gestures import ramp
from overshoot.adapters.inference.local.turns import turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.adapters.inference.local.hands import Track
    from overshoot.adapters.inference.local.landmarks import Hand
    from overshoot.adapters.inference.local.picture import Floats

WINDOW_S = 2.2
# Who claps claps again within this.
_STOPPED_AFTER_S = 0.6
# Hands that meet are seen as one for this long at most.
_HIDDEN_AT_MOST_S = 0.45
# All lengths in palms. Hands this close may touch before the next picture.
_MAY_TOUCH = 2.2
_TOUCHING = 0.4
_LEAST_SWING = 0.4
_LEAST_TURNS = 4
_LEAST_SEEN = 6


@frozen
class _Sample:
    """One picture: how far the hands were apart, and where each was if both were seen."""

    time: float
    gap: float
    places: Floats | None
    palm: float
    alike: float = 1.0


@define
class Clapping:
    """The last two seconds of two hands."""

    _samples: deque[_Sample] = field(factory=deque[_Sample])
    _seen_both: _Sample | None = None

    def add(self, time: float, held: Sequence[Track], camera: tuple[float, float]) -> None:
        """Note the hands of a picture. ``camera`` is how far it has shifted so far."""
        if len(held) == 2:  # noqa: PLR2004 - a pair
            sample = _apart(time, held[0].hand, held[1].hand, camera)
            self._seen_both = sample
        elif self._hidden(time):
            sample = _Sample(time, _TOUCHING, None, 1.0)
        else:
            if self._samples and time - self._samples[-1].time > _STOPPED_AFTER_S:
                self._samples.clear()
            return
        self._samples.append(sample)
        while time - self._samples[0].time > WINDOW_S:
            self._samples.popleft()

    def _hidden(self, time: float) -> bool:
        before = self._seen_both
        return (
            before is not None
            and before.gap < _MAY_TOUCH
            and time - before.time <= _HIDDEN_AT_MOST_S
        )

    def confidence(self) -> float:
        """0.0 to 1.0, that the hands clap now."""
        samples = list(self._samples)
        gaps = turns([s.gap for s in samples], _LEAST_SWING)
        both = [s for s in samples if s.places is not None]
        if len(gaps) < _LEAST_TURNS or len(both) < _LEAST_SEEN:
            return 0.0
        swings = [abs(samples[b].gap - samples[a].gap) for a, b in pairwise(gaps)]
        closed = [min(samples[a].gap, samples[b].gap) for a, b in pairwise(gaps)]
        pace = [samples[b].time - samples[a].time for a, b in pairwise(gaps)]
        since = samples[-1].time - samples[gaps[-1]].time
        return min(
            ramp(float(np.median(swings)), 0.4, 0.9),
            ramp(float(np.max(closed)), 1.6, 1.1),
            ramp(float(np.median(pace)), 0.7, 0.5),
            ramp(since, 2 * _STOPPED_AFTER_S, _STOPPED_AFTER_S),
            ramp(float(np.median([s.alike for s in both])), 0.45, 0.7),
            *_both_move(both),
        )


def _apart(time: float, one: Hand, other: Hand, camera: tuple[float, float]) -> _Sample:
    palm = max(one.palm, other.palm)
    hands = sorted((one, other), key=lambda hand: float(hand.points[:, 0].mean()))
    places = np.array([hand.points[:, :2].mean(axis=0) - camera for hand in hands])
    gap = float(np.hypot(*(places[1] - places[0]))) / palm
    return _Sample(time, gap, places, palm, min(one.palm, other.palm) / palm)


def _both_move(both: Sequence[_Sample]) -> tuple[float, float]:
    """Whether each hand does its part, and whether they move towards each other."""
    palm = float(np.median([s.palm for s in both]))
    places = np.array([s.places for s in both]) / palm
    x = places[:, :, 0]
    own = np.percentile(x, 90, axis=0) - np.percentile(x, 10, axis=0)
    between = places[:, 1] - places[:, 0]
    swing = np.percentile(between, 90, axis=0) - np.percentile(between, 10, axis=0)
    share = float(own.min() / max(float(own.max()), 1e-6))
    return ramp(share, 0.3, 0.6), ramp(float(swing[0] / max(float(swing[1]), 1e-6)), 0.8, 1.5)
