"""One connection, from its opening to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from overshoot.adapters.transports.loopback import LoopbackTransport
from overshoot.application.connection import Connection
from overshoot.application.feed import RingFeed
from overshoot.domain.inference import InferenceResult
from overshoot.domain.stream import StreamInferenceConfig, StreamProcessingConfig
from overshoot.errors import NetworkError, OvershootError, ServerError, ValidationError
from overshoot.ports.transport import StreamRequest
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until
from support.stream_fakes import frames

REQUEST = StreamRequest(
    StreamProcessingConfig(clip_length_seconds=0.1, delay_seconds=0.1, target_fps=10),
    StreamInferenceConfig(prompt="first", model="echo"),
)


@pytest.fixture(autouse=True)
async def _leaves_nothing() -> AsyncIterator[None]:
    with nothing_left():
        yield


class Play:
    """A connection to one gateway, and what it told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.backend = EchoInference()
        self.transport = LoopbackTransport(self.backend, self.clock)
        self.feed = RingFeed(asyncio.get_running_loop())
        self.results: list[InferenceResult[Any]] = []
        self.faults: list[OvershootError] = []
        self.refused: list[str] = []
        self.seen: list[str] = []
        self.connection = Connection(
            self.transport, self.clock, REQUEST, self.feed, self, drain_seconds=5.0
        )

    def on_result(self, result: InferenceResult[Any]) -> None:
        self.results.append(result)

    def on_fault(self, error: OvershootError) -> None:
        self.faults.append(error)

    def on_prompt_refused(self, prompt: str, error: OvershootError) -> None:
        self.refused.append(prompt)

    def on_change(self) -> None:
        now = "gone"
        if self.connection.draining:
            now = "draining"
        elif self.connection.running:
            now = "flowing" if self.connection.flowing else "waiting"
        if self.seen[-1:] != [now]:
            self.seen.append(now)


@pytest.fixture
async def play() -> Play:
    return Play()


async def test_it_opens_flows_and_closes(play: Play) -> None:
    await play.connection.open()
    assert play.connection.stream_id is not None
    assert (play.connection.running, play.connection.flowing) == (True, True)
    assert play.connection.end is None
    play.feed.offer(frames(1)[0])
    play.feed.finish()
    await until(lambda: len(play.results) == 1)
    await play.connection.close()
    assert play.seen[0] == "waiting"
    assert play.seen[1] == "flowing"
    assert play.seen[-1] == "gone"
    assert play.backend.open_sessions == 0


async def test_the_end_is_known_before_everything_is_released(play: Play) -> None:
    await play.connection.open()
    close, go_on = play.transport.close, asyncio.Event()

    async def slow(*, delete: bool = True) -> None:
        await go_on.wait()
        await close(delete=delete)

    play.transport.close = slow  # type: ignore[method-assign]
    play.transport.lose_media()
    await until(lambda: play.connection.end is not None)
    assert play.connection.end is not None
    assert play.connection.end.reason == "media_lost"
    ending = asyncio.create_task(play.connection.wait_ended())
    await asyncio.sleep(0)
    assert not ending.done()
    go_on.set()
    assert (await ending).reason == "media_lost"


async def test_a_lost_result_channel_is_waiting_until_it_is_back(play: Play) -> None:
    await play.connection.open()
    play.transport.drop_results(None)
    await until(lambda: play.seen[-1] == "waiting")
    play.transport.refuse_next(ServerError("not yet"))
    await play.clock.advance(1.0)
    assert play.seen[-1] == "waiting"
    await play.clock.advance(2.0)
    await until(lambda: play.seen[-1] == "flowing")
    assert play.faults == []
    await play.connection.close()


async def test_a_prompt_given_while_it_opens_is_sent_and_its_refusal_is_told(play: Play) -> None:
    play.backend.start_gate.clear()
    opening = asyncio.create_task(play.connection.open())
    await asyncio.sleep(0)
    await play.connection.update_prompt("rude")
    update = play.transport.update_prompt

    async def refuse(prompt: str) -> None:
        raise ValidationError(f"{prompt!r} is not polite")

    play.transport.update_prompt = refuse  # type: ignore[method-assign]
    play.backend.start_gate.set()
    await opening
    await until(lambda: play.refused == ["rude"])
    play.transport.update_prompt = update  # type: ignore[method-assign]
    await play.connection.close()


async def test_an_opening_that_fails_raises_and_leaves_its_end(play: Play) -> None:
    error = NetworkError("refused")
    play.transport.refuse_next(error)
    with pytest.raises(NetworkError):
        await play.connection.open()
    end = await play.connection.wait_ended()
    assert (end.reason, end.error) == ("open_failed", error)
    await play.connection.close()


async def test_a_cancelled_opening_ends_it(play: Play) -> None:
    play.backend.start_gate.clear()
    opening = asyncio.create_task(play.connection.open())
    await asyncio.sleep(0.01)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert (await play.connection.wait_ended()).reason == "client_requested"
    assert play.backend.open_sessions == 0
