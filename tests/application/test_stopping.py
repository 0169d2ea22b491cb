"""Stopping and cancelling a stream in each phase of its life."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from overshoot.adapters.transports.loopback import LoopbackTransport
from overshoot.application.capture import Capture
from overshoot.application.frame_intake import IntakeSink
from overshoot.application.streaming import LiveStream
from overshoot.application.telling import StreamCallbacks
from overshoot.domain.status import StreamStatus
from overshoot.domain.stream import StreamInferenceConfig, StreamProcessingConfig
from overshoot.errors import OvershootError, SourceError, StreamEndedError
from overshoot.ports.source import SourceInfo
from overshoot.ports.transport import StreamRequest
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until
from support.stream_fakes import ListSource, frames

REQUEST = StreamRequest(
    StreamProcessingConfig(clip_length_seconds=0.1, delay_seconds=0.1, target_fps=10),
    StreamInferenceConfig(prompt="first", model="echo"),
)


@pytest.fixture(autouse=True)
async def _leaves_nothing() -> AsyncIterator[None]:
    with nothing_left():
        yield


class Play:
    """A stream of a source at one gateway, and what it told."""

    def __init__(self, source: ListSource, **callbacks: Any) -> None:
        self.backend = EchoInference()
        self.clock = ManualClock()
        self.source = source
        self.told: list[StreamStatus] = []
        self.errors: list[OvershootError] = []
        self.sink: IntakeSink | None = None
        told: dict[str, Any] = {
            "on_result": lambda result: None,
            "on_state": self.told.append,
            "on_error": self.errors.append,
        }
        self.stream = LiveStream(
            intake=self._intake,
            transport=lambda: LoopbackTransport(self.backend, self.clock),
            clock=self.clock,
            request=REQUEST,
            callbacks=StreamCallbacks(**{**told, **callbacks}),
        )

    def _intake(self, sink: IntakeSink) -> Capture:
        self.sink = sink
        return Capture(self.source, clock=self.clock, processor=None, sink=sink)

    @property
    def states(self) -> list[str]:
        return [status.state for status in self.told]


async def test_what_was_prepared_and_stopped_cannot_be_connected_and_stays_closed() -> None:
    play = Play(ListSource(endless=True))
    await play.stream.prepare()
    await play.stream.stop()
    with pytest.raises(StreamEndedError, match="closed; make a new one"):
        await play.stream.connect()
    assert play.stream.status.state == "closed"
    assert play.states == ["closed"]
    assert play.backend.sessions == 0
    assert (await play.stream.wait_closed()).reason == "client_requested"


async def test_a_stream_is_connected_once_and_only_when_prepared() -> None:
    play = Play(ListSource(endless=True))
    with pytest.raises(StreamEndedError, match="prepare"):
        await play.stream.connect()
    await play.stream.prepare()
    with pytest.raises(StreamEndedError, match="prepared"):
        await play.stream.prepare()
    connecting = asyncio.gather(
        play.stream.connect(), play.stream.connect(), return_exceptions=True
    )
    first, second = await connecting
    assert isinstance(first, str)
    assert isinstance(second, StreamEndedError)
    assert play.backend.sessions == 1
    assert play.stream.active
    await play.stream.stop()


@pytest.mark.parametrize("where", ["gateway", "results"])
async def test_a_stop_while_connecting_is_what_the_end_says(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = Play(ListSource(endless=True))
    if where == "gateway":
        play.backend.start_gate.clear()
    else:
        monkeypatch.setattr(LoopbackTransport, "connect_results", lambda _: asyncio.Event().wait())
    starting = asyncio.create_task(play.stream.start())
    await until(lambda: "opening" in play.states)
    await asyncio.sleep(0.01)
    await play.stream.stop()
    with pytest.raises(StreamEndedError):
        await starting
    end = await play.stream.wait_closed()
    assert (end.reason, end.error) == ("client_requested", None)
    assert play.states == ["opening", "closed"]
    assert (play.told[-1].reason, play.told[-1].error) == ("client_requested", None)
    assert play.errors == []


async def test_a_source_that_breaks_because_it_is_stopped_is_not_what_is_raised() -> None:
    class Interrupted(ListSource):
        def open(self) -> SourceInfo:
            self.opening.set()
            self._interrupted.wait(20)
            raise SourceError("interrupted")

    play = Play(Interrupted())
    starting = asyncio.create_task(play.stream.start())
    await until(play.source.opening.is_set)
    await play.stream.stop()
    with pytest.raises(StreamEndedError, match="stopped while starting") as caught:
        await starting
    assert isinstance(caught.value.__cause__, SourceError)
    assert (await play.stream.wait_closed()).reason == "client_requested"


async def test_who_is_cancelled_again_while_a_start_is_undone_leaves_nothing_either() -> None:
    gate = threading.Event()
    play = Play(ListSource(gate=gate))
    starting = asyncio.create_task(play.stream.start())
    await until(play.source.opening.is_set)
    for _ in range(3):
        starting.cancel()
        await asyncio.sleep(0.005)
    with pytest.raises(asyncio.CancelledError):
        await starting
    gate.set()
    await asyncio.wait_for(play.stream.stop(), 20)
    assert play.stream.finished
    assert play.source.closed == 1


async def test_a_cancelled_stop_stops_all_the_same() -> None:
    gate = threading.Event()
    play = Play(ListSource(gate=gate))
    starting = asyncio.create_task(play.stream.start())
    await until(play.source.opening.is_set)
    stopping = asyncio.create_task(play.stream.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.wait({stopping})
    gate.set()
    with pytest.raises(StreamEndedError):
        await starting
    assert play.stream.finished


async def test_an_error_callback_may_stop_a_stream_that_is_only_prepared() -> None:
    stopped = asyncio.Event()

    async def on_error(error: OvershootError) -> None:
        await play.stream.stop()
        stopped.set()

    play = Play(ListSource(endless=True), on_error=on_error)
    await play.stream.prepare()
    assert play.sink is not None
    play.sink.fault(SourceError("dusty"))
    async with asyncio.timeout(20):
        await stopped.wait()
        end = await play.stream.wait_closed()
    assert end.reason == "client_requested"


@pytest.mark.parametrize("state", ["opening", "active"])
async def test_a_state_callback_may_stop_the_stream(state: str) -> None:
    async def on_state(status: StreamStatus) -> None:
        if status.state == state:
            await play.stream.stop()
            stopped.append(status.state)

    stopped: list[str] = []
    play = Play(ListSource(endless=True), on_state=on_state)
    try:
        await play.stream.start()
    except StreamEndedError as error:
        assert error.reason == "client_requested"  # noqa: PT017 - or it came too late for that
    async with asyncio.timeout(20):
        end = await play.stream.wait_closed()
    assert (end.reason, end.error) == ("client_requested", None)
    assert stopped == [state]
    assert play.errors == []


async def test_every_frame_of_a_stopped_source_is_counted() -> None:
    play = Play(ListSource(frames(500), endless=True))
    await play.stream.start()
    await until(lambda: play.source.given > 50)
    await play.stream.stop()
    counts = play.stream.stats().frames
    assert counts.captured == play.source.given
    assert counts.captured == counts.sent + sum(counts.dropped.values())
    assert counts.waiting == 0
