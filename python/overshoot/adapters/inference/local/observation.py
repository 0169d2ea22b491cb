"""What was seen in one clip, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from attrs import field, frozen

from overshoot.adapters.inference.local.vocabulary import SUBJECT_OF, Subject, Word

Amount: TypeAlias = Literal["no", "a little", "some", "much"]


@frozen
class Motion:
    """What moved, the camera's own motion taken out.

    Attributes:
        amount: how much.
        share: part of the picture that changed, 0.0 to 1.0.
        confidence: that something moved, 0.0 to 1.0; for ``no``, that nothing did.
        region: the ninth of the picture where most of it was.
        ways: one or two directions, the main one first; empty where there is no single way.
        way_confidence: 0.0 to 1.0.
    """

    amount: Amount
    share: float
    confidence: float
    region: Word | None = None
    ways: tuple[Word, ...] = ()
    way_confidence: float = 0.0


@frozen
class Hands:
    """What hands were seen.

    Attributes:
        count: most hands seen at once for at least a moment.
        presence: 0.0 to 1.0, of the surest one.
        gestures: gesture to confidence, only those shown.
    """

    count: int = 0
    presence: float = 0.0
    gestures: Mapping[Word, float] = field(factory=dict[Word, float])


@frozen
class Faces:
    """What faces were seen near the camera.

    Attributes:
        count: 0 to 4.
        confidence: 0.0 to 1.0, of the surest one.
    """

    count: int = 0
    confidence: float = 0.0


@frozen
class Observation:
    """Everything told about a clip. A part is None where it could not be looked at.

    Attributes:
        motion: None with only one picture so far, or right after a cut.
        camera: what the camera did, with its confidence; None where it cannot be told.
        light: level of the light.
        brightness: mean gray level, 0.0 (black) to 1.0 (white).
        light_change: ``getting brighter`` or ``getting darker``, with its confidence.
        colours: dominant colours, largest first, with their shares of the picture.
        qr: texts of the QR codes read.
        hands: None without the networks.
        faces: None without the networks.
        cut: whether the scene changed in the clip.
    """

    motion: Motion | None
    camera: tuple[Word, float] | None
    light: Word
    brightness: float
    light_change: tuple[Word, float] | None
    colours: tuple[tuple[Word, float], ...]
    qr: tuple[str, ...]
    hands: Hands | None
    faces: Faces | None = None
    cut: bool = False

    def untold(self) -> frozenset[Subject]:
        """Subjects that could not be looked at this time."""
        missing: set[Subject] = set()
        if self.motion is None:
            missing |= {Subject.MOTION, Subject.DIRECTION, Subject.REGION}
        if self.camera is None:
            missing.add(Subject.CAMERA)
        if self.hands is None:
            missing |= {Subject.GESTURE, Subject.HANDS}
        if self.faces is None:
            missing.add(Subject.FACE)
        return frozenset(missing)

    def confidence(self, word: Word) -> float:
        """How sure it is that the word is true of the clip; 0.0 where it is not, or is untold."""
        return self.present().get(word, 0.0)

    def present(self) -> dict[Word, float]:
        """Everything true of the clip, with its confidence."""
        true: dict[Word, float] = {}
        if self.hands is not None:
            true.update(self.hands.gestures)
            if self.hands.count:
                true[Word.HAND] = self.hands.presence
        if self.faces is not None and self.faces.count:
            true[Word.FACE] = self.faces.confidence
        true.update(_moving(self.motion))
        if self.camera is not None:
            word, sure = self.camera
            true[word] = sure
            if word is not Word.CAMERA_STILL:
                true[Word.CAMERA_MOVING] = sure
        true[self.light] = 1.0
        if self.light_change is not None:
            true[self.light_change[0]] = self.light_change[1]
        true.update(self.colours)
        if self.qr:
            true[Word.QR_CODE] = 1.0
        return {word: round(sure, 3) for word, sure in true.items()}


def _moving(motion: Motion | None) -> dict[Word, float]:
    if motion is None:
        return {}
    if motion.amount == "no":
        return {Word.NO_MOTION: motion.confidence}
    true = {Word.MOTION: motion.confidence}
    if motion.region is not None:
        true[motion.region] = motion.confidence
    true.update(dict.fromkeys(motion.ways, motion.way_confidence))
    return true


def words_of(subject: Subject) -> tuple[Word, ...]:
    """The words of a subject, in the order in which they are listed."""
    return tuple(word for word, owner in SUBJECT_OF.items() if owner is subject)
