"""What is said of drawn scenes, against their truth."""

from __future__ import annotations

from math import cos, radians, sin
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from adapters.inference.drawn import (
    HEIGHT,
    WIDTH,
    flat,
    frames_of,
    jpeg,
    noisy,
    textured,
    through_h264,
    watched,
    with_disc,
)
from overshoot.adapters.inference.local.codes import qr_texts
from overshoot.adapters.inference.local.summary import summed_up
from overshoot.adapters.inference.local.vocabulary import REGIONS, Subject, Word
from overshoot.adapters.inference.local.watcher import Watcher
from overshoot.domain.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WAYS = {
    Word.MOVING_RIGHT: 0,
    Word.MOVING_DOWN: 90,
    Word.MOVING_LEFT: 180,
    Word.MOVING_UP: 270,
}


def moving_disc(
    background: NDArray[np.uint8],
    degrees: float,
    fps: float,
    speed: float = 75,
    seconds: float = 2.6,
) -> Iterator[NDArray[np.uint8]]:
    """A disc that passes the middle half way through, at so many pixels a second."""
    for i in range(int(seconds * fps) + 1):
        way = speed * (i / fps - seconds / 2)
        yield with_disc(
            background,
            WIDTH / 2 + way * cos(radians(degrees)),
            HEIGHT / 2 + way * sin(radians(degrees)),
        )


@pytest.mark.parametrize("fps", [3, 5, 8, 15])
@pytest.mark.parametrize("way", WAYS)
def test_direction_of_a_disc(way: Word, fps: int) -> None:
    clip_s = 1.1 if fps < 5 else 0.7
    said = watched(frames_of(noisy(moving_disc(flat(), WAYS[way], fps)), fps), clip_s)
    motions = [each.motion for each in said]
    assert all(motion is not None and motion.amount != "no" for motion in motions)
    ways = [motion.ways for motion in motions if motion is not None]
    assert all(told in {(), (way,)} for told in ways)
    assert ways[-1] == (way,)


@pytest.mark.parametrize("fps", [5, 15])
@pytest.mark.parametrize("way", WAYS)
def test_direction_over_texture_through_a_real_encoder(way: Word, fps: int) -> None:
    encoded = through_h264(moving_disc(textured(), WAYS[way], fps), fps, 300_000)
    said = watched(frames_of(encoded, fps))
    motions = [each.motion for each in said if each.motion is not None]
    assert motions[-1].ways == (way,)
    assert all(each.camera is None or each.camera[0] is Word.CAMERA_STILL for each in said)


@pytest.mark.parametrize("fps", [4, 12])
@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
def test_region_of_a_wobbling_disc(row: int, column: int, fps: int) -> None:
    x, y = (column + 0.5) * WIDTH / 3, (row + 0.5) * HEIGHT / 3
    images = (with_disc(flat(), x + 6 * sin(11 * i / fps), y) for i in range(2 * fps))
    for said in watched(frames_of(jpeg(images), fps)):
        assert said.motion is not None
        assert said.motion.region is REGIONS[row][column]


@pytest.mark.parametrize("fps", [3, 8, 15])
def test_nothing_moves_in_coding_noise(fps: int) -> None:
    still = (textured() for _ in range(2 * fps))
    for said in watched(frames_of(jpeg(noisy(still, 4.0)), fps)):
        assert said.motion is not None
        assert said.motion.amount == "no"
        assert said.camera is not None
        assert said.camera[0] is Word.CAMERA_STILL


def test_nothing_moves_in_a_still_scene_through_a_real_encoder() -> None:
    still = (with_disc(textured(), 100, 100) for _ in range(45))
    for said in watched(frames_of(through_h264(still, 15, 150_000), 15)):
        assert said.motion is not None
        assert said.motion.amount == "no"


@pytest.mark.parametrize("fps", [5, 15])
@pytest.mark.parametrize(
    ("dx", "dy", "word"),
    [
        (1, 0, Word.PAN_RIGHT),
        (-1, 0, Word.PAN_LEFT),
        (0, 1, Word.TILT_DOWN),
        (0, -1, Word.TILT_UP),
    ],
)
def test_camera_pan_is_no_motion_of_things(dx: int, dy: int, word: Word, fps: int) -> None:
    world = textured(3 * WIDTH, 3 * HEIGHT)
    images: list[NDArray[np.uint8]] = []
    for i in range(2 * fps):
        x, y = WIDTH + round(dx * 60 * i / fps), HEIGHT + round(dy * 60 * i / fps)
        images.append(world[y : y + HEIGHT, x : x + WIDTH])
    for said in watched(frames_of(jpeg(images, 60), fps)):
        assert said.camera is not None
        assert said.camera[0] is word
        assert said.motion is not None
        assert said.motion.amount == "no"


def test_a_disc_is_seen_while_the_camera_pans() -> None:
    world = textured(3 * WIDTH, HEIGHT)
    images = [
        with_disc(world[:, 100 + 5 * i : 100 + 5 * i + WIDTH], 160, 60 + 5 * i, 20)
        for i in range(24)
    ]
    said = watched(frames_of(noisy(images), 12))
    assert all(each.camera is not None and each.camera[0] is Word.PAN_RIGHT for each in said)
    assert all(each.motion is not None and each.motion.amount != "no" for each in said)


