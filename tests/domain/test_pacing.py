from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.pacing import PATIENCE_SECONDS, Pacing
from overshoot.domain.sampling import ClipSampling, FrameSampling, Sampler, Sampling
from overshoot.domain.timeline import RTP_CLOCK_RATE, MediaTimeline


class At:
    """A frame without pixels."""

    def __init__(self, timestamp: float, index: int) -> None:
        self.timestamp = timestamp
        self.index = index


class Gateway:
    """Samples, asks about one clip at a time, keeps the newest other one.

    With ``door`` it sees a frame only when the next one begins to arrive, as aiortc's receiver.
    """

    def __init__(self, sampling: Sampling, *, door: bool) -> None:
        self.sampler = Sampler[At](sampling)
        self._door = door
        self._waiting: float | None = None
        self._timeline = MediaTimeline()
        self._ticks = -1
        self._count = 0
        self._ended = False
        self.asked: float | None = None
        self.answered: list[float] = []

    def receive(self, timestamp: float) -> None:
        if not self._door:
            self._see(timestamp)
            return
        if self._waiting is not None:
            self._see(self._waiting)
        self._waiting = timestamp

    def end(self) -> None:
        if self._waiting is not None:
            self._see(self._waiting)
        self._ended = True
        self._ask()

    def answer(self) -> float | None:
        """The model is ready; the time of its clip, or None when it was asked nothing."""
        said, self.asked = self.asked, None
        if said is not None:
            self.answered.append(said)
        self._ask()
        return said

    def _see(self, timestamp: float) -> None:
        self._ticks = max(self._ticks + 1, round(timestamp * RTP_CLOCK_RATE))
        time = self._timeline.advance(self._ticks)
        if self.sampler.wants(time):
            self.sampler.add(At(time, self._count))
        else:
            self.sampler.reach(time)
        self._count += 1
        self._ask()

    def _ask(self) -> None:
        if self.asked is None:
            clip = self.sampler.take() or (self.sampler.flush() if self._ended else None)
            self.asked = None if clip is None else clip[-1].timestamp


def every_clip(sampling: Sampling, times: Iterable[float]) -> list[float]:
    """The clips of a gateway whose model answers at once."""
    gateway = Gateway(sampling, door=False)
    for time in times:
        gateway.receive(time)
        gateway.answer()
    gateway.end()
    while gateway.answer() is not None:
        pass
    return gateway.answered


samplings = st.builds(
    ClipSampling,
    st.integers(1, 30),
    st.floats(0.1, 3),
    st.sampled_from([0.0, 1e-9]) | st.floats(0.05, 3),
) | st.builds(FrameSampling, st.floats(0.02, 3))
gaps = st.lists(st.sampled_from([1 / 30, 1 / 25]) | st.floats(0.0005, 5), max_size=120)


def times_of(steps: Sequence[float]) -> list[float]:
    return list(itertools.accumulate(steps, initial=0.0))


@given(samplings, gaps, st.booleans(), st.booleans(), st.lists(st.booleans(), min_size=1))
def test_no_clip_is_lost_however_slow_the_model_is(
    sampling: Sampling,
    steps: list[float],
    door: bool,
    timed: bool,
    moods: list[bool],
) -> None:
    times = times_of(steps)
    gateway, pacing = Gateway(sampling, door=door), Pacing(sampling)
    ready = itertools.cycle(moods)
    told: list[float | None] = []

    def model_answers() -> bool:
        said = gateway.answer()
        if said is not None:
            told.append(pacing.answered(said if timed else None))
        return said is not None

    for time in times:
        pacing.place(time + 7.5)
        while not pacing.may_send:
            assert model_answers(), "nobody can answer, and nothing is sent"
        pacing.sent()
        gateway.receive(time)
        if next(ready):
            model_answers()
    pacing.end()
    gateway.end()
    while model_answers():
        pass
    assert gateway.sampler.skipped == 0
    assert gateway.answered == every_clip(sampling, times)
    assert told == gateway.answered
    assert (pacing.awaiting, pacing.unanswered) == (0, 0)


