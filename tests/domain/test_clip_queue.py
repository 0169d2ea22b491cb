from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.clip_queue import ClipQueue
from overshoot.domain.pacing import CLIPS_AHEAD

STEPS = st.lists(st.sampled_from(["put", "take", "settle"]))


@given(STEPS)
def test_the_newest_waits_order_is_kept_and_every_clip_is_told_of(steps: Any) -> None:
    queue = ClipQueue[int]()
    put, taken, asking = 0, list[int](), False
    for step in steps:
        if step == "put":
            queue.put(put)
            put += 1
            assert queue.first is not None
            assert len(queue) + asking <= CLIPS_AHEAD
        elif step == "take" and not asking:
            clip = queue.take()
            if clip is not None:
                taken.append(clip)
                asking = True
        elif step == "settle":
            queue.settle()
            asking = False
        assert len(taken) + len(queue) + queue.skipped == put
    while (clip := queue.take()) is not None:
        taken.append(clip)
        queue.settle()
    assert taken == sorted(set(taken))
    assert not put or taken[-1] == put - 1


@given(STEPS)
def test_a_sender_that_keeps_to_the_pace_loses_nothing(steps: Any) -> None:
    queue = ClipQueue[int]()
    unanswered, asking = 0, False
    for number, step in enumerate(steps):
        if step == "put" and unanswered < CLIPS_AHEAD:
            queue.put(number)
            unanswered += 1
        elif step == "take" and not asking:
            asking = queue.take() is not None
        elif step == "settle" and asking:
            queue.settle()
            unanswered, asking = unanswered - 1, False
    queue.put_last(-1)
    assert queue.skipped == 0


def test_the_rest_of_a_video_makes_nobody_yield() -> None:
    queue = ClipQueue[str]()
    queue.put("a")
    queue.put("b")
    queue.put_last("rest")
    assert [queue.take() for _ in range(4)] == ["a", "b", "rest", None]


def test_nothing_is_asked_after_clear() -> None:
    queue = ClipQueue[str]()
    queue.put("a")
    queue.clear()
    assert (queue.first, queue.take(), queue.skipped) == (None, None, 0)
