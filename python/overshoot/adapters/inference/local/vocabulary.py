"""The fixed list of what this backend can tell, and the words people use for it.

The backend does not read prompts. It looks for these words in them, as whole words, longest first.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


class Subject(StrEnum):
    """What a question can be about."""

    GESTURE = "gestures"
    HANDS = "hand count"
    FACE = "near faces"
    MOTION = "motion"
    DIRECTION = "motion direction"
    REGION = "where it moves"
    CAMERA = "camera motion"
    LIGHT = "light"
    COLOUR = "colours"
    QR = "QR text"


class Word(StrEnum):
    """What can be true of a clip; the value is its name in answers."""

    WAVING_HAND = "waving hand"
    CLAPPING = "clapping"
    THUMBS_UP = "thumbs up"
    THUMBS_DOWN = "thumbs down"
    POINTING = "pointing"
    OPEN_HAND = "open hand"
    FIST = "fist"
    VICTORY = "victory"
    HAND = "hand"
    FACE = "face near the camera"
    MOTION = "motion"
    NO_MOTION = "no motion"
    MOVING_LEFT = "moving left"
    MOVING_RIGHT = "moving right"
    MOVING_UP = "moving up"
    MOVING_DOWN = "moving down"
    UPPER_LEFT = "upper left"
    UPPER_CENTRE = "top"
    UPPER_RIGHT = "upper right"
    LEFT = "left side"
    CENTRE = "centre"
    RIGHT = "right side"
    LOWER_LEFT = "lower left"
    LOWER_CENTRE = "bottom"
    LOWER_RIGHT = "lower right"
    CAMERA_MOVING = "camera moving"
    CAMERA_STILL = "camera still"
    PAN_LEFT = "camera panning left"
    PAN_RIGHT = "camera panning right"
    TILT_UP = "camera tilting up"
    TILT_DOWN = "camera tilting down"
    SHAKING = "camera shaking"
    DARK = "dark"
    DIM = "dim"
    NORMAL_LIGHT = "normal light"
    BRIGHT = "bright"
    BRIGHTER = "getting brighter"
    DARKER = "getting darker"
    BLACK = "black"
    WHITE = "white"
    GRAY = "gray"
    RED = "red"
    ORANGE = "orange"
    BROWN = "brown"
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    QR_CODE = "QR code"


GESTURES = (
    Word.WAVING_HAND,
    Word.CLAPPING,
    Word.THUMBS_UP,
    Word.THUMBS_DOWN,
    Word.POINTING,
    Word.OPEN_HAND,
    Word.FIST,
    Word.VICTORY,
)
REGIONS = (
    (Word.UPPER_LEFT, Word.UPPER_CENTRE, Word.UPPER_RIGHT),
    (Word.LEFT, Word.CENTRE, Word.RIGHT),
    (Word.LOWER_LEFT, Word.LOWER_CENTRE, Word.LOWER_RIGHT),
)
DIRECTIONS = (Word.MOVING_LEFT, Word.MOVING_RIGHT, Word.MOVING_UP, Word.MOVING_DOWN)
CAMERA = (
    Word.CAMERA_STILL,
    Word.PAN_LEFT,
    Word.PAN_RIGHT,
    Word.TILT_UP,
    Word.TILT_DOWN,
    Word.SHAKING,
    Word.CAMERA_MOVING,
)
LIGHT = (Word.DARK, Word.DIM, Word.NORMAL_LIGHT, Word.BRIGHT, Word.BRIGHTER, Word.DARKER)
COLOURS = (
    Word.BLACK,
    Word.WHITE,
    Word.GRAY,
    Word.RED,
    Word.ORANGE,
    Word.BROWN,
    Word.YELLOW,
    Word.GREEN,
    Word.CYAN,
    Word.BLUE,
    Word.PURPLE,
    Word.PINK,
)

SUBJECT_OF: dict[Word, Subject] = {
    **dict.fromkeys(GESTURES, Subject.GESTURE),
    Word.HAND: Subject.HANDS,
    Word.FACE: Subject.FACE,
    Word.MOTION: Subject.MOTION,
    Word.NO_MOTION: Subject.MOTION,
    **dict.fromkeys(DIRECTIONS, Subject.DIRECTION),
    **{word: Subject.REGION for row in REGIONS for word in row},
    **dict.fromkeys(CAMERA, Subject.CAMERA),
    **dict.fromkeys(LIGHT, Subject.LIGHT),
    **dict.fromkeys(COLOURS, Subject.COLOUR),
    Word.QR_CODE: Subject.QR,
}

CAN_TELL_FROM_PIXELS = (
    "motion",
    "motion direction",
    "camera motion",
    "light",
    "colours",
    "QR text",
)
# What is told when it is seen, and whose absence says little.
EXPERIMENTAL = {
    Word.CLAPPING: "experimental: where it is not seen it may still happen; hands that meet hide "
    "each other, and it was tried on photographs set in motion only",
}
CAN_TELL_WITH_NETWORKS = (
    "hand count",
    "near faces",
    *(f"{word.value} (experimental)" if word in EXPERIMENTAL else word.value for word in GESTURES),
)
NEEDS_NETWORKS = frozenset({Subject.GESTURE, Subject.HANDS, Subject.FACE})


@frozen
class Mention:
    """A known thing found in a text.

    Attributes:
        subject: what it belongs to.
        word: the thing itself, or None where only the subject was named ("which gesture").
        said: the words of the text.
    """

    subject: Subject
    word: Word | None
    said: str


def tokens(text: str) -> list[str]:
    """Lower-case words of a prompt or an identifier (``upperLeft``, ``upper-left``)."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return re.findall(r"[^\W_]+", spaced.lower().replace("'", ""))


def _phrases(pairs: Iterable[tuple[Subject, Word | None, str]]) -> dict[tuple[str, ...], Mention]:
    """A table from token sequences to what they mean; commas part the synonyms."""
    return {
        tuple(tokens(said)): Mention(subject, word, said.strip())
        for subject, word, words in pairs
        for said in words.split(",")
    }


def _words(table: dict[Word, str]) -> Iterable[tuple[Subject, Word | None, str]]:
    for word, said in table.items():
        yield SUBJECT_OF[word], word, f"{word.value},{said}" if said else word.value


@cache
def phrases() -> dict[tuple[str, ...], Mention]:
    """Phrases that mean the same wherever they stand."""
    from overshoot.adapters.inference.local import synonyms

    subjects = ((subject, None, said) for subject, said in synonyms.SUBJECTS.items())
    return _phrases([*subjects, *_words(synonyms.WORDS)])


@cache
def labels() -> dict[tuple[str, ...], Mention]:
    """Phrases that are clear as a label of their own, such as a word of an ``enum``."""
    from overshoot.adapters.inference.local import synonyms

    return {**phrases(), **_phrases(_words(synonyms.LABELS))}


@cache
def short_phrases(subject: Subject) -> dict[tuple[str, ...], Mention]:
    """Phrases that mean something only where the subject is known: ``left`` of a direction."""
    from overshoot.adapters.inference.local import synonyms

    table = synonyms.SHORT.get(subject, {})
    return _phrases((subject, word, said) for word, said in table.items())