SECONDS = ClipSampling(5, 1.0, 1.0)


def sent_until_it_waits(pacing: Pacing, times: Iterable[float]) -> float | None:
    """The first frame that may not be sent."""
    for time in times:
        pacing.place(time)
        if not pacing.may_send:
            return time
        pacing.sent()
    return None


def test_one_clip_is_asked_about_while_the_next_waits() -> None:
    pacing = Pacing(SECONDS)
    times = iter([step / 10 for step in range(100)])
    assert sent_until_it_waits(pacing, times) == 2.0, "before the first answer, one at a time"
    pacing.answered(1.0)
    pacing.sent()
    assert sent_until_it_waits(pacing, times) == 4.0, "two without an answer"
    assert pacing.awaiting == 2
    pacing.answered(2.0)
    pacing.sent()
    assert sent_until_it_waits(pacing, times) == 5.0


def test_a_gateway_that_names_no_time_gets_one_clip_at_a_time() -> None:
    pacing = Pacing(SECONDS)
    times = iter([step / 10 for step in range(100)])
    for second in (1.0, 2.0, 3.0):
        assert sent_until_it_waits(pacing, times) == second + 1.0
        assert pacing.answered(None) == pytest.approx(second)
        pacing.sent()
    assert pacing.unanswered == 0


def test_an_answer_settles_the_clips_before_its_own() -> None:
    pacing = Pacing(SECONDS)
    times = iter([step / 10 for step in range(100)])
    sent_until_it_waits(pacing, times)
    pacing.answered(1.0)
    pacing.sent()
    sent_until_it_waits(pacing, times)
    assert pacing.answered(3.0) == 3.0
    assert (pacing.awaiting, pacing.unanswered) == (0, 1)


def test_answers_that_nobody_expects_do_no_harm() -> None:
    pacing = Pacing(SECONDS)
    assert pacing.answered(None) is None
    assert pacing.answered(3.7) == 3.7
    times = iter([step / 10 for step in range(100)])
    assert sent_until_it_waits(pacing, times) == 3.0
    pacing.answered(0.2)
    assert pacing.awaiting == 2, "a late answer is about none of those that are waited for"
    assert not pacing.may_send


def test_a_gateway_with_a_grid_of_its_own_is_understood() -> None:
    pacing = Pacing(SECONDS)
    times = iter([step / 10 for step in range(100)])
    sent_until_it_waits(pacing, times)
    pacing.answered(0.8)
    assert pacing.awaiting == 0


def test_who_does_not_answer_is_waited_for_once_and_then_at_the_videos_pace() -> None:
    pacing = Pacing(SECONDS)
    times = iter([step / 10 for step in range(100)])
    sent_until_it_waits(pacing, times)
    assert pacing.patience_seconds == PATIENCE_SECONDS
    for given_up in (1, 2, 3):
        pacing.give_up()
        assert pacing.may_send
        assert pacing.unanswered == given_up
        assert pacing.patience_seconds == SECONDS.interval_seconds
        pacing.sent()
        sent_until_it_waits(pacing, times)
    pacing.answered(None)
    assert pacing.patience_seconds == PATIENCE_SECONDS


def test_the_clip_that_had_begun_at_the_end_is_waited_for() -> None:
    pacing = Pacing(SECONDS)
    sent_until_it_waits(pacing, [0.0, 0.2, 0.4])
    assert pacing.awaiting == 0
    pacing.end()
    pacing.end()
    assert (pacing.ended, pacing.awaiting) == (True, 1)
    pacing.answered(0.4)
    assert pacing.awaiting == 0


def test_a_video_without_frames_has_no_clip() -> None:
    pacing = Pacing(SECONDS)
    pacing.end()
    assert pacing.awaiting == 0
    pacing.give_up()
    assert pacing.unanswered == 0
