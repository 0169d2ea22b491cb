from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.frame import Frame
from overshoot.domain.sampling import (
    ClipSampling,
    FrameSampling,
    Sampler,
    frames_per_clip,
    sampling_rate,
)
from overshoot.errors import ConfigurationError

PIXELS = np.zeros((2, 2, 3), np.uint8)


def run(sampling: Any, times: Any, *, take_every: Any = 1) -> Any:
    """Kept times, and the clips that a consumer got who looks at every n-th frame."""
    sampler, kept, clips = Sampler[Frame](sampling), [], []
    for index, time in enumerate(times):
        if sampler.wants(time):
            kept.append(time)
            sampler.add(Frame(PIXELS, time, index))
        else:
            sampler.reach(time)
        if index % take_every == 0 and (clip := sampler.take()) is not None:
            clips.append([frame.timestamp for frame in clip])
    return sampler, kept, clips


def even(fps: float, seconds: float) -> Any:
    return [i / fps for i in range(round(fps * seconds) + 1)]


def near(times: Any) -> Any:
    return pytest.approx(times, abs=1e-9)


@pytest.mark.parametrize(
    ("fps", "ratio", "rate"), [(30, 1.0, 30), (15, 0.8, 12), (20, 0.1, 2), (5, 0.1, 1), (30, 0, 1)]
)
def test_rate_is_the_whole_part_and_at_least_one(fps: float, ratio: float, rate: Any) -> None:
    assert sampling_rate(fps, ratio) == rate


def test_a_source_at_the_rate_of_the_grid_keeps_every_frame() -> None:
    _, kept, _ = run(ClipSampling(30, 1.0, 1.0), even(30, 10))
    assert len(kept) == 301


@given(st.lists(st.floats(-0.010, 0.010), min_size=60, max_size=90))
def test_jitter_of_a_third_of_a_frame_loses_nothing(jitter: list[float]) -> None:
    times = [max(0.0, i / 30 + wobble) for i, wobble in enumerate(jitter)]
    times[0] = 0.0
    _, kept, _ = run(ClipSampling(30, 1.0, 1.0), times)
    # The first gap alone may mislead the estimate of the source's rate.
    assert len(kept) >= len(times) - 1


@given(st.integers(1, 30), st.integers(5, 60), st.floats(2, 20))
def test_the_rate_kept_is_the_rate_asked_without_drift(
    target: int, fps: float, seconds: float
) -> None:
    times = even(fps, seconds)
    _, kept, _ = run(ClipSampling(target, 1.0, 1.0), times)
    assert abs(len(kept) - 1 - min(target, fps) * times[-1]) <= 1
    assert kept == sorted(set(kept))


def test_six_of_thirty_are_every_fifth() -> None:
    _, kept, _ = run(ClipSampling(6, 1.0, 1.0), even(30, 2))
    assert kept == near([i / 6 for i in range(13)])


def test_clips_cover_the_stretch_that_ends_with_them() -> None:
    _, _, clips = run(ClipSampling(5, 1.0, 1.0), even(15, 3))
    assert clips == [near([k + i / 5 for i in range(1, 6)]) for k in range(3)]


def test_clips_overlap_when_the_delay_is_shorter() -> None:
    _, _, clips = run(ClipSampling(4, 1.0, 0.5), even(12, 2))
    assert clips == [near([e - 0.75, e - 0.5, e - 0.25, e]) for e in (1.0, 1.5, 2.0)]


def test_frames_between_two_clips_are_not_kept() -> None:
    _, kept, clips = run(ClipSampling(10, 0.5, 2.0), even(30, 4.5))
    assert clips == [near([s + i / 10 for i in range(1, 6)]) for s in (0, 2, 4)]
    assert len(kept) == 1 + 15


def test_without_delay_each_kept_frame_is_asked_about() -> None:
    _, _, clips = run(ClipSampling(2, 1.0, 0.0), even(10, 3))
    assert clips == [near([e - 0.5, e]) for e in (1.0, 1.5, 2.0, 2.5, 3.0)]


