"""A gesture that is held is told without a break, and one that flashes up is not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.adapters.inference.local.holding import hands_in
from overshoot.adapters.inference.local.vocabulary import Word
from overshoot.adapters.inference.local.watcher import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

FPS = 12


def record(index: int, sure: float | None) -> Record:
    """A picture with one hand that points as surely as that, or with none."""
    return Record(
        index=index,
        time=index / FPS,
        cut=False,
        shift=None,
        change=None,
        over_s=0.0,
        light=np.zeros(1, np.float32),
        hands=() if sure is None else (0.9,),
        gestures={} if sure is None else {Word.POINTING: sure},
    )


def told(sures: Sequence[float | None], per_clip: int) -> list[bool]:
    """Whether pointing is told, clip by clip of so many pictures."""
    records = [record(index, sure) for index, sure in enumerate(sures)]
    shown: frozenset[Word] = frozenset()
    answers: list[bool] = []
    for end in range(per_clip, len(records) + 1, per_clip):
        seen = hands_in(records[end - per_clip : end], records[:end], shown)
        assert seen is not None
        shown = frozenset(seen.gestures)
        answers.append(Word.POINTING in shown)
    return answers


@pytest.mark.parametrize("per_clip", [1, 2, 3, 6, 12])
@given(st.lists(st.sampled_from([0.4, 0.9, 1.0, None]), min_size=24, max_size=48))
def test_pictures_missed_now_and_then_make_no_break(
    per_clip: int, sures: list[float | None]
) -> None:
    mended = [0.9 if i % 4 else sure for i, sure in enumerate(sures)]
    # Of any four pictures three show it: once told it is never taken back.
    answers = told(mended, per_clip)
    assert all(answers[answers.index(True) :])


@pytest.mark.parametrize("per_clip", [1, 2, 3, 6])
def test_a_gesture_of_one_picture_is_not_told(per_clip: int) -> None:
    assert not any(told([None] * 11 + [1.0] + [None] * 12, per_clip))


@pytest.mark.parametrize("per_clip", [1, 2, 3, 6])
def test_a_gesture_that_ended_is_let_go_within_a_second(per_clip: int) -> None:
    answers = told([1.0] * 12 + [0.0] * 24, per_clip)
    assert answers[12 // per_clip - 1]
    assert not any(answers[24 // per_clip :])


def test_a_cut_ends_what_was_held() -> None:
    records = [record(index, 1.0 if index < 12 else None) for index in range(14)]
    clip, pointing = records[12:], frozenset({Word.POINTING})
    held = hands_in(clip, records, pointing)
    assert held is not None
    assert held.gestures
    cut = hands_in(clip, clip, pointing)
    assert cut is not None
    assert not cut.gestures


def test_nothing_is_said_of_hands_that_were_not_looked_for() -> None:
    blind = record(0, None)
    unseen = Record(0, 0.0, False, None, None, 0.0, blind.light, None, {})
    assert hands_in([unseen], [unseen], frozenset()) is None
