"""What is said of real hands and films; needs the networks and the clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from adapters.inference.local_weights import MEDIA, needs_media, needs_networks
from overshoot.adapters.inference.local import LocalBackend
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [needs_media, needs_networks]
GESTURES = {"waving hand", "thumbs up", "thumbs down", "pointing", "open hand", "fist", "victory"}
THUMBS_DOWN = ("none_00c8", "none_00af", "none_0a4a")
POINTING = ("none_0a0e", "none_0a71")
# Both hands are 12 to 20 pixels tall or in the dark, and are not found.
NOT_FOUND = ("four_07a5", "call_172b")
# The other hand, open, rests on a table or holds an arm.
OPEN_TOO = ("call_17d8", "none_00c8")


@pytest.fixture
async def backend() -> AsyncIterator[LocalBackend]:
    backend = LocalBackend()
    yield backend
    await backend.close()


def stills() -> list[Path]:
    return sorted((MEDIA / "hands").glob("*.jpg"))


def still(path: Path, fps: float = 6.0) -> list[Frame]:
    image = np.asarray(cv2.imread(str(path)), dtype=np.uint8)
    return [Frame(image, i / fps, i) for i in range(int(fps))]


def film(path: Path, rate: float) -> list[Frame]:
    capture = cv2.VideoCapture(str(path))
    fps, frames, due = capture.get(cv2.CAP_PROP_FPS), list[Frame](), 0.0
    for index in range(10_000):
        there, image = capture.read()
        if not there:
            break
        if index / fps >= due - 1e-6:
            frames.append(Frame(np.asarray(image, dtype=np.uint8), index / fps, index))
            due += 1 / rate
    capture.release()
    return frames


async def said(backend: LocalBackend, frames: list[Frame], clip_s: float) -> list[dict[str, float]]:
    session = await backend.start_session("any")
    answers: list[dict[str, float]] = []
    end = clip_s
    while end <= frames[-1].timestamp + 0.2:
        clip = tuple(f for f in frames if end - clip_s - 1e-6 <= f.timestamp <= end + 1e-6)
        answer = await session.infer(InferenceRequest("Describe what you see", "any", clip))
        answers.append(dict(answer.detected))
        end += clip_s
    await session.close()
    return answers


def expected(name: str) -> set[str]:
    if name.startswith(NOT_FOUND):
        return set()
    found = {"open hand"} if name.startswith(("four_", *OPEN_TOO)) else set[str]()
    if name.startswith(THUMBS_DOWN):
        found |= {"thumbs down"}
    if name.startswith(POINTING):
        found |= {"pointing"}
    return found


@pytest.mark.parametrize("path", stills(), ids=lambda path: path.name[:9])
async def test_still(backend: LocalBackend, path: Path) -> None:
    last = (await said(backend, still(path), 0.8))[-1]
    assert set(last) & GESTURES == expected(path.name)
    assert ("hand" in last) == (not path.name.startswith(NOT_FOUND))
    assert "motion" not in last
    assert "camera still" in last


@pytest.mark.parametrize("rate", [12, 3])
@pytest.mark.parametrize(
    ("name", "always", "never"),
    [
        ("four_077f_waving_hand", {"open hand", "motion"}, {"camera shaking"}),
        ("four_077f_clapping", {"open hand", "motion"}, {"waving hand"}),
        ("four_077f_still", {"open hand", "camera still"}, {"waving hand", "motion"}),
        ("four_077f_updown", {"open hand", "motion"}, {"waving hand", "camera shaking"}),
        ("four_077f_pan", {"open hand", "camera moving"}, {"waving hand", "motion"}),
        ("none_00b8_pointing", {"pointing"}, {"waving hand", "open hand"}),
    ],
)
async def test_moving_hand(
    backend: LocalBackend, name: str, always: set[str], never: set[str], rate: int
) -> None:
    answers = await said(backend, film(MEDIA / "moving_hands" / f"{name}.mp4", rate), 1.0)
    for answer in answers:
        assert always <= set(answer)
        assert not never & set(answer)
        assert len(GESTURES & set(answer) - {"waving hand"}) == 1
    if name.endswith("waving_hand"):
        assert all("waving hand" in answer for answer in answers[2 if rate < 5 else 1 :])


@pytest.mark.parametrize("rate", [8, 3])
@pytest.mark.parametrize("name", ["bigbuckbunny", "bikes", "carphone", "carphone_distorted"])
async def test_films_without_hands(backend: LocalBackend, name: str, rate: int) -> None:
    answers = await said(backend, film(MEDIA / "clips" / f"{name}.mp4", rate), 1.0)
    assert not any({*GESTURES, "hand", "QR code"} & set(answer) for answer in answers)
    assert sum("motion" in answer for answer in answers) >= 0.6 * len(answers)
    if name != "bikes":
        assert not any("camera moving" in answer for answer in answers)


async def test_the_bus_of_the_street_film_moves_down(backend: LocalBackend) -> None:
    answers = await said(backend, film(MEDIA / "clips" / "bikes.mp4", 12)[:13], 0.5)
    assert all("moving down" in answer for answer in answers)
