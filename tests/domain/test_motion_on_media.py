"""The motion gate on real clips: a hand that waves opens it, a still scene does not."""

from __future__ import annotations

import av
import numpy as np
import pytest

from adapters.inference.local_weights import MEDIA, needs_media
from overshoot.domain.frame import Frame
from overshoot.domain.motion import MotionGate, MotionSettings

HANDS = MEDIA / "moving_hands"


@needs_media
@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("four_077f_still.mp4", False),
        ("four_077f_waving_hand.mp4", True),
        ("four_077f_updown.mp4", True),
        ("four_077f_clapping.mp4", True),
        ("none_00b8_pointing.mp4", True),
    ],
)
def test_hands_that_move_open_it(name: str, moves: bool) -> None:
    with av.open(str(HANDS / name)) as container:
        pictures = [
            np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            for frame in container.decode(video=0)
        ]
    frames = [Frame(each, index / 30, index) for index, each in enumerate(pictures)][::3]
    gate = MotionGate(MotionSettings())
    gate.answered(frames[:1], 0)
    opened = gate.opens_for(frames[1:], 0)
    assert opened == moves
