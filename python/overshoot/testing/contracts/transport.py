"""What `overshoot.ports.transport.Transport` promises, sentence by sentence; run on every adapter.

A subclass gives a ``harness`` fixture: a gateway with an `EchoInference` backend, on a clock that
the test moves, and transports to it. It must fail the test where its end leaves a task or thread
behind (`nothing_left`); so tests of calls that free everything by themselves do not close what they
used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from overshoot.domain.frame import PlanarFrame
from overshoot.domain.stream import StreamInferenceConfig, StreamProcessingConfig
from overshoot.errors import (
    NetworkError,
    NotFoundError,
    OvershootError,
    StreamEndedError,
    UnauthorizedError,
    ValidationError,
)
from overshoot.framepath import to_i420
from overshoot.ports.transport import (
    MediaChanged,
    ResultReceived,
    ResultsClosed,
    StreamRequest,
    Transport,
    TransportEvent,
)
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.waiting import until

if TYPE_CHECKING:
    from overshoot.testing.manual_clock import ManualClock

TTL = 60.0
WIDTH, HEIGHT = 96, 64
FPS = 10
EACH_FRAME = StreamProcessingConfig(clip_length_seconds=0.1, delay_seconds=0.1, target_fps=FPS)


def asking(prompt: str = "first", *, model: str = "echo") -> StreamRequest:
    return StreamRequest(EACH_FRAME, StreamInferenceConfig(prompt=prompt, model=model))


class ScriptedFeed:
    """Grey frames at 10 a second of source time, given at a few milliseconds' distance.

    Ends after ``count`` frames, or never; ``error`` is raised in place of an end.
    """

    def __init__(self, count: int | None = None, *, error: Exception | None = None) -> None:
        self._count = count
        self._error = error
        self.given: int = 0

    async def next_frame(self) -> PlanarFrame | None:
        await asyncio.sleep(0.005)
        if self._count is not None and self.given >= self._count:
            if self._error is not None:
                raise self._error
            return None
        index = self.given
        self.given += 1
        level = 60 + 40 * (index % 4)
        planes = to_i420(np.full((HEIGHT, WIDTH, 3), level, np.uint8))
        return PlanarFrame(planes, WIDTH, HEIGHT, index / FPS, index)


class Harness(Protocol):
    """Transports to an `EchoInference` backend, on a clock that the test moves."""

    backend: EchoInference
    clock: ManualClock

    def transport(self) -> Transport:
        """A new transport."""
        ...


class GatewayHarness(Harness, Protocol):
    """A gateway and what a test can do to it."""

    def transport(self, *, key: str | None = None) -> Transport:
        """A new transport; without a key it has one that is let in."""
        ...

    def spoil_key(self, transport: Transport) -> None:
        """From now on the key of this transport is refused."""
        ...

    async def disappear(self, transport: Transport) -> None:
        """Let the gateway be unreachable from now on, for one request at least."""
        ...


async def next_of(transport: Transport, kind: type[TransportEvent]) -> TransportEvent:
    """The next event of this kind; those before it are passed over."""
    async with asyncio.timeout(20):
        while not isinstance(event := await transport.receive(), kind):
            pass
    return event


async def next_result(transport: Transport) -> ResultReceived:
    event = await next_of(transport, ResultReceived)
    assert isinstance(event, ResultReceived)
    return event


async def media(transport: Transport, state: str) -> None:
    async with asyncio.timeout(20):
        while await transport.receive() != MediaChanged(state):
            pass


async def closing(transport: Transport) -> ResultsClosed:
    event = await next_of(transport, ResultsClosed)
    assert isinstance(event, ResultsClosed)
    return event


class TransportContract:
    """The sentences of the port's docstring."""

    @pytest.fixture
    async def opened(self, harness: Harness) -> AsyncIterator[Transport]:
        """A transport whose media are connected and whose results can arrive."""
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        await media(transport, "connected")
        await transport.connect_results()
        yield transport
        await transport.close()

    # --- open ------------------------------------------------------------------------------------

    async def test_open_makes_the_stream_and_sends_what_the_feed_gives(
        self, harness: Harness
    ) -> None:
        transport = harness.transport()
        opened = await transport.open(asking(), ScriptedFeed())
        assert opened.stream_id
        assert opened.lease_ttl_seconds == TTL
        await until(lambda: len(harness.backend.requests) >= 3)
        frame = harness.backend.requests[-1].frames[-1]
        assert frame.pixels.shape == (HEIGHT, WIDTH, 3)
        levels = {60, 100, 140, 180}
        assert min(abs(float(frame.pixels.mean()) - level) for level in levels) < 8
        await transport.close()

    async def test_the_gateway_samples_by_the_time_of_the_source(
        self, harness: Harness, opened: Transport
    ) -> None:
        results = [(await next_result(opened)).result for _ in range(3)]
        for result in results:
            assert result.timestamp is not None
            assert result.frame_end is not None
            assert result.timestamp == pytest.approx(result.frame_end / FPS, abs=0.002)

    async def test_a_model_that_is_not_there_is_a_validation_error(self, harness: Harness) -> None:
        transport = harness.transport()
        with pytest.raises(ValidationError):
            await transport.open(asking(model="unknown"), ScriptedFeed())
        assert harness.backend.open_sessions == 0

    async def test_a_cancelled_opening_leaves_nothing(self, harness: Harness) -> None:
        harness.backend.start_gate.clear()
        transport = harness.transport()
        opening = asyncio.create_task(transport.open(asking(), ScriptedFeed()))
        await asyncio.sleep(0.05)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await transport.close()
        harness.backend.start_gate.set()

    async def test_a_second_opening_is_refused_and_harms_nothing(self, opened: Transport) -> None:
        with pytest.raises(StreamEndedError):
            await opened.open(asking(), ScriptedFeed())
        await next_result(opened)

    async def test_calls_before_the_opening_are_refused(self, harness: Harness) -> None:
        transport = harness.transport()
        for call in (transport.connect_results, transport.renew_lease):
            with pytest.raises(StreamEndedError) as caught:
                await call()
            assert caught.value.reason == "not_started"
        await transport.close()

    # --- results ---------------------------------------------------------------------------------

    async def test_results_come_in_order(self, opened: Transport) -> None:
        first = (await next_result(opened)).result
        second = (await next_result(opened)).result
        assert first.seq is not None
        assert second.seq == first.seq + 1
        assert first.ok
        assert first.result == "first"
        assert first.model_backend == "echo"

    async def test_results_without_a_channel_are_lost(self, harness: Harness) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        await until(lambda: len(harness.backend.requests) >= 4)
        await transport.connect_results()
        result = (await next_result(transport)).result
        assert result.seq is not None
        assert result.seq >= 2
        await transport.close()

    async def test_the_end_of_a_stream_comes_once_per_channel_with_its_reason(
        self, harness: Harness, opened: Transport
    ) -> None:
        await next_result(opened)
        await harness.clock.advance(TTL)
        closed = await closing(opened)
        assert (closed.code, closed.reason) == (1001, "stream ended: lease_expired")
        await opened.connect_results()
        assert await closing(opened) == closed, "a new channel says it again"
        ended = asyncio.ensure_future(closing(opened))
        await asyncio.sleep(0.05)
        assert not ended.done()
        await opened.close()
        with pytest.raises(StreamEndedError):
            await ended

    # --- media -----------------------------------------------------------------------------------

    @pytest.mark.parametrize("count", [1, 7])
    async def test_the_last_frame_of_a_video_is_sent_and_answered(
        self, harness: Harness, count: int
    ) -> None:
        transport = harness.transport()
        harness.backend.start_gate.set()
        feed = ScriptedFeed(count)
        await transport.open(asking(), feed)
        await transport.connect_results()
        await media(transport, "drained")
        closed = await closing(transport)
        assert closed.code == 1001
        assert feed.given == count
        newest = max(request.frames[-1].index for request in harness.backend.requests)
        assert newest == count - 1
        await transport.close()

    async def test_a_feed_that_breaks_is_a_failure_of_the_media(self, harness: Harness) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed(3, error=RuntimeError("feed broke")))
        await media(transport, "failed")
        await transport.close()

    # --- lease, prompt, feedback -----------------------------------------------------------------

    async def test_a_renewed_lease_lasts_its_time_again(
        self, harness: Harness, opened: Transport
    ) -> None:
        for _ in range(3):
            await harness.clock.advance(TTL * 0.75)
            assert await opened.renew_lease() == TTL
        await next_result(opened)

    async def test_a_new_prompt_counts_from_the_next_clip_on(self, opened: Transport) -> None:
        await opened.update_prompt("second")
        async with asyncio.timeout(20):
            while (result := (await next_result(opened)).result).prompt != "second":
                assert result.prompt_version == 0
        assert result.result == "second"
        assert result.prompt_version == 1

    async def test_an_empty_prompt_is_a_validation_error(self, opened: Transport) -> None:
        with pytest.raises(ValidationError):
            await opened.update_prompt("  ")

    async def test_feedback_is_taken_or_refused_as_wrong(self, opened: Transport) -> None:
        await opened.submit_feedback(rating=4, category="accuracy", feedback="")
        with pytest.raises(ValidationError):
            await opened.submit_feedback(rating=99, category="accuracy", feedback="")

    async def test_what_has_ended_is_not_found(self, harness: Harness, opened: Transport) -> None:
        await harness.clock.advance(TTL)
        with pytest.raises(NotFoundError):
            await opened.renew_lease()
        with pytest.raises(NotFoundError):
            await opened.update_prompt("late")
        with pytest.raises(NotFoundError):
            await opened.submit_feedback(rating=4, category="accuracy", feedback="")

    # --- close -----------------------------------------------------------------------------------

    async def test_close_deletes_the_stream_and_frees_everything(self, harness: Harness) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        await transport.connect_results()
        await next_result(transport)
        await transport.close()
        await transport.close()
        await harness.clock.advance(5.0)
        await until(lambda: harness.backend.open_sessions == 0)

    async def test_closing_twice_at_the_same_time(self, harness: Harness) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        await asyncio.gather(transport.close(), transport.close())

    async def test_close_before_open(self, harness: Harness) -> None:
        transport = harness.transport()
        await transport.close()
        with pytest.raises(StreamEndedError):
            await asyncio.wait_for(transport.open(asking(), ScriptedFeed()), 20)

    async def test_close_during_open(self, harness: Harness) -> None:
        harness.backend.start_gate.clear()
        transport = harness.transport()
        opening = asyncio.create_task(transport.open(asking(), ScriptedFeed()))
        await asyncio.sleep(0.05)
        ending = asyncio.create_task(transport.close())
        await asyncio.sleep(0.01)
        harness.backend.start_gate.set()
        await asyncio.wait_for(ending, 20)
        with pytest.raises(StreamEndedError):
            await opening
        await harness.clock.advance(5.0)
        await until(lambda: harness.backend.open_sessions == 0)

    async def test_who_waits_in_receive_is_told_of_the_close(self, opened: Transport) -> None:
        async def all_events() -> None:
            while True:
                await opened.receive()

        waiting = asyncio.create_task(all_events())
        await asyncio.sleep(0.01)
        await opened.close()
        with pytest.raises(StreamEndedError):
            await asyncio.wait_for(waiting, 20)
        with pytest.raises(StreamEndedError):
            await asyncio.wait_for(opened.receive(), 20)

    async def test_every_call_after_the_close_is_refused(self, opened: Transport) -> None:
        await opened.close()
        calls = (
            opened.connect_results(),
            opened.renew_lease(),
            opened.update_prompt("late"),
            opened.submit_feedback(rating=4, category="accuracy", feedback=""),
            opened.open(asking(), ScriptedFeed()),
        )
        for call in calls:
            with pytest.raises(StreamEndedError) as caught:
                await call
            assert caught.value.reason == "client_requested"


