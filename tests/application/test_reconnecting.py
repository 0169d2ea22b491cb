"""A stream that loses its gateway and finds it again, on a clock that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from overshoot.adapters.transports.loopback import LoopbackTransport
from overshoot.application.frame_intake import IntakeSink
from overshoot.application.pushing import PushIntake
from overshoot.application.streaming import LiveStream
from overshoot.application.telling import StreamCallbacks
from overshoot.domain.inference import InferenceResult
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.status import StreamStatus
from overshoot.domain.stream import StreamInferenceConfig, StreamProcessingConfig
from overshoot.errors import (
    NetworkError,
    OvershootError,
    ServerError,
    SourceError,
    StreamEndedError,
    UnauthorizedError,
    ValidationError,
)
from overshoot.ports.source import SourceEvent
from overshoot.ports.transport import FrameFeed, OpenedStream, StreamRequest
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until
from support.stream_fakes import picture

EACH_FRAME = StreamProcessingConfig(clip_length_seconds=0.1, delay_seconds=0.1, target_fps=10)
REQUEST = StreamRequest(EACH_FRAME, StreamInferenceConfig(prompt="first", model="echo"))


class Network:
    """Gateways, one after the other, and what a stream tells of them."""

    def __init__(self, **changes: Any) -> None:
        self.clock = ManualClock()
        self.backend = EchoInference()
        self.transports: list[LoopbackTransport] = []
        self.opened_at: list[float] = []
        self.refusals: list[OvershootError] = []
        self.told: list[StreamStatus] = []
        self.results: list[InferenceResult[Any]] = []
        self.errors: list[OvershootError] = []
        self.frames = 0
        self.intake: PushIntake | None = None
        self.sink: IntakeSink | None = None
        values: dict[str, Any] = {"reconnection": ReconnectionPolicy(), **changes}
        self.stream = LiveStream(
            intake=self._intake,
            transport=self._transport,
            clock=self.clock,
            request=REQUEST,
            callbacks=StreamCallbacks(
                on_result=self.results.append,
                on_error=self.errors.append,
                on_state=self.told.append,
            ),
            **values,
        )

    @property
    def transport(self) -> LoopbackTransport:
        return self.transports[-1]

    @property
    def states(self) -> list[str]:
        return [status.state for status in self.told]

    def _intake(self, sink: IntakeSink) -> PushIntake:
        self.sink = sink
        self.intake = PushIntake(sink, self.clock, lambda data: picture())
        return self.intake

    def _transport(self) -> LoopbackTransport:
        transport = LoopbackTransport(self.backend, self.clock)
        if self.refusals:
            transport.refuse_next(self.refusals.pop(0))
        self.transports.append(transport)
        self.opened_at.append(self.clock.monotonic())
        return transport

    def push(self) -> None:
        assert self.intake is not None
        self.intake.push(picture(self.frames), self.frames / 10, order="rgb", encoding=None)
        self.frames += 1

    async def answered(self) -> InferenceResult[Any]:
        """Push frames until one more is answered."""
        before = len(self.results)
        async with asyncio.timeout(20):
            while len(self.results) == before:
                self.push()
                await asyncio.sleep(0.001)
        return self.results[-1]

    async def until_told(self, state: str, times: int = 1) -> StreamStatus:
        await until(lambda: self.states.count(state) >= times)
        return [status for status in self.told if status.state == state][times - 1]

    async def asleep(self) -> None:
        """Until the stream waits for its next attempt."""
        await until(lambda: self.clock.sleepers >= 1)

    async def lose(self, times: int = 1) -> None:
        self.transport.lose_media()
        await self.until_told("reconnecting", times)
        await self.asleep()


@pytest.fixture(autouse=True)
async def _leaves_nothing() -> AsyncIterator[None]:
    with nothing_left():
        yield


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    made = Network()
    yield made
    await made.stream.stop()


async def test_results_go_on_in_order_on_a_new_stream(network: Network) -> None:
    first_id = await network.stream.start()
    for _ in range(3):
        await network.answered()
    await network.lose()
    network.push()
    await network.clock.advance(0.5)
    await network.until_told("active", 2)
    later = await network.answered()
    results = network.results
    assert [result.seq for result in results] == list(range(len(results)))
    assert [result.epoch for result in results] == sorted(result.epoch for result in results)
    assert (later.epoch, later.prompt_version) == (1, 0)
    assert later.stream_id == network.stream.stream_id != first_id
    times = [result.timestamp for result in results]
    ends = [result.frame_end for result in results]
    assert None not in times
    assert None not in ends
    assert all(one < other for one, other in pairwise(times))  # type: ignore[operator]
    assert all(round(time * 10) == end for time, end in zip(times, ends, strict=True))  # type: ignore[operator]
    assert all(result.frame_start is not None for result in results)
    stats = network.stream.stats()
    assert (stats.reconnections, stats.results) == (1, len(results))
    assert stats.frames.captured == network.frames
    assert network.errors == []
    assert network.states == ["opening", "active", "reconnecting", "active"]
    lost = network.told[2]
    assert (lost.reason, lost.epoch, lost.stream_id) == ("media_lost", 0, first_id)
    assert isinstance(lost.error, NetworkError)
    assert network.told[3].epoch == 1
    assert network.told[3].stream_id == network.stream.stream_id
    assert network.told[3].error is None


async def test_attempts_back_off_and_do_not_count_as_streams(network: Network) -> None:
    await network.stream.start()
    network.refusals = [ServerError("busy") for _ in range(6)]
    await network.lose()
    for attempt in range(7):
        await network.asleep()
        wait = [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0][attempt]
        await network.clock.advance(wait - 0.01)
        assert len(network.transports) == attempt + 1
        await network.clock.advance(0.01)
        assert len(network.transports) == attempt + 2
        if attempt < 6:
            await network.until_told("reconnecting", attempt + 2)
    await network.until_told("active", 2)
    gaps = [later - earlier for earlier, later in pairwise(network.opened_at[1:])]
    assert gaps == pytest.approx([1.0, 2.0, 4.0, 8.0, 8.0, 8.0])
    assert network.told[-1].epoch == 1, "an attempt that fails makes no stream"
    assert network.stream.stats().reconnections == 1
    assert [status.reason for status in network.told[2:-1]] == ["media_lost", *["open_failed"] * 6]


async def test_it_gives_up_at_the_limit() -> None:
    network = Network(reconnection=ReconnectionPolicy(4.0))
    await network.stream.start()
    network.refusals = [NetworkError("refused") for _ in range(9)]
    await network.lose()
    while not network.stream.finished:
        await network.clock.advance(0.25)
    end = await network.stream.wait_closed()
    assert end.reason == "connection_lost"
    assert end.error is not None
    assert end.error.message.endswith("in 3 attempts: refused")
    assert network.errors == [end.error]
    assert network.opened_at == [0.0, 0.5, 1.5, 3.5]
    assert network.told[-1] == StreamStatus(
        "closed", "connection_lost", 0, network.told[1].stream_id, end.error
    )


async def test_a_gateway_that_takes_streams_and_drops_them_is_not_asked_for_ever() -> None:
    network = Network(reconnection=ReconnectionPolicy(10.0))
    await network.stream.start()
    losses = 0
    while not network.stream.finished:
        if network.states[-1:] == ["active"] and losses == network.states.count("reconnecting"):
            losses += 1
            network.transport.lose_media()
        await network.clock.advance(0.25)
        await asyncio.sleep(0)
    end = await network.stream.wait_closed()
    assert end.reason == "connection_lost"
    assert len(network.transports) == 1 + 4, "0.5, 1, 2 and 4 s, though each attempt succeeded"


async def test_a_stream_that_answered_begins_anew_with_its_patience(network: Network) -> None:
    await network.stream.start()
    for loss in range(1, 5):
        await network.lose(loss)
        await network.clock.advance(0.5)
        await network.until_told("active", loss + 1)
        assert (await network.answered()).epoch == loss
    assert len(network.transports) == 5


async def test_without_reconnection_a_loss_is_the_end() -> None:
    network = Network(reconnection=None)
    await network.stream.start()
    network.transport.lose_media()
    end = await network.stream.wait_closed()
    assert end.reason == "media_lost"
    assert network.errors == [end.error]
    assert "reconnecting" not in network.states
    assert len(network.transports) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [(UnauthorizedError("revoked"), "unauthorized"), (ValidationError("?"), "connection_lost")],
)
async def test_a_gateway_that_says_no_has_the_last_word(
    network: Network, error: OvershootError, reason: str
) -> None:
    await network.stream.start()
    network.refusals = [error]
    await network.lose()
    await network.clock.advance(0.5)
    end = await network.stream.wait_closed()
    assert (end.reason, end.error) == (reason, error)
    assert network.errors == [error]


async def test_a_fault_inside_while_reconnecting_ends_it_and_says_so(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(
        self: LoopbackTransport, request: StreamRequest, feed: FrameFeed
    ) -> OpenedStream:
        raise ZeroDivisionError("inside")

    await network.stream.start()
    monkeypatch.setattr(LoopbackTransport, "open", broken)
    await network.lose()
    await network.clock.advance(0.5)
    end = await network.stream.wait_closed()
    assert end.reason == "internal_error"
    assert "ZeroDivisionError" in network.errors[0].message


# --- the prompt ----------------------------------------------------------------------------------


async def test_the_prompt_is_kept_and_so_is_its_version(network: Network) -> None:
    await network.stream.start()
    await network.stream.update_prompt("second")
    assert (await until_prompt(network, "second")).prompt_version == 1
    await network.lose()
    await network.clock.advance(0.5)
    await network.until_told("active", 2)
    result = await network.answered()
    assert (result.epoch, result.prompt, result.prompt_version) == (1, "second", 1)
    await network.stream.update_prompt("third")
    assert (await until_prompt(network, "third")).prompt_version == 2


async def test_a_prompt_asked_for_while_reconnecting_is_the_one_it_goes_on_with(
    network: Network,
) -> None:
    await network.stream.start()
    await network.lose()
    await network.stream.update_prompt("meanwhile")
    await network.stream.update_prompt("at last")
    await network.clock.advance(0.5)
    await network.until_told("active", 2)
    result = await network.answered()
    assert (result.prompt, result.prompt_version) == ("at last", 2)


async def test_a_prompt_asked_for_while_the_lost_one_closes_is_not_lost(
    network: Network,
) -> None:
    await network.stream.start()
    close, closing, go_on = network.transport.close, asyncio.Event(), asyncio.Event()

    async def slow(*, delete: bool = True) -> None:
        closing.set()
        await go_on.wait()
        await close(delete=delete)

    network.transport.close = slow  # type: ignore[method-assign]
    network.transport.lose_media()
    await closing.wait()
    assert network.stream.active
    await network.stream.update_prompt("kept")
    go_on.set()
    await network.until_told("reconnecting")
    await network.asleep()
    await network.clock.advance(0.5)
    assert (await network.answered()).prompt == "kept"


async def test_a_prompt_whose_request_is_cut_off_by_the_loss_is_asked_on_the_next_stream(
    network: Network,
) -> None:
    await network.stream.start()
    lost = network.transport

    async def cut_off(prompt: str) -> None:
        lost.lose_media()
        await network.until_told("reconnecting")
        raise StreamEndedError("this stream has been closed", reason="client_requested")

    lost.update_prompt = cut_off  # type: ignore[method-assign]
    await network.stream.update_prompt("kept")
    await network.asleep()
    await network.clock.advance(0.5)
    result = await network.answered()
    assert (result.prompt, result.prompt_version) == ("kept", 1)


async def test_a_refused_prompt_changes_neither_prompt_nor_version(network: Network) -> None:
    await network.stream.start()
    network.transport.refuse_next(ValidationError("too rude"))
    with pytest.raises(ValidationError):
        await network.stream.update_prompt("rude")
    await network.stream.update_prompt("polite")
    assert (await until_prompt(network, "polite")).prompt_version == 1
    network.transport.refuse_next(ValidationError("too rude"))
    with pytest.raises(ValidationError):
        await network.stream.update_prompt("rude")
    await network.lose()
    await network.clock.advance(0.5)
    await network.until_told("active", 2)
    assert (await network.answered()).prompt == "polite"


async def test_prompts_are_sent_in_the_order_they_were_asked_for(network: Network) -> None:
    await network.stream.start()
    update, order = network.transport.update_prompt, list[str]()

    async def uneven(prompt: str) -> None:
        for _ in range(20 if prompt == "slow" else 1):
            await asyncio.sleep(0)
        order.append(prompt)
        await update(prompt)

    network.transport.update_prompt = uneven  # type: ignore[method-assign]
    await asyncio.gather(
        network.stream.update_prompt("slow"), network.stream.update_prompt("quick")
    )
    assert order == ["slow", "quick"]
    assert (await until_prompt(network, "quick")).prompt_version == 2


async def until_prompt(network: Network, prompt: str) -> InferenceResult[Any]:
    while (result := await network.answered()).prompt != prompt:
        pass
    return result


# --- the end of it -------------------------------------------------------------------------------


async def test_a_source_that_breaks_while_reconnecting_ends_it_at_once(network: Network) -> None:
    await network.stream.start()
    await network.lose()
    error = SourceError("unplugged")
    assert network.sink is not None
    network.sink.ended(error)
    end = await network.stream.wait_closed()
    assert (end.reason, end.error) == ("source_failed", error)
    assert network.errors == [error]
    assert network.clock.monotonic() == 0.0, "nobody waited for the next attempt"


async def test_a_video_that_ends_while_reconnecting_with_nothing_to_send_has_ended(
    network: Network,
) -> None:
    await network.stream.start()
    await network.answered()
    await until(lambda: network.stream.stats().frames.waiting == 0)
    await network.lose()
    assert network.sink is not None
    network.sink.ended(None)
    end = await network.stream.wait_closed()
    assert (end.reason, end.error) == ("source_ended", None)
    assert len(network.transports) == 1


async def test_the_last_frame_of_a_video_that_ended_meanwhile_is_still_sent(
    network: Network,
) -> None:
    await network.stream.start()
    await network.answered()
    await network.lose()
    network.push()
    assert network.sink is not None
    network.sink.ended(None)
    await network.clock.advance(0.5)
    end = await network.stream.wait_closed()
    assert (end.reason, end.error) == ("source_ended", None)
    assert network.results[-1].frame_end == network.frames - 1
    counts = network.stream.stats().frames
    assert counts.captured == counts.sent + sum(counts.dropped.values()) == network.frames


@pytest.mark.parametrize("opening", [False, True])
async def test_a_stop_while_reconnecting(network: Network, opening: bool) -> None:
    await network.stream.start()
    network.push()
    await network.lose()
    network.push()
    if opening:
        network.backend.start_gate.clear()
        await network.clock.advance(0.5)
        await until(lambda: len(network.transports) == 2)
    assert network.stream.active
    await asyncio.wait_for(network.stream.stop(), 20)
    end = await network.stream.wait_closed()
    assert (end.reason, end.error) == ("client_requested", None)
    assert network.errors == []
    assert network.states[-2:] == ["reconnecting", "closed"]
    assert network.backend.open_sessions == 0
    counts = network.stream.stats().frames
    assert (counts.captured, counts.waiting) == (2, 0)
    assert counts.captured == counts.sent + sum(counts.dropped.values())


async def test_frames_are_counted_during_a_loss(network: Network) -> None:
    await network.stream.start()
    await network.answered()
    await network.lose()
    for _ in range(50):
        network.push()
    counts = network.stream.stats().frames
    assert counts.captured == network.frames
    assert counts.captured == counts.sent + counts.waiting + sum(counts.dropped.values())
    assert counts.waiting == 1
    assert counts.dropped["overtaken"] >= 49


# --- what does not end it ------------------------------------------------------------------------


async def test_a_result_socket_that_drops_is_degraded_and_then_active(network: Network) -> None:
    await network.stream.start()
    await network.answered()
    network.transport.drop_results(1011, "oops")
    degraded = await network.until_told("degraded")
    assert (degraded.reason, degraded.epoch) == ("results_lost", 0)
    await network.clock.advance(1.0)
    await network.until_told("active", 2)
    await network.answered()
    assert network.states == ["opening", "active", "degraded", "active"]
    assert len(network.transports) == 1
    assert network.errors == []


async def test_a_source_that_mends_itself_is_degraded_meanwhile(network: Network) -> None:
    await network.stream.start()
    assert network.sink is not None
    network.sink.met(SourceEvent("lost", "the camera is gone"))
    network.sink.met(SourceEvent("retrying", "once more", attempt=1, wait_seconds=0.5))
    lost = await network.until_told("degraded")
    retrying = await network.until_told("degraded", 2)
    assert {lost.reason, retrying.reason} == {"source_reconnecting"}
    assert isinstance(lost.error, SourceError)
    assert (str(lost.error), str(retrying.error)) == ("the camera is gone", "once more")
    network.transport.drop_results(1011, "oops")
    assert (await network.until_told("degraded", 3)).reason == "results_lost"
    await network.clock.advance(1.0)
    assert (await network.until_told("degraded", 4)).reason == "source_reconnecting"
    network.sink.met(SourceEvent("restored", "back"))
    active = await network.until_told("active", 2)
    assert (active.reason, active.error) == ("", None)
    assert network.errors == []


async def test_a_gateway_that_hangs_up_between_the_opening_and_its_telling_is_noticed(
    network: Network,
) -> None:
    await network.stream.start()
    await network.lose()
    make = network._transport

    def hanging_up() -> LoopbackTransport:
        transport = make()
        connect = transport.connect_results

        async def connect_and_drop() -> None:
            await connect()
            transport.drop_results(1011, "at once")
            transport.connect_results = connect  # type: ignore[method-assign]

        transport.connect_results = connect_and_drop  # type: ignore[method-assign]
        return transport

    network.stream._connections._make_transport = hanging_up
    await network.clock.advance(0.5)
    await network.until_told("degraded")
    await network.clock.advance(1.0)
    await network.until_told("active", 3)
    assert network.states[-4:] == ["reconnecting", "active", "degraded", "active"]
