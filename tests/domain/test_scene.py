from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot.domain.frame_number import NUMBER_BITS, frame_number_cells, read_frame_number
from overshoot.domain.scene import DARK_LIGHT, Scene, region_of
from overshoot.errors import ConfigurationError

seeds = st.integers(-(2**31), 2**31)


@given(seed=seeds, index=st.integers(0, 10**6))
def test_the_same_seed_gives_the_same_truth(seed: int, index: int) -> None:
    assert Scene(seed=seed).at(index) == Scene(seed=seed).at(index)


def test_seeds_give_different_scenes() -> None:
    scenes = {tuple(shape.name for shape in Scene(seed=seed).at(0).shapes) for seed in range(30)}
    assert len(scenes) > 15


@given(seed=seeds, fps=st.floats(1, 120), index=st.integers(0, 5000))
def test_at_most_one_thing_happens_at_a_time(seed: int, fps: float, index: int) -> None:
    truth = Scene(fps=fps, seed=seed).at(index)
    assert (truth.moving is not None) == (truth.phase == "moving")
    assert [s for s in truth.shapes if s.direction] == ([truth.moving] if truth.moving else [])
    assert (truth.light == 1) or truth.phase in ("dimming", "dark", "brightening")
    assert DARK_LIGHT <= truth.light <= 1
    assert truth.timestamp == pytest.approx(index / fps)


@given(seed=seeds, index=st.integers(0, 3000))
def test_shapes_stay_in_the_picture_clear_of_code_and_strip(seed: int, index: int) -> None:
    for size in ((640, 480), (1920, 1080), (480, 640), (160, 120)):
        scene = Scene(*size, seed=seed)
        side, box = min(size), scene.qr_box
        boxes = []
        for shape in scene.at(index).shapes:
            across, down = shape.radius * side / size[0], shape.radius * side / size[1]
            left, right = shape.x - across, shape.x + across
            top, bottom = shape.y - down, shape.y + down
            assert left >= 0
            assert right <= 1
            assert top >= 0
            assert bottom <= 1 - 2 / 36
            assert right < box.left or bottom < box.top
            boxes.append((left, top, right, bottom))
        for number, one in enumerate(boxes):
            for other in boxes[number + 1 :]:
                apart = (
                    one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
                )
                assert apart, "shapes must not cover each other"


@given(seed=seeds)
def test_movement_is_steady_and_fast_enough_to_see(seed: int) -> None:
    scene = Scene(fps=15, seed=seed)
    before = scene.at(0)
    for index in range(1, round(2.2 * scene.cycle_seconds * scene.fps)):
        truth = scene.at(index)
        for earlier, shape in zip(before.shapes, truth.shapes, strict=True):
            step_x, step_y = shape.x - earlier.x, shape.y - earlier.y
            if shape.direction and earlier.direction:
                assert step_x == pytest.approx(shape.velocity_x / scene.fps)
                assert step_y == pytest.approx(shape.velocity_y / scene.fps)
                widths = np.hypot(shape.velocity_x, shape.velocity_y * scene.height / scene.width)
                assert widths > 0.05
            elif not shape.direction and not earlier.direction:
                assert (step_x, step_y) == (0, 0)
            assert abs(step_x) + abs(step_y) < 0.05, "nothing jumps"
        before = truth


def test_every_shape_moves_once_in_a_cycle_and_back_in_the_next() -> None:
    scene = Scene(seed=5)
    ways: list[list[str]] = []
    for cycle in range(2):
        start = cycle * scene.cycle_seconds
        way = []
        for phase in scene.script:
            middle = start + phase.start_seconds + phase.seconds / 2
            moving = scene.at(round(middle * scene.fps)).moving
            if moving is not None:
                way.append(str(moving.direction))
        ways.append(way)
    opposite = {"left": "right", "right": "left", "up": "down", "down": "up"}
    assert len(ways[0]) == 3
    assert [opposite[way] for way in ways[0]] == ways[1]


def test_the_script_has_pauses_between_all_that_happens() -> None:
    kinds = [phase.kind for phase in Scene().script]
    assert kinds == ["still", "moving"] * 3 + ["still", "dimming", "dark", "brightening"]
    assert all(phase.seconds >= 1 for phase in Scene().script)


def test_light_falls_and_rises_without_a_jump() -> None:
    scene = Scene(fps=30)
    light = [scene.at(index).light for index in range(round(2 * scene.cycle_seconds * 30))]
    assert min(light) == pytest.approx(DARK_LIGHT)
    assert np.abs(np.diff(light)).max() < 0.03


@pytest.mark.parametrize(
    ("x", "y", "region"),
    [
        (0.0, 0.0, "top left"),
        (0.5, 0.1, "top"),
        (0.9, 0.5, "right"),
        (0.5, 0.5, "centre"),
        (1.0, 1.0, "bottom right"),
        (0.2, 0.7, "bottom left"),
    ],
)
def test_regions_are_ninths(x: float, y: float, region: str) -> None:
    assert region_of(x, y) == region


def test_wrong_values_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        Scene(width=0)
    with pytest.raises(ConfigurationError):
        Scene(fps=0)
    with pytest.raises(ConfigurationError):
        Scene().at(-1)


def painted(number: int, width: int = 400, height: int = 360) -> np.ndarray:
    picture = np.full((height, width, 3), 90, dtype=np.uint8)
    cell = height // 36
    for row, cells in enumerate(frame_number_cells(number)):
        for column, bit in enumerate(cells):
            top, left = height - (2 - row) * cell, column * width // 20
            picture[top : top + cell, left : left + width // 20] = 255 * bit
    return picture


numbers = st.integers(0, 2**NUMBER_BITS - 1)


@given(number=numbers)
def test_a_number_is_read_back(number: int) -> None:
    assert read_frame_number(painted(number)) == number
    assert read_frame_number(painted(number)[:, :, 0]) == number


@given(number=numbers)
def test_neighbours_differ_in_four_cells(number: int) -> None:
    one, other = (sum(frame_number_cells(value), ()) for value in (number, number + 1))
    assert sum(a != b for a, b in zip(one, other, strict=True)) == 4


@given(
    number=numbers,
    wrong=st.sets(st.tuples(st.integers(0, 1), st.integers(0, 19)), min_size=1, max_size=3),
)
def test_up_to_three_wrong_cells_are_noticed(number: int, wrong: set[tuple[int, int]]) -> None:
    picture = painted(number)
    for row, column in wrong:
        cell = picture[340 + row * 10 : 350 + row * 10, column * 20 : column * 20 + 20]
        cell[:] = 255 - cell
    assert read_frame_number(picture) is None


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 90), height=st.integers(1, 90))
def test_a_picture_without_a_number_has_none(seed: int, width: int, height: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert read_frame_number(noise) is None
    assert read_frame_number(np.full((height, width, 3), seed % 256, dtype=np.uint8)) is None


def test_no_picture_has_no_number() -> None:
    assert read_frame_number(np.zeros((0, 0, 3), dtype=np.uint8)) is None
    assert read_frame_number(np.zeros(7, dtype=np.uint8)) is None
