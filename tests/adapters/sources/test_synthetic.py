from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overshoot.adapters.sources.synthetic import ScenePainter, SyntheticScene
from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.scene import Scene
from overshoot.domain.source import SyntheticSource
from overshoot.testing.contracts.source import MakeSource, SourceContract, opened, read_up_to


class TestSyntheticScene(SourceContract):
    @pytest.fixture
    def make_source(self) -> MakeSource:
        spec = SyntheticSource(width=160, height=120, duration_seconds=2, fps=10)
        return lambda: (SyntheticScene(spec), 20)


class TestSyntheticSceneWithoutEnd(SourceContract):
    @pytest.fixture
    def make_source(self) -> MakeSource:
        return lambda: (SyntheticScene(SyntheticSource(width=160, height=120)), None)


seeds = st.integers(-(2**31) + 1, 2**31 - 1)
sizes = st.tuples(st.integers(80, 400), st.integers(60, 300)).map(lambda s: (s[0] * 2, s[1] * 2))


@settings(max_examples=20, deadline=None)
@given(seed=seeds, size=sizes, start=st.integers(0, 10_000))
def test_the_same_specification_gives_the_same_bytes(
    seed: int, size: tuple[int, int], start: int
) -> None:
    scene = Scene(*size, seed=seed)
    one, other = ScenePainter(scene), ScenePainter(Scene(*size, seed=seed))
    for index in (start, start + 1, start + 90):
        picture = one.paint(scene.at(index))
        assert picture.shape == (size[1], size[0], 3)
        np.testing.assert_array_equal(picture, other.paint(scene.at(index)))


@settings(max_examples=40, deadline=None)
@given(
    seed=seeds,
    size=sizes,
    index=st.integers(0, 2**24 - 1),
    seen_as=st.tuples(st.integers(160, 900), st.integers(120, 700)),
    quality=st.integers(35, 100),
)
def test_the_number_survives_rescaling_and_jpeg(
    seed: int, size: tuple[int, int], index: int, seen_as: tuple[int, int], quality: int
) -> None:
    scene = Scene(*size, seed=seed)
    picture = ScenePainter(scene).paint(scene.at(index))
    seen = cv2.resize(picture, seen_as, interpolation=cv2.INTER_AREA)
    good, data = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert good
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    assert read_frame_number(decoded.astype(np.uint8)) == index


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (320, 240)])
@pytest.mark.parametrize("seed", [0, 7, 42])
def test_the_qr_code_says_its_text_in_any_light(size: tuple[int, int], seed: int) -> None:
    scene = Scene(*size, seed=seed)
    painter = ScenePainter(scene)
    for phase in scene.script:
        truth = scene.at(round((phase.start_seconds + phase.seconds / 2) * scene.fps))
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(painter.paint(truth))
        assert text == truth.qr_text


@pytest.mark.parametrize("seed", range(6))
def test_what_is_painted_is_what_the_truth_says(seed: int) -> None:
    scene = Scene(seed=seed)
    painter = ScenePainter(scene)
    channel = {"blue": [0], "green": [1], "red": [2], "yellow": [1, 2]}
    for index in range(0, round(2 * scene.cycle_seconds * scene.fps), 7):
        truth = scene.at(index)
        picture = painter.paint(truth)
        for shape in truth.shapes:
            x, y = int(shape.x * scene.width), int(shape.y * scene.height)
            value = picture[y, x].astype(int)
            strong = channel[shape.colour]
            weak = [place for place in range(3) if place not in strong]
            assert value[strong].min() > 1.5 * value[weak].max(), (index, shape.name, value)


def test_brightness_follows_the_light() -> None:
    scene = Scene()
    painter = ScenePainter(scene)
    bright = painter.paint(scene.at(0)).mean()
    for index in range(0, round(scene.cycle_seconds * scene.fps), 5):
        truth = scene.at(index)
        assert painter.paint(truth).mean() == pytest.approx(bright * truth.light, rel=0.05)


def test_only_the_moving_shape_and_the_number_change() -> None:
    scene = Scene(seed=3)
    painter = ScenePainter(scene)
    for index in range(round(scene.script[-3].start_seconds * scene.fps) - 1):
        truth, later = scene.at(index), scene.at(index + 1)
        changed = (painter.paint(truth) != painter.paint(later)).any(axis=2)
        strip = round(scene.height * 17 / 18)
        assert changed[strip:].mean() < 0.11  # Four cells of forty.
        if truth.moving is None and later.moving is None:
            assert not changed[:strip].any()
        elif truth.moving is not None and later.moving is not None:
            rows, columns = np.nonzero(changed[:strip])
            reach = truth.moving.radius * min(scene.width, scene.height) + 8
            assert abs(columns - truth.moving.x * scene.width).max() < reach + 20
            assert abs(rows - truth.moving.y * scene.height).max() < reach + 20


def test_a_duration_ends_it() -> None:
    spec = SyntheticSource(duration_seconds=1.0, fps=15, width=160, height=120)
    with opened(SyntheticScene(spec)) as source:
        frames = read_up_to(source, 100)
    assert len(frames) == 15
    assert [read_frame_number(frame.pixels) for frame in frames] == list(range(15))
