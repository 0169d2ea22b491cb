"""From the words of prompts, schemas and enums to the fixed vocabulary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.adapters.inference.local.asking import asked_in, label_meaning, name_meaning
from overshoot.adapters.inference.local.vocabulary import (
    SUBJECT_OF,
    Subject,
    Word,
    labels,
    phrases,
    tokens,
)


def words(prompt: str) -> set[Word]:
    return {mention.word for mention in asked_in(prompt).mentions if mention.word is not None}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Detect waving or thumbs up gestures", {Word.WAVING_HAND, Word.THUMBS_UP}),
        ("Is someone waving hello?", {Word.WAVING_HAND}),
        ("thumb down, fist; a peace sign", {Word.THUMBS_DOWN, Word.FIST, Word.VICTORY}),
        ("Is anyone pointing or raising a hand?", {Word.POINTING, Word.HAND}),
        ("Is the camera moving left?", {Word.CAMERA_MOVING, Word.PAN_LEFT}),
        ("Does it move to the left?", {Word.MOVING_LEFT}),
        ("Is the room dark?", {Word.DARK}),
        ("Is it getting brighter?", {Word.BRIGHTER}),
        ("Anything red in the upper left?", {Word.RED, Word.UPPER_LEFT}),
        ("Describe what you see", set()),
        ("What does it look like, point by point?", set()),
    ],
)
def test_words_of_a_prompt(prompt: str, expected: set[Word]) -> None:
    assert words(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("How many hands are there", (Subject.HANDS,)),
        ("Read the QR code", (Subject.QR,)),
        ("What moves, and where?", (Subject.MOTION, Subject.REGION)),
        ("Which direction does it go?", (Subject.DIRECTION,)),
        ("What are the main colours and the lighting?", (Subject.COLOUR, Subject.LIGHT)),
        ("Does the camera pan?", (Subject.CAMERA,)),
        ("Which gesture is it?", (Subject.GESTURE,)),
        ("Describe everything you see in this video", ()),
    ],
)
def test_subjects_of_a_prompt(prompt: str, subjects: tuple[Subject, ...]) -> None:
    assert asked_in(prompt).subjects == subjects
    assert asked_in(prompt).unknown == ()


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("Is the cat asleep?", ("cat asleep",)),
        ("Count the people", ("people",)),
        ("Detect juggling, waving and clapping", ("juggling",)),
        ("Is a person waving?", ()),
        ("Is the person waving a flag?", ("flag",)),
        ("", ()),
    ],
)
def test_what_is_not_known_is_named(prompt: str, unknown: tuple[str, ...]) -> None:
    assert asked_in(prompt).unknown == unknown


@pytest.mark.parametrize(
    ("name", "subject", "word"),
    [
        ("is_waving", Subject.GESTURE, Word.WAVING_HAND),
        ("thumbsUp", Subject.GESTURE, Word.THUMBS_UP),
        ("motion_detected", Subject.MOTION, None),
        ("motionDirection", Subject.DIRECTION, None),
        ("camera_direction", Subject.CAMERA, None),
        ("camera_motion", Subject.CAMERA, None),
        ("number-of-hands", Subject.HANDS, None),
        ("hand_count", Subject.HANDS, None),
        ("qr_text", Subject.QR, None),
        ("brightness", Subject.LIGHT, None),
        ("dominant_colors", Subject.COLOUR, None),
        ("is_dark", Subject.LIGHT, Word.DARK),
    ],
)
def test_names_of_properties(name: str, subject: Subject, word: Word | None) -> None:
    meaning = name_meaning(name)
    assert meaning is not None
    assert (meaning.subject, meaning.word) == (subject, word)


@pytest.mark.parametrize("name", ["people", "confidence", "age", "description", "result", "x", ""])
def test_names_that_mean_nothing_known(name: str) -> None:
    assert name_meaning(name) is None


@pytest.mark.parametrize(
    ("label", "subject", "word"),
    [
        ("left", Subject.DIRECTION, Word.MOVING_LEFT),
        ("left", Subject.CAMERA, Word.PAN_LEFT),
        ("left", Subject.REGION, Word.LEFT),
        ("top-left", Subject.REGION, Word.UPPER_LEFT),
        ("like", None, Word.THUMBS_UP),
        ("THUMBS_UP", None, Word.THUMBS_UP),
        ("openPalm", None, Word.OPEN_HAND),
        ("grey", Subject.COLOUR, Word.GRAY),
        ("still", Subject.CAMERA, Word.CAMERA_STILL),
    ],
)
def test_labels(label: str, subject: Subject | None, word: Word) -> None:
    meaning = label_meaning(label, subject)
    assert meaning is not None
    assert meaning.word is word


@pytest.mark.parametrize("label", ["left", "juggling", "thumbs up and running", "cat", "open", ""])
def test_labels_that_are_not_known_without_more(label: str) -> None:
    assert label_meaning(label, None) is None


@pytest.mark.parametrize("word", list(Word))
def test_every_word_is_found_by_its_own_name(word: Word) -> None:
    meaning = label_meaning(word.value, None)
    assert meaning is not None
    assert (meaning.word, meaning.subject) == (word, SUBJECT_OF[word])


def test_no_phrase_means_two_things() -> None:
    for said, mention in phrases().items():
        assert labels()[said] == mention
    for said in labels():
        assert 0 < len(said) <= 6


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    asked = asked_in(text)
    assert all(part in " ".join(tokens(text)) for part in asked.unknown)
    name_meaning(text)
