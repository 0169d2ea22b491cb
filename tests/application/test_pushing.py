"""Frames that the caller pushes."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest

from overshoot.application.feed import RingFeed
from overshoot.application.frame_intake import IntakeSink
from overshoot.application.frame_sink import FrameSink
from overshoot.application.pushing import PushIntake
from overshoot.bootstrap import decode_jpeg
from overshoot.errors import FrameError
from overshoot.testing.manual_clock import ManualClock
from support.stream_fakes import picture


class Relay:
    """An intake on a real sink."""

    def __init__(self) -> None:
        self.clock = ManualClock(monotonic=50.0)
        self.sink = FrameSink(self.clock, RingFeed(asyncio.get_running_loop()))
        self.decoded = 0
        self.intake = PushIntake(
            IntakeSink(
                offer=self.sink.offer,
                when_free=self.sink.when_free,
                drop=self.sink.drop,
                met=lambda event: None,
                ended=lambda error: None,
                fault=lambda error: None,
            ),
            self.clock,
            self._decode,
        )

    def _decode(self, data: Any) -> Any:
        self.decoded += 1
        return decode_jpeg(data)

    def push(self, given: Any, timestamp: Any = None, **how: Any) -> None:
        self.intake.push(
            given, timestamp, order=how.get("order", "rgb"), encoding=how.get("encoding")
        )


@pytest.fixture
async def relay() -> Relay:
    return Relay()


async def test_frames_are_taken_between_open_and_close_and_counted_always(relay: Relay) -> None:
    relay.push(picture())
    await relay.intake.open()
    relay.intake.run()
    assert relay.intake.accepting
    relay.push(picture(), 7.5)
    taken = await relay.sink.take()
    assert taken is not None
    assert (taken[0].timestamp, taken[0].index, taken[1].captured_at) == (7.5, 0, 50.0)
    await relay.intake.close()
    relay.push(picture())
    counts = relay.sink.counts()
    assert (counts.captured, counts.sent, counts.dropped) == (3, 1, {"not_running": 2})


async def test_what_comes_while_nothing_runs_is_not_even_looked_at(relay: Relay) -> None:
    relay.push(b"no picture", "no time", encoding="jpeg")
    assert relay.decoded == 0
    assert relay.sink.counts().dropped == {"not_running": 1}


@pytest.mark.parametrize(
    ("given", "timestamp", "how"),
    [
        (np.zeros((4, 4), np.uint8), None, {}),
        (np.zeros((4, 4, 3), np.float32), None, {}),
        (np.zeros((0, 4, 3), np.uint8), None, {}),
        ([[0]], None, {}),
        (picture(), float("inf"), {}),
        (picture(), 1_769_000_000_000, {}),
        (picture(), "now", {}),
        (picture(), None, {"order": "hsv"}),
        (b"\xff\xd8", None, {"encoding": "jpeg"}),
        (b"", None, {"encoding": "png"}),
    ],
)
async def test_what_can_never_be_a_frame_raises_and_is_counted_as_rejected(
    relay: Relay, given: Any, timestamp: Any, how: dict[str, Any]
) -> None:
    await relay.intake.open()
    with pytest.raises(FrameError):
        relay.push(given, timestamp, **how)
    relay.push(picture(), 1.0)
    counts = relay.sink.counts()
    assert (counts.captured, counts.waiting, counts.dropped) == (2, 1, {"rejected": 1})


async def test_without_timestamps_frames_are_as_far_apart_as_they_came(relay: Relay) -> None:
    await relay.intake.open()
    times: list[float] = []
    for _ in range(3):
        relay.push(picture())
        taken = await relay.sink.take()
        assert taken is not None
        times.append(taken[0].timestamp)
        await relay.clock.advance(0.25)
    assert times == [0.0, 0.25, 0.5]


async def test_pushes_of_many_threads_are_all_counted_and_keep_their_order(relay: Relay) -> None:
    await relay.intake.open()
    each, several = 150, 8
    begin = threading.Barrier(several)

    def push() -> None:
        begin.wait()
        for _ in range(each):
            relay.push(picture())

    threads = [threading.Thread(target=push) for _ in range(several)]
    for thread in threads:
        thread.start()
    seen: list[tuple[int, float]] = []

    async def take() -> None:
        while (taken := await relay.sink.take()) is not None:
            seen.append((taken[0].index, taken[0].timestamp))

    taking = asyncio.create_task(take())
    for thread in threads:
        await asyncio.to_thread(thread.join)
    await relay.intake.close()
    relay.sink.close()
    await taking
    assert seen == sorted(seen)
    assert len({timestamp for _, timestamp in seen}) == len(seen)
    counts = relay.sink.counts()
    assert counts.captured == each * several
    assert counts.captured == counts.sent + sum(counts.dropped.values())
    assert counts.sent == len(seen)
