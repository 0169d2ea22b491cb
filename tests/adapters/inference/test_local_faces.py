"""Near faces: how a network's numbers become boxes, which are told, and what is said of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from adapters.inference.local_weights import MEDIA, needs_media, needs_networks
from adapters.inference.test_local_on_media import film
from overshoot.adapters.inference.local import LocalBackend
from overshoot.adapters.inference.local.asking import asked_in
from overshoot.adapters.inference.local.boxes import BoxDetector
from overshoot.adapters.inference.local.faces import Face, FaceDetector, faces_in
from overshoot.adapters.inference.local.observation import Faces
from overshoot.adapters.inference.local.vocabulary import Word
from overshoot.adapters.inference.local.watcher import Record
from overshoot.domain.inference import InferenceRequest

if TYPE_CHECKING:
    from overshoot.adapters.inference.local.picture import Floats, Image
    from overshoot.domain.frame import Frame

SURE = 5.0
NO = -50.0


class OneBox:
    """A network that sees a box, some pixels of its input wide, at each of the anchors named."""

    def __init__(self, *seen: tuple[int, float, float], points: int = 6) -> None:
        self.seen = seen
        self.points = points

    def run(self, image: Image) -> list[Floats]:
        assert image.shape == (128, 128, 3)
        numbers = np.zeros((1, 896, 4 + 2 * self.points), np.float32)
        scores = np.full((1, 896, 1), NO, np.float32)
        for anchor, wide, score in self.seen:
            numbers[0, anchor, 2:4] = wide
            scores[0, anchor, 0] = score
        return [numbers, scores]


def picture(width: int, height: int) -> Image:
    return np.zeros((height, width, 3), np.uint8)


def test_a_box_is_where_it_is_in_a_picture_of_any_shape() -> None:
    # Anchor 0 of 16 x 16 cells lies at (4, 4) of 128; a wide picture has bars above and below.
    detector = BoxDetector(OneBox((0, 64.0, SURE)), 128, ((16, 2), (8, 6)))
    (found,) = detector.find(picture(256, 256), 4)
    np.testing.assert_allclose(found.points[:2], [[-56, -56], [72, 72]])
    (wide,) = detector.find(picture(256, 128), 4)
    np.testing.assert_allclose(wide.points[:2], [[-56, -120], [72, 8]])
    assert found.score == pytest.approx(1 / (1 + np.exp(-SURE)))


def test_boxes_that_overlap_are_one() -> None:
    detector = BoxDetector(OneBox((0, 64.0, SURE), (1, 64.0, 4.0)), 128, ((16, 2), (8, 6)))
    assert len(detector.find(picture(128, 128), 4)) == 1


def test_nothing_is_nothing() -> None:
    detector = BoxDetector(OneBox(), 128, ((16, 2), (8, 6)))
    assert detector.find(picture(31, 17), 4) == []


@pytest.mark.parametrize(
    ("wide", "score", "told"),
    [(64.0, SURE, 1), (64.0, 0.5, 0), (8.0, SURE, 0)],
    ids=["near and sure", "unsure", "far"],
)
def test_only_near_and_sure_faces_are_told(wide: float, score: float, told: int) -> None:
    detector = FaceDetector(OneBox((272, wide, score)))
    assert len(detector.find(picture(128, 128))) == told


def record(time: float, faces: tuple[Face, ...] | None) -> Record:
    return Record(
        index=round(time * 10),
        time=time,
        cut=False,
        shift=None,
        change=None,
        over_s=0.0,
        light=np.zeros(1, np.float32),
        hands=(),
        gestures={},
        faces=faces,
    )


ONE = (Face(0.9, 0.3),)


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([ONE, ONE, ONE], Faces(1, 0.9)),
        ([ONE, (), ONE], Faces(1, 0.9)),
        ([(), (), ONE], Faces()),
        ([(), (), ()], Faces()),
        ([None, None, None], None),
        ([ONE, None, None], Faces(1, 0.9)),
        ([ONE + ONE, ONE + ONE, ONE], Faces(2, 0.9)),
    ],
)
def test_a_face_is_told_that_is_seen_in_most_looks(looks: list[Any], told: Faces | None) -> None:
    records = [record(number / 5, faces) for number, faces in enumerate(looks)]
    seen = faces_in(records[-1:], records)
    assert (seen is None) == (told is None)
    if seen is not None and told is not None:
        assert seen.count == told.count
        assert seen.confidence == pytest.approx(told.confidence)


def test_what_was_long_ago_does_not_count() -> None:
    records = [record(0.0, ONE), record(5.0, ()), record(5.2, ())]
    assert faces_in(records[-1:], records) == Faces()


@pytest.mark.parametrize(
    ("prompt", "word", "unknown"),
    [
        ("Is there a face?", Word.FACE, ()),
        ("How many faces are there?", None, ()),
        ("Is someone in front of the camera?", Word.FACE, ()),
        ("Is a person near the camera smiling?", Word.FACE, ("smiling",)),
    ],
)
def test_people_ask_for_faces_in_many_words(
    prompt: str, word: Word | None, unknown: tuple[str, ...]
) -> None:
    asked = asked_in(prompt)
    assert [mention.word for mention in asked.mentions] == [word]
    assert asked.unknown == unknown


def test_a_person_alone_is_more_than_a_face() -> None:
    assert asked_in("Is there a person?").mentions == ()


async def answers(frames: list[Frame], **asked: Any) -> list[str]:
    backend = LocalBackend()
    try:
        session = await backend.start_session("local")
        texts: list[str] = []
        for start in range(0, len(frames), 6):
            request = InferenceRequest(
                asked.get("prompt", "Is there a face?"),
                "local",
                tuple(frames[start : start + 6]),
                output_schema=asked.get("schema"),
            )
            texts.append((await session.infer(request)).text)
        await session.close()
        return texts
    finally:
        await backend.close()


@needs_media
@needs_networks
@pytest.mark.parametrize(
    ("clip", "near"), [("carphone.mp4", True), ("bigbuckbunny.mp4", False), ("bikes.mp4", False)]
)
async def test_films(clip: str, *, near: bool) -> None:
    said = await answers(film(MEDIA / "clips" / clip, 6.0)[:24])
    assert all(("A face near the camera" in text) == near for text in said)
    assert all(("No face near the camera" in text) != near for text in said)


@needs_media
@needs_networks
async def test_a_schema_is_filled() -> None:
    schema = {
        "type": "object",
        "properties": {
            "face_count": {"type": "integer"},
            "face_visible": {"type": "boolean"},
            "face_confidence": {"type": "number"},
        },
        "required": ["face_count", "face_visible", "face_confidence"],
    }
    (said, *_) = await answers(film(MEDIA / "clips" / "carphone.mp4", 6.0)[:6], schema=schema)
    told = json.loads(said)
    assert (told["face_count"], told["face_visible"]) == (1, True)
    assert 0.7 <= told["face_confidence"] <= 1.0


@needs_networks
async def test_a_scene_without_people_has_no_face() -> None:
    from overshoot.adapters.sources.synthetic import SyntheticScene
    from overshoot.domain.source import SyntheticSource

    scene = SyntheticScene(SyntheticSource(fps=6, duration_seconds=2))
    scene.open()
    frames = [frame for _ in range(12) if (frame := scene.read()) is not None]
    scene.close()
    assert all("No face near" in text for text in await answers(frames))
