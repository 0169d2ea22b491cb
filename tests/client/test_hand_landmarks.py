"""Points of hands, drawn into frames and told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.inference.local_weights import MEDIA, needs_media, needs_networks
from overshoot import CameraSource, FrameError, ModelsMissingError
from overshoot.landmarks import FINGER_TIPS, HAND_CONNECTIONS, Hand, HandLandmarks, draw

GREEN, RED = (60, 200, 60), (40, 40, 220)
# Which hand is raised, as people see it who look at the pictures; none of them is mirrored.
RAISED = {
    "four_06aa": "left",
    "four_0c96": "right",
    "four_249c": "left",
    "rock_026f": "right",
    "rock_09a6": "right",
    "rock_0cc7": "right",
}


def fan(x: float, y: float, size: float) -> Hand:
    """Five straight fingers."""
    points = [(x, y)]
    for finger in range(5):
        for joint in range(1, 5):
            points.append((x + (finger - 2) * size / 5 * joint / 2, y - joint * size / 4))
    return Hand(tuple(points), 0.9, "left")


def canvas(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    return np.zeros((height, width, 3), np.uint8)


def still(name: str) -> NDArray[np.uint8]:
    (path,) = (MEDIA / "hands").glob(f"{name}*.jpg")
    return np.asarray(cv2.imread(str(path)), np.uint8)


def colour(frame: NDArray[np.uint8], point: tuple[float, float]) -> tuple[int, ...]:
    x, y = (round(each) for each in point)
    return tuple(int(part) for part in frame[y, x])


def test_each_point_is_marked_and_the_finger_tips_in_green() -> None:
    frame, hand = canvas(), fan(160, 200, 120)
    draw(frame, hand)
    assert {colour(frame, hand.points[tip]) for tip in FINGER_TIPS} == {GREEN}
    others = set(range(21)) - set(FINGER_TIPS)
    assert {colour(frame, hand.points[number]) for number in others} == {RED}


def test_connected_points_have_a_line_between_them() -> None:
    frame, hand = canvas(), fan(160, 200, 120)
    draw(frame, hand)
    for one, other in HAND_CONNECTIONS:
        (x0, y0), (x1, y1) = hand.points[one], hand.points[other]
        assert any(colour(frame, ((x0 + x1) / 2, (y0 + y1) / 2))), (one, other)


def test_the_connections_reach_every_point_once_and_make_one_hand() -> None:
    assert len(set(HAND_CONNECTIONS)) == len(HAND_CONNECTIONS) == 21
    reached = {0}
    for _ in HAND_CONNECTIONS:
        reached |= {b for a, b in HAND_CONNECTIONS if a in reached}
        reached |= {a for a, b in HAND_CONNECTIONS if b in reached}
    assert reached == set(range(21))


def test_points_beyond_the_edge_are_no_error() -> None:
    frame = canvas()
    draw(frame, Hand(tuple((1e9 * (-1) ** n, -1e12) for n in range(21)), 0.5, "right"))
    draw(frame, fan(0, 0, 5000))


def test_no_hand_draws_nothing() -> None:
    frame = canvas()
    draw(frame)
    assert not frame.any()


def test_missing_networks_are_said_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OVERSHOOT_CACHE_DIR", str(tmp_path))
    with pytest.raises(ModelsMissingError, match="overshoot models pull"):
        HandLandmarks()


@needs_networks
class TestWithTheNetworks:
    def test_it_is_a_frame_processor_and_leaves_a_picture_without_hands_alone(self) -> None:
        landmarks = HandLandmarks()
        assert CameraSource(frame_processor=landmarks).frame_processor is landmarks
        frame = canvas()
        assert not landmarks(frame).any()
        assert landmarks.detect(canvas(64, 2000)) == ()

    @pytest.mark.parametrize(
        "given",
        [
            "a frame",
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 4, 3), np.float32),
            np.zeros((0, 4, 3), np.uint8),
        ],
    )
    def test_what_is_no_frame_is_said_so(self, given: Any) -> None:
        landmarks = HandLandmarks()
        with pytest.raises(FrameError):
            landmarks(given)
        with pytest.raises(FrameError):
            landmarks.detect(given)

    @needs_media
    @pytest.mark.parametrize(("name", "which"), RAISED.items())
    def test_a_raised_hand_is_found_and_told_left_from_right(self, name: str, which: str) -> None:
        frame = still(name)
        (hand,) = HandLandmarks().detect(frame)
        assert len(hand.points) == 21
        assert hand.presence > 0.7
        assert hand.handedness == which
        mirrored = np.ascontiguousarray(frame[:, ::-1])
        (other,) = HandLandmarks().detect(mirrored)
        assert other.handedness != which

    @needs_media
    @pytest.mark.parametrize("name", ["four_0c96", "four_1162"])
    def test_the_finger_tips_of_a_raised_hand_are_marked(self, name: str) -> None:
        frame = still(name)
        (hand,) = HandLandmarks().detect(frame)
        for tip in FINGER_TIPS[1:]:
            assert hand.points[tip][1] < hand.points[0][1], "raised: above the wrist"
        drawn = HandLandmarks()(frame)
        assert drawn.shape == frame.shape
        assert {colour(drawn, hand.points[tip]) for tip in FINGER_TIPS} == {GREEN}

    @needs_media
    def test_points_are_in_pixels_of_the_frame_whatever_its_size(self) -> None:
        frame = still("four_0c96")
        height, width = frame.shape[:2]
        (hand,) = HandLandmarks().detect(frame)
        large = np.asarray(cv2.resize(frame, (2 * width, 2 * height)), np.uint8)
        (twice,) = HandLandmarks().detect(large)
        off = np.abs(np.array(twice.points) / 2 - np.array(hand.points)).max()
        size = np.ptp(np.array(hand.points), axis=0).max()
        assert off < 0.05 * size

    @needs_media
    def test_a_read_only_frame_is_copied_and_a_strided_one_too(self) -> None:
        frame = still("four_0c96")
        before = frame.copy()
        frame.flags.writeable = False
        landmarks = HandLandmarks()
        drawn = landmarks(frame)
        assert np.array_equal(frame, before)
        assert not np.array_equal(drawn, before)
        strided = np.repeat(before, 2, axis=1)[:, ::2]
        landmarks.reset()
        assert np.array_equal(landmarks(strided), drawn)

    @needs_media
    def test_a_hand_is_followed_and_forgotten(self) -> None:
        landmarks, frame = HandLandmarks(), still("four_1162")
        first = [landmarks.detect(frame)[0].points for _ in range(3)]
        assert np.ptp(np.array(first), axis=0).max() < 0.05 * frame.shape[1]
        assert landmarks.detect(np.zeros_like(frame)) == ()
        landmarks.reset()
        assert len(landmarks.detect(frame)) == 1

    @needs_media
    def test_threads_take_turns(self) -> None:
        landmarks, frame = HandLandmarks(), still("four_1162")
        found: list[int] = []

        def look() -> None:
            for _ in range(5):
                found.append(len(landmarks.detect(frame)))

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [1] * 20