def test_a_clip_is_due_when_a_frame_past_its_end_arrives() -> None:
    sampler = Sampler[Frame](ClipSampling(5, 1.0, 1.0))
    for index, time in enumerate([0.0, 0.2, 0.4, 0.6, 0.8]):
        assert sampler.wants(time)
        sampler.add(Frame(PIXELS, time, index))
    assert sampler.take() is None
    sampler.reach(1.03)
    assert [f.timestamp for f in sampler.take() or ()] == [0.2, 0.4, 0.6, 0.8]


def test_a_slow_consumer_gets_the_newest_clip_and_the_rest_is_counted() -> None:
    sampler, _, clips = run(ClipSampling(5, 1.0, 1.0), even(15, 9), take_every=45)
    assert [clip[-1] for clip in clips] == near([3.0, 6.0, 9.0])
    assert sampler.skipped == 6


def test_after_a_freeze_one_clip_is_asked_about_and_time_goes_on() -> None:
    times = [*even(10, 1), *(5 + t for t in even(10, 2))]
    _, _, clips = run(ClipSampling(5, 1.0, 1.0), times)
    ends = [clip[-1] for clip in clips]
    assert ends == sorted(set(ends))
    assert ends[0] == pytest.approx(1.0)
    assert ends[-1] == pytest.approx(7.0)
    assert all(clip[-1] - clip[0] <= 1.0 for clip in clips)


def test_a_frame_each_interval() -> None:
    _, kept, clips = run(FrameSampling(0.5), even(30, 2))
    assert kept == near([0, 0.5, 1.0, 1.5, 2.0])
    assert clips == [[time] for time in kept]


def test_the_end_of_the_video_gives_the_clip_that_had_begun() -> None:
    sampler, _, clips = run(ClipSampling(5, 1.0, 1.0), even(15, 1.5))
    assert len(clips) == 1
    assert [f.timestamp for f in sampler.flush() or ()] == near([1.2, 1.4])
    assert sampler.flush() is None


def test_a_video_of_one_frame_is_asked_about_at_its_end() -> None:
    sampler, _, clips = run(ClipSampling(5, 1.0, 3.0), [0.0])
    assert clips == []
    assert [f.index for f in sampler.flush() or ()] == [0]


def test_nothing_new_is_nothing_to_flush() -> None:
    sampler, _, _ = run(ClipSampling(5, 1.0, 1.0), even(15, 2))
    assert sampler.flush() is None


@given(
    target=st.integers(1, 30),
    length=st.floats(0.1, 5),
    delay=st.floats(0, 5),
    gaps=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=150),
)
def test_clips_of_any_stream(target: int, length: float, delay: float, gaps: list[float]) -> None:
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    sampling = ClipSampling(target, length, delay)
    sampler = Sampler[Frame](sampling)
    seen = -1
    for index, time in enumerate(times):
        if sampler.wants(time):
            sampler.add(Frame(PIXELS, time, index))
        else:
            sampler.reach(time)
        clip = sampler.take()
        if clip is None:
            continue
        indices = [frame.index for frame in clip]
        assert indices == sorted(set(indices))
        assert indices[-1] > seen
        assert clip[-1].timestamp - clip[0].timestamp <= length + 1e-5
        assert len(clip) <= frames_per_clip(sampling)
        seen = indices[-1]
    rest = sampler.flush()
    assert rest is None or rest[-1].index > seen


@pytest.mark.parametrize("delay", [1e-9, 1e-3])
def test_a_tiny_delay_costs_no_more_than_a_clip_per_frame(delay: float) -> None:
    _, kept, clips = run(ClipSampling(5, 0.5, delay), even(10, 4))
    assert len(clips) <= len(kept)
    assert clips[-1][-1] == pytest.approx(4.0, abs=0.21)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ClipSampling(0, 1.0, 1.0),
        lambda: ClipSampling(5, 0.0, 1.0),
        lambda: ClipSampling(5, 1.0, -1.0),
        lambda: ClipSampling(5, math.nan, 1.0),
        lambda: FrameSampling(0.0),
        lambda: FrameSampling(math.inf),
    ],
)
def test_what_cannot_be_sampled_is_refused(make: Any) -> None:
    with pytest.raises(ConfigurationError):
        make()
