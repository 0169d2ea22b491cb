"""Packets in memory: which ones a clip is made of, and which are forgotten."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from overshoot.adapters.evidence.encoder import TICKS_PER_SECOND, EncodedPicture, Segment
from overshoot.adapters.evidence.history import History
from overshoot.domain.evidence import Stretch

WIDE = Segment(64, 48, "h264")
TALL = Segment(48, 64, "h264")
BYTES = 10


def pictures(
    seconds: float, *, start: float = 0.0, fps: int = 10, segment: Segment = WIDE
) -> list[EncodedPicture]:
    """A group begins with each second."""
    return [
        EncodedPicture(
            segment,
            round((start + index / fps) * TICKS_PER_SECOND),
            bytes(BYTES),
            key=index % fps == 0,
        )
        for index in range(round(seconds * fps))
    ]


def times(chosen: list[EncodedPicture]) -> tuple[float, float]:
    return chosen[0].ticks / TICKS_PER_SECOND, chosen[-1].ticks / TICKS_PER_SECOND


def history(*parts: list[EncodedPicture], seconds: float = 100, most_bytes: int = 10**6) -> History:
    made = History(seconds, most_bytes)
    for part in parts:
        made.add(part)
    return made


def test_a_clip_begins_with_the_key_picture_before_and_ends_where_it_should() -> None:
    chosen = history(pictures(10)).pick(Stretch(2.5, 4.3), at=3.0)
    assert times(chosen) == (2.0, 4.3)
    assert chosen[0].key


def test_a_clip_has_what_there_is() -> None:
    kept = history(pictures(3, start=5.0))
    assert times(kept.pick(Stretch(0.0, 100.0), at=6.0)) == (5.0, 7.9)
    assert kept.pick(Stretch(0.0, 4.9), at=2.0) == []
    assert kept.pick(Stretch(8.5, 9.0), at=8.7) == []
    assert history().pick(Stretch(0.0, 9.0), at=1.0) == []


def test_of_two_sizes_a_clip_has_the_one_of_its_time() -> None:
    turned = history(pictures(5), pictures(5, start=5.0, segment=TALL))
    before = turned.pick(Stretch(2.0, 8.0), at=4.0)
    after = turned.pick(Stretch(2.0, 8.0), at=6.0)
    assert ({each.segment for each in before}, times(before)) == ({WIDE}, (2.0, 4.9))
    assert ({each.segment for each in after}, times(after)) == ({TALL}, (5.0, 8.0))
    between = turned.pick(Stretch(2.0, 8.0), at=4.95)
    assert {each.segment for each in between} == {TALL}


def test_a_size_that_comes_back_is_a_segment_of_its_own() -> None:
    again = Segment(64, 48, "h264")
    turned = history(
        pictures(2), pictures(2, start=2.0, segment=TALL), pictures(2, start=4.0, segment=again)
    )
    chosen = turned.pick(Stretch(0.0, 6.0), at=5.0)
    assert times(chosen) == (4.0, 5.9)


def test_the_oldest_groups_are_forgotten() -> None:
    assert history(pictures(10), seconds=3).stretch == Stretch(6.0, 9.9)
    assert history(pictures(10), most_bytes=25 * BYTES).stretch == Stretch(8.0, 9.9)


def test_the_group_that_is_being_filled_stays() -> None:
    kept = history(pictures(1.5), most_bytes=1)
    assert kept.stretch == Stretch(1.0, 1.4)
    assert kept.bytes == 5 * BYTES


@given(
    st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=40),
    st.floats(0, 60),
    st.floats(0, 20),
    st.floats(0, 60),
)
def test_a_clip_is_a_run_of_one_segment_that_can_be_decoded(
    steps: list[tuple[int, bool]], start: float, length: float, at: float
) -> None:
    kept, ticks, segment, given_pictures = History(1e6, 10**9), 0, WIDE, []
    for index, (step, turn) in enumerate(steps):
        ticks += step * TICKS_PER_SECOND // 10
        if turn:
            segment = Segment(*((48, 64) if segment.width == 64 else (64, 48)), "h264")
        key = turn or index == 0 or step > 20
        given_pictures.append(EncodedPicture(segment, ticks, b"x", key))
    kept.add(given_pictures)
    wanted = Stretch(start, start + length)
    chosen = kept.pick(wanted, at)
    if not chosen:
        shown = [each for each in given_pictures if not wanted.distance(_time(each))]
        assert shown == []
        return
    assert chosen[0].key
    assert all(each.segment is chosen[0].segment for each in chosen)
    first = given_pictures.index(chosen[0])
    assert chosen == given_pictures[first : first + len(chosen)]
    assert all(one.ticks < other.ticks for one, other in pairwise(chosen))
    assert start <= _time(chosen[-1]) <= wanted.end


def _time(picture: EncodedPicture) -> float:
    return picture.ticks / TICKS_PER_SECOND