class GatewayTransportContract(TransportContract):
    """What holds besides where a gateway is somewhere else, and asks for a key."""

    async def test_a_wrong_key_is_refused_and_nothing_is_left(
        self, harness: GatewayHarness
    ) -> None:
        transport = harness.transport(key="ovs_nobody_knows_this")
        feed = ScriptedFeed()
        with pytest.raises(UnauthorizedError) as caught:
            await transport.open(asking(), feed)
        assert "ovs_nobody" not in str(caught.value)
        assert feed.given == 0
        assert harness.backend.open_sessions == 0

    async def test_a_gateway_that_cannot_be_reached_is_a_network_error(
        self, harness: GatewayHarness
    ) -> None:
        transport = harness.transport()
        await harness.disappear(transport)
        with pytest.raises(NetworkError):
            await transport.open(asking(), ScriptedFeed())

    async def test_a_channel_of_an_unreachable_gateway_is_a_network_error(
        self, harness: GatewayHarness
    ) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        await harness.disappear(transport)
        with pytest.raises(NetworkError):
            await transport.connect_results()
        await transport.close()

    async def test_a_refused_key_is_no_error_but_a_close_with_1008(
        self, harness: GatewayHarness
    ) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        harness.spoil_key(transport)
        await transport.connect_results()
        assert (await closing(transport)).code == 1008
        await transport.close(delete=False)

    async def test_a_key_that_is_refused_later_is_unauthorized(
        self, harness: GatewayHarness, opened: Transport
    ) -> None:
        harness.spoil_key(opened)
        with pytest.raises(UnauthorizedError):
            await opened.renew_lease()

    async def test_close_does_not_raise_for_an_unreachable_gateway(
        self, harness: GatewayHarness
    ) -> None:
        transport = harness.transport()
        await transport.open(asking(), ScriptedFeed())
        await transport.connect_results()
        await harness.disappear(transport)
        await transport.close()

    async def test_no_error_repeats_the_key(self, harness: GatewayHarness) -> None:
        key = "ovs_canary_in_the_error"
        transport = harness.transport(key=key)
        with pytest.raises(OvershootError) as caught:
            await transport.open(asking(), ScriptedFeed())
        assert key not in f"{caught.value!r} {caught.value.__cause__!r} {transport!r}"

    async def test_a_request_that_the_gateway_does_not_take_is_a_validation_error(
        self, harness: GatewayHarness
    ) -> None:
        too_much = StreamProcessingConfig(sampling_ratio=1.0, fps=120, delay_seconds=0.5)
        transport = harness.transport()
        with pytest.raises(ValidationError):
            await transport.open(
                StreamRequest(too_much, StreamInferenceConfig(prompt="?", model="echo")),
                ScriptedFeed(),
            )
        assert harness.backend.open_sessions == 0
