from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.frame import Frame
from overshoot.domain.motion import MotionGate, MotionSettings, luma_grid

QUESTION = (0, 0)


def frame(index: int, *, square: int | None = None, level: int = 90) -> Frame:
    pixels = np.full((240, 320, 3), level, np.uint8)
    if square is not None:
        pixels[100:140, square : square + 40] = 200
    return Frame(pixels, index / 5, index)


def clip(first: int, **changes: Any) -> list[Frame]:
    return [frame(index, **changes) for index in range(first, first + 5)]


def gate(**settings: Any) -> MotionGate:
    asked = MotionGate(MotionSettings(**settings))
    assert asked.opens_for(clip(0), QUESTION)
    asked.answered(clip(0), QUESTION)
    return asked


@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.tuples(*[st.integers(0, 255)] * 3),
    st.sampled_from(["bgr", "rgb"]),
)
def test_a_plain_picture_has_its_luma_in_every_cell(
    width: int, height: int, colour: Any, order: Any
) -> None:
    pixels = np.full((height, width, 3), colour, np.uint8)
    grid = luma_grid(Frame(pixels, 0.0, 0, order))
    red, green, blue = colour if order == "rgb" else colour[::-1]
    assert grid.shape[0] <= 12
    assert grid.shape[1] <= 16
    assert np.allclose(grid, 0.299 * red + 0.587 * green + 0.114 * blue, atol=0.01)


def test_cells_are_where_they_are_in_the_picture() -> None:
    grid = luma_grid(frame(0, square=160))
    assert grid.shape == (12, 16)
    assert divmod(int(grid.argmax()), 16) in {(5, 8), (5, 9), (6, 8), (6, 9)}


def test_a_still_scene_stays_shut_and_noise_is_no_motion() -> None:
    asked = gate()
    generator = np.random.default_rng(5)
    for first in range(5, 100, 5):
        noisy = [
            evolve(
                each, pixels=(each.pixels + generator.normal(0, 6, each.pixels.shape)).astype("u1")
            )
            for each in clip(first)
        ]
        assert not asked.opens_for(noisy, QUESTION)


def test_one_frame_of_motion_opens_it() -> None:
    asked = gate()
    moved = clip(5)
    moved[2] = frame(7, square=100)
    assert asked.opens_for(moved, QUESTION)


def test_slow_changes_add_up() -> None:
    asked = gate(threshold=5.0)
    levels = [91, 92, 93, 94]
    for turn, level in enumerate(levels):
        assert not asked.opens_for(clip(5 + 5 * turn, level=level), QUESTION)
    assert asked.opens_for(clip(30, level=96), QUESTION)


def test_another_question_opens_it() -> None:
    asked = gate()
    assert asked.opens_for(clip(5), (1, 0))
    assert asked.opens_for(clip(5), (0, 1))
    assert not asked.opens_for(clip(5), QUESTION)


def test_it_opens_again_after_the_refresh_time() -> None:
    asked = gate(refresh_seconds=3.0)
    assert not asked.opens_for(clip(10), QUESTION)
    assert asked.opens_for(clip(15), QUESTION)
    asked.answered(clip(15), QUESTION)
    assert not asked.opens_for(clip(20), QUESTION)


def test_a_failure_is_never_repeated() -> None:
    asked = gate()
    asked.failed()
    assert asked.opens_for(clip(5), QUESTION)


def test_frames_an_answer_knows_already_do_not_open_it() -> None:
    asked = MotionGate(MotionSettings())
    moving = [frame(index, square=10 * index) for index in range(5)]
    asked.answered(moving, QUESTION)
    still = [*moving[2:], *(frame(index, square=40) for index in range(5, 8))]
    assert not asked.opens_for(still, QUESTION)


@pytest.mark.parametrize("shape", [(240, 8, 3), (120, 160, 3)])
def test_another_size_of_the_same_scene(shape: Any) -> None:
    asked = gate()
    small = [Frame(np.full(shape, 90, np.uint8), 1.2, 6)]
    assert asked.opens_for(small, QUESTION) == (shape[1] < 16)
