"""Which frames an answer is about, by the gateway's clock or by nothing but the time of arrival."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.correlation import REMEMBERED, SentFrame, SentFrames
from overshoot.domain.inference import InferenceResult

GAPS = st.lists(st.floats(1e-4, 10), min_size=1, max_size=60)


def sent(timestamps: list[float], *, first_index: int = 0) -> SentFrames:
    frames = SentFrames()
    for place, timestamp in enumerate(timestamps):
        index = first_index + place
        frames.add(SentFrame(index, timestamp, 100.0 + timestamp, 100.5 + timestamp))
    return frames


@given(GAPS, st.floats(-1e9, 1e9), st.floats(-5, 700))
def test_the_nearest_frame_is_found(gaps: list[float], origin: float, asked: float) -> None:
    timestamps = [origin + passed for passed in accumulate([0.0, *gaps])]
    frames = sent(timestamps)
    found = frames.at(asked)
    assert found is not None
    wanted = timestamps[0] + asked
    nearest = min(abs(timestamp - wanted) for timestamp in timestamps)
    assert abs(found.timestamp - wanted) == nearest


@given(GAPS, st.data())
def test_a_time_off_by_less_than_half_a_gap_finds_its_frame(
    gaps: list[float], data: st.DataObject
) -> None:
    timestamps = list(accumulate([0.0, *gaps]))
    place = data.draw(st.integers(0, len(timestamps) - 1))
    error = data.draw(st.floats(-0.49, 0.49)) * min(gaps)
    found = sent(timestamps, first_index=7).at(timestamps[place] + error)
    assert found is not None
    assert found.index == 7 + place


@given(GAPS, st.floats(0, 700))
def test_the_newest_frame_sent_by_then(gaps: list[float], time: float) -> None:
    timestamps = list(accumulate([0.0, *gaps]))
    found = sent(timestamps).before(time)
    assert found is not None
    earlier = [index for index, t in enumerate(timestamps) if 100.5 + t <= time]
    assert found.index == (earlier[-1] if earlier else 0)


def test_nothing_sent_leaves_an_answer_as_it_is() -> None:
    result = InferenceResult("?", timestamp=1.0, frame_end=3)
    frames = SentFrames()
    assert frames.at(1.0) is None
    assert frames.before(1.0) is None
    assert frames.origin is None
    assert frames.related(result, 5.0) is result


def test_an_answer_is_placed_on_the_clock_and_in_the_count_of_the_source() -> None:
    frames = sent([1e9 + step / 10 for step in range(20)], first_index=100)
    answer = InferenceResult(
        "!", timestamp=1.5004, timestamp_start=0.9996, frame_start=8, frame_end=13
    )
    placed = frames.related(answer, 0.0)
    assert (placed.frame_start, placed.frame_end) == (110, 115)
    assert placed.timestamp == pytest.approx(1e9 + 1.5, abs=1e-6)
    assert placed.timestamp_start == pytest.approx(1e9 + 1.0, abs=1e-6)


def test_an_answer_without_a_time_is_about_what_was_sent_when_the_model_began() -> None:
    frames = sent([0.0, 1.0, 2.0, 3.0])
    placed = frames.related(InferenceResult("!", total_latency_ms=700.0), now=102.5)
    # 102.5 - 0.7 = 101.8: the frame of 1.0 was sent at 101.5, the one of 2.0 at 102.5.
    assert (placed.timestamp, placed.frame_end) == (1.0, 1)
    assert (placed.timestamp_start, placed.frame_start) == (None, None)


def test_memory_is_bounded_and_the_gateways_zero_stays() -> None:
    frames = sent([index / 30 for index in range(5 * REMEMBERED)])
    assert frames.origin == 0.0
    newest = 5 * REMEMBERED - 1
    found = frames.at(newest / 30)
    assert found is not None
    assert found.index == newest
    oldest = frames.at(0.0)
    assert oldest is not None
    assert newest - 2 * REMEMBERED <= oldest.index <= newest - REMEMBERED + 1