def test_shaking_is_no_pan() -> None:
    world = textured(2 * WIDTH, 2 * HEIGHT)
    images = [
        world[50 : 50 + HEIGHT, 60 + 8 * (i % 2) : 60 + 8 * (i % 2) + WIDTH] for i in range(24)
    ]
    assert {each.camera[0] for each in watched(frames_of(images, 12)) if each.camera} == {
        Word.SHAKING
    }


def test_a_cut_is_neither_motion_nor_pan() -> None:
    images = [textured(seed=1)] * 9 + [textured(seed=2)] * 9
    said = watched(frames_of(images, 12))
    assert any(each.cut for each in said)
    assert all(each.motion is None or each.motion.amount == "no" for each in said)
    assert all(each.camera is None or each.camera[0] is Word.CAMERA_STILL for each in said)


def test_one_picture_shows_no_motion_and_does_not_deny_it() -> None:
    watcher, frames = Watcher(lambda: None), frames_of([textured()], 1)
    watcher.look(frames)
    clip, history, look = watcher.seen(frames)
    said = summed_up(clip, history, look)
    assert said.motion is None
    assert said.camera is None
    assert {Subject.MOTION, Subject.DIRECTION, Subject.CAMERA} <= said.untold()


@pytest.mark.parametrize(
    ("level", "word"),
    [(15, Word.DARK), (65, Word.DIM), (120, Word.NORMAL_LIGHT), (215, Word.BRIGHT)],
)
def test_light(level: int, word: Word) -> None:
    assert [each.light for each in watched(frames_of([flat(level)] * 9, 8))] == [word]


@pytest.mark.parametrize("way", [1, -1])
def test_light_that_changes_is_no_motion(way: int) -> None:
    scene = textured().astype(np.float64)
    images = [
        np.clip(scene * (0.6 + way * 0.02 * (i - 12)), 0, 255).astype(np.uint8) for i in range(25)
    ]
    said = watched(frames_of(noisy(images), 12), clip_s=1.0)[-1]
    assert said.light_change is not None
    assert said.light_change[0] is (Word.BRIGHTER if way > 0 else Word.DARKER)
    assert said.motion is not None
    assert said.motion.amount == "no"


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("fps", [3, 5])
def test_light_that_fades_between_pictures_far_apart_is_no_motion(fps: int, way: int) -> None:
    scene = flat(60).astype(np.float64)
    scene[40:90, 40:110] = 240  # Fades by more levels than what is round it.
    steps = range(2 * fps + 1)[::way]
    images: list[NDArray[np.uint8]] = [
        np.clip(scene * (0.3 + 0.35 * step / fps), 0, 255).astype(np.uint8) for step in steps
    ]
    said = watched(frames_of(noisy(images, 1.0), fps), clip_s=1.0)
    assert [each.motion.amount for each in said if each.motion is not None] == ["no", "no"]


def test_a_bright_thing_that_comes_in_is_no_change_of_light() -> None:
    images = []
    for i in range(24):
        image = textured()
        image[60:180, max(0, 12 * i - 120) : 12 * i] = 255
        images.append(image)
    assert all(each.light_change is None for each in watched(frames_of(images, 12)))


@pytest.mark.parametrize(
    ("bgr", "word"),
    [
        ((30, 30, 200), Word.RED),
        ((30, 140, 245), Word.ORANGE),
        ((40, 70, 110), Word.BROWN),
        ((40, 220, 235), Word.YELLOW),
        ((50, 160, 50), Word.GREEN),
        ((200, 200, 40), Word.CYAN),
        ((200, 80, 30), Word.BLUE),
        ((170, 40, 120), Word.PURPLE),
        ((190, 110, 245), Word.PINK),
        ((20, 20, 20), Word.BLACK),
        ((128, 128, 128), Word.GRAY),
        ((245, 245, 245), Word.WHITE),
    ],
)
@pytest.mark.parametrize("order", ["bgr", "rgb"])
def test_colour(bgr: tuple[int, int, int], word: Word, order: str) -> None:
    image = np.full((120, 160, 3), bgr if order == "bgr" else bgr[::-1], np.uint8)
    frames = [Frame(image, i / 8, i, order="bgr" if order == "bgr" else "rgb") for i in range(9)]
    assert [colour for colour, _ in watched(frames)[-1].colours] == [word]


def qr_frame(text: str, angle: float = 0.0) -> Frame:
    code = np.asarray(cv2.QRCodeEncoder.create().encode(text), dtype=np.uint8)
    code = np.asarray(cv2.resize(code, (150, 150), interpolation=cv2.INTER_NEAREST), np.uint8)
    canvas = np.full((HEIGHT, WIDTH), 230, np.uint8)
    canvas[45:195, 85:235] = code
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), angle, 1.0)
    turned = cv2.warpAffine(canvas, turn, (WIDTH, HEIGHT), borderValue=(230,))
    return Frame(np.repeat(np.asarray(turned, np.uint8)[..., None], 3, axis=2), 0.0, 0)


@pytest.mark.parametrize("angle", [0, 20, 90, 180])
def test_qr_text(angle: float) -> None:
    frame = qr_frame("overshoot frame 42", angle)
    blurred = next(jpeg([frame.pixels], 50))
    assert qr_texts(Frame(blurred, 0.0, 0)) == ("overshoot frame 42",)


def test_no_qr_code_is_read_out_of_texture() -> None:
    assert qr_texts(Frame(textured(), 0.0, 0)) == ()
