"""Is a hand being waved: turns of the finger tips from side to side."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from math import cos
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field, frozen

from overshoot.adapters.inference.local.gestures import TIPS, gestures, ramp
from overshoot.adapters.inference.local.turns import turns
from overshoot.adapters.inference.local.vocabulary import Word

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.landmarks import Hand

WINDOW_S = 2.2
# Between two pictures further apart a whole swing goes unseen.
_MOST_GAP_S = 0.5
# Someone who stopped is no longer waving.
_STOPPED_AFTER_S = 0.7
_LEAST_SWING = 0.2
_LEAST_TURNS = 3


@frozen
class _Sample:
    time: float
    x: float
    y: float
    palm: float
    upright: float
    is_open: float
    alone: float


@define
class Waving:
    """The last two seconds of one hand, in pixels, the camera's motion taken out."""

    _samples: deque[_Sample] = field(factory=deque[_Sample])

    def add(self, time: float, hand: Hand, camera: tuple[float, float], others: list[Hand]) -> None:
        """Note a hand. ``camera`` is how far the picture has shifted so far, in its pixels."""
        if self._samples and time - self._samples[-1].time > _MOST_GAP_S:
            self._samples.clear()
        tips = hand.points[TIPS, :2].mean(axis=0)
        self._samples.append(
            _Sample(
                time=time,
                x=float(tips[0] - camera[0]),
                y=float(tips[1] - camera[1]),
                palm=hand.palm,
                upright=cos(hand.square().angle),
                is_open=gestures(hand.points)[Word.OPEN_HAND],
                alone=hand.nearest(others),
            )
        )
        while time - self._samples[0].time > WINDOW_S:
            self._samples.popleft()

    def confidence(self) -> float:
        """0.0 to 1.0, that the hand is being waved now."""
        samples = list(self._samples)
        # One length for all: what jitters from picture to picture is the palm, not the place.
        palm = float(np.median([s.palm for s in samples])) if samples else 1.0
        turned = [samples[i] for i in turns([s.x for s in samples], _LEAST_SWING * palm)]
        if len(turned) < _LEAST_TURNS:
            return 0.0
        swings = [abs(b.x - a.x) / palm for a, b in pairwise(turned)]
        pace = [b.time - a.time for a, b in pairwise(turned)]
        since = samples[-1].time - turned[-1].time
        swing = float(np.median(swings))
        sideways = float(np.ptp([s.x for s in samples]))
        upwards = float(np.ptp([s.y for s in samples]))
        return min(
            ramp(swing, 0.25, 0.6),
            ramp(float(np.median([s.upright for s in samples])), 0.5, 0.8),
            ramp(float(np.median([s.is_open for s in samples])), 0.2, 0.7),
            ramp(sideways / max(upwards, 1e-6), 0.9, 1.5),
            ramp(float(np.median(pace)), 0.9, 0.65),
            ramp(since, 2 * _STOPPED_AFTER_S, _STOPPED_AFTER_S),
            # Two hands that meet are clapping, or washing.
            ramp(float(np.min([s.alone for s in samples])), 1.5, 2.2),
        )
