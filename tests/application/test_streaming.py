"""A running stream from a list of frames to an echoing gateway, on a clock that tests move."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from overshoot.adapters.transports.loopback import LoopbackTransport
from overshoot.application.capture import Capture
from overshoot.application.streaming import LiveStream
from overshoot.application.telling import StreamCallbacks
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceResult
from overshoot.domain.stream import StreamInferenceConfig, StreamProcessingConfig
from overshoot.errors import (
    ApiError,
    CallbackError,
    InsufficientCreditsError,
    NetworkError,
    OvershootError,
    ServerError,
    SourceError,
    StreamEndedError,
    UnauthorizedError,
    ValidationError,
)
from overshoot.ports.transport import FrameFeed, OpenedStream, StreamRequest
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until
from support.stream_fakes import Inbox, ListSource, frames, picture

EACH_FRAME = StreamProcessingConfig(clip_length_seconds=0.1, delay_seconds=0.1, target_fps=10)
REQUEST = StreamRequest(EACH_FRAME, StreamInferenceConfig(prompt="first", model="echo"))


@pytest.fixture(autouse=True)
async def _leaves_nothing() -> Any:
    with nothing_left():
        yield


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def backend() -> EchoInference:
    return EchoInference()


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def transport(backend: EchoInference, clock: ManualClock) -> LoopbackTransport:
    return LoopbackTransport(backend, clock)


def endless() -> Iterator[Frame]:
    """A camera at 10 frames a second that is looked at as fast as the test likes."""
    index = 0
    while True:
        yield Frame(picture(index), index / 10, index)
        index += 1


class Steady(ListSource):
    """An endless source that gives a frame only once the one before has arrived."""

    def __init__(self, backend: EchoInference) -> None:
        super().__init__(endless())
        self._backend = backend

    def read(self) -> Frame | None:
        threading.Event().wait(0.001)
        return super().read()


@pytest.fixture
def stream(
    transport: LoopbackTransport, clock: ManualClock, inbox: Inbox, backend: EchoInference
) -> Callable[..., LiveStream]:
    def make(source: ListSource | None = None, **changes: Any) -> LiveStream:
        read = source or Steady(backend)
        processor = changes.pop("frame_processor", None)
        told: dict[str, Any] = {"on_result": inbox.on_result, "on_error": inbox.on_error}
        told |= {name: changes.pop(name) for name in list(changes) if name.startswith("on_")}
        only = changes.pop("transport", transport)
        values: dict[str, Any] = {
            "intake": lambda sink: Capture(read, clock=clock, processor=processor, sink=sink),
            "transport": lambda: only,
            "clock": clock,
            "request": REQUEST,
            "callbacks": StreamCallbacks(**told),
        }
        return LiveStream(**{**values, **changes})

    return make


Make = Callable[..., LiveStream]


# --- the good course -----------------------------------------------------------------------------


async def test_results_come_in_order_until_the_stop(stream: Make, inbox: Inbox) -> None:
    live = stream()
    stream_id = await live.start()
    assert live.stream_id == stream_id
    await inbox.until(lambda: len(inbox.results) >= 5)
    assert live.active
    await live.stop()
    assert live.finished
    assert not live.active
    assert [result.seq for result in inbox.results] == list(range(len(inbox.results)))
    assert {result.stream_id for result in inbox.results} == {stream_id}
    assert all(result.prompt == "first" for result in inbox.results)
    assert inbox.errors == []
    end = await live.wait_closed()
    assert (end.reason, end.error) == ("client_requested", None)


async def test_frames_are_read_only_once_answers_can_arrive(
    stream: Make, transport: LoopbackTransport, backend: EchoInference
) -> None:
    source = ListSource(frames(3), endless=True)
    connect = transport.connect_results
    seen: list[int] = []

    async def watched() -> None:
        seen.append(source.given)
        await asyncio.sleep(0.01)
        seen.append(source.given)
        await connect()

    transport.connect_results = watched  # type: ignore[method-assign]
    live = stream(source)
    await live.start()
    assert seen == [0, 0]
    await live.stop()


async def test_the_end_of_a_video_drains_and_answers_its_last_clip(
    stream: Make, inbox: Inbox, backend: EchoInference
) -> None:
    live = stream(ListSource(frames(1)))
    await live.start()
    end = await live.wait_closed()
    assert (end.reason, end.error) == ("source_ended", None)
    assert [result.frame_end for result in inbox.results] == [0]
    assert inbox.errors == []


async def test_an_end_that_the_gateway_does_not_notice_is_waited_for_by_the_clock(
    stream: Make,
    clock: ManualClock,
    backend: EchoInference,
    transport: LoopbackTransport,
    inbox: Inbox,
) -> None:
    backend.gate.clear()
    live = stream(ListSource(frames(1)), drain_seconds=7.0)
    await live.start()
    await until(lambda: len(backend.requests) == 1)
    await clock.until_sleepers(2)
    await clock.advance(6.9)
    assert live.active
    await clock.advance(0.1)
    end = await live.wait_closed()
    assert (end.reason, end.error) == ("source_ended", None)
    assert inbox.results == []


async def test_the_processor_is_put_to_work(stream: Make, backend: EchoInference) -> None:
    def white(pixels: Any) -> Any:
        pixels[:] = 255
        return pixels

    live = stream(ListSource(frames(1)), frame_processor=white)
    await live.start()
    await live.wait_closed()
    assert backend.requests[0].frames[0].pixels.mean() == 255


async def test_the_lease_is_renewed_at_half_its_time(stream: Make, clock: ManualClock) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    for _ in range(6):
        await clock.until_sleepers(2)
        await clock.advance(45.0)
    assert clock.monotonic() == 270.0
    assert live.active
    await live.stop()


# --- the prompt ----------------------------------------------------------------------------------


async def test_a_new_prompt_shows_in_the_results(stream: Make, inbox: Inbox) -> None:
    live = stream()
    await live.start()
    await live.update_prompt("second")
    await inbox.until(lambda: any(result.prompt == "second" for result in inbox.results))
    await live.stop()
    assert {result.prompt_version for result in inbox.results if result.prompt == "second"} == {1}


async def test_a_prompt_before_the_start_is_the_one_it_opens_with(
    stream: Make, inbox: Inbox
) -> None:
    live = stream(ListSource(frames(1)))
    await live.update_prompt("earlier")
    await live.start()
    await live.wait_closed()
    assert [result.prompt for result in inbox.results] == ["earlier"]


async def test_a_prompt_while_opening_is_sent_after_it(
    stream: Make, inbox: Inbox, backend: EchoInference
) -> None:
    backend.start_gate.clear()
    live = stream()
    starting = asyncio.create_task(live.start())
    await asyncio.sleep(0.01)
    await live.update_prompt("meanwhile")
    backend.start_gate.set()
    await starting
    await inbox.until(lambda: any(result.prompt == "meanwhile" for result in inbox.results))
    await live.stop()


async def test_a_refused_prompt_raises_where_it_was_asked_for(
    stream: Make, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream()
    await live.start()
    transport.refuse_next(ValidationError("too rude"))
    with pytest.raises(ValidationError, match="too rude"):
        await live.update_prompt("…")
    assert live.active
    await live.stop()
    assert inbox.errors == []


async def test_after_the_end_prompt_and_feedback_are_refused(stream: Make) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    await live.stop()
    with pytest.raises(StreamEndedError):
        await live.update_prompt("late")
    with pytest.raises(StreamEndedError):
        await live.submit_feedback(5, "accuracy", "good")


async def test_feedback_arrives(stream: Make, transport: LoopbackTransport) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    await live.submit_feedback(5, "accuracy", "good")
    await live.stop()
    assert [(f.rating, f.category, f.feedback) for f in transport.feedback] == [
        (5, "accuracy", "good")
    ]


# --- starting and stopping -----------------------------------------------------------------------


async def test_a_stream_starts_once(stream: Make) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    with pytest.raises(StreamEndedError):
        await live.start()
    assert live.active
    await live.stop()
    with pytest.raises(StreamEndedError):
        await live.start()


async def test_stopping_twice_at_the_same_time(stream: Make) -> None:
    live = stream()
    await live.start()
    await asyncio.gather(live.stop(), live.stop(), live.wait_closed())
    await live.stop()


async def test_stopping_what_never_started(stream: Make) -> None:
    live = stream()
    await live.stop()
    with pytest.raises(StreamEndedError):
        await live.start()


async def test_a_stop_while_the_source_opens(stream: Make, backend: EchoInference) -> None:
    gate = threading.Event()
    source = ListSource(gate=gate)
    live = stream(source)
    starting = asyncio.create_task(live.start())
    await until(source.opening.is_set)
    stopping = asyncio.create_task(live.stop())
    await asyncio.sleep(0.01)
    gate.set()
    await stopping
    with pytest.raises(StreamEndedError, match="while starting") as caught:
        await starting
    assert caught.value.reason == "client_requested"
    assert backend.sessions == 0, "nothing is opened at the gateway any more"
    assert source.closed == 1


async def test_a_stop_while_the_gateway_opens(stream: Make, backend: EchoInference) -> None:
    backend.start_gate.clear()
    live = stream()
    starting = asyncio.create_task(live.start())
    await asyncio.sleep(0.01)
    await live.stop()
    with pytest.raises(StreamEndedError):
        await starting
    assert backend.open_sessions == 0


async def test_a_stop_while_the_results_connect(
    stream: Make, transport: LoopbackTransport, backend: EchoInference
) -> None:
    connecting = asyncio.Event()

    async def stuck() -> None:
        connecting.set()
        await asyncio.Event().wait()

    transport.connect_results = stuck  # type: ignore[method-assign]
    live = stream()
    starting = asyncio.create_task(live.start())
    await connecting.wait()
    await live.stop()
    with pytest.raises(StreamEndedError, match="while starting"):
        await starting
    assert backend.open_sessions == 0


@pytest.mark.parametrize("where", ["source", "gateway", "results"])
async def test_a_cancelled_start_leaves_nothing(
    stream: Make, transport: LoopbackTransport, backend: EchoInference, where: str
) -> None:
    gate = threading.Event()
    source = ListSource(gate=gate)
    if where != "source":
        gate.set()
    if where == "gateway":
        backend.start_gate.clear()
    if where == "results":
        transport.connect_results = asyncio.Event().wait  # type: ignore[assignment,method-assign]
    live = stream(source)
    starting = asyncio.create_task(live.start())
    await until(source.opening.is_set)
    await asyncio.sleep(0.01)
    starting.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert live.finished
    assert not source.is_open
    assert backend.open_sessions == 0


async def test_a_stream_made_in_spite_of_a_cancelled_start_is_deleted(
    stream: Make, clock: ManualClock, backend: EchoInference
) -> None:
    answered = asyncio.Event()

    class Slow(LoopbackTransport):
        """As a network is: what was asked for is made, whether or not somebody still waits."""

        made = False
        closed_with: bool | None = None

        async def open(self, request: StreamRequest, feed: FrameFeed) -> OpenedStream:
            opened = await super().open(request, feed)
            await answered.wait()
            self.made = True
            return opened

        async def close(self, *, delete: bool = True) -> None:
            self.closed_with = delete
            answered.set()
            await super().close(delete=delete)

    transport = Slow(backend, clock)
    live = stream(transport=transport)
    starting = asyncio.create_task(live.start())
    await until(lambda: backend.sessions == 1)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert transport.made, "who cancels does not cut the gateway's answer off"
    assert transport.closed_with is True
    assert backend.open_sessions == 0


async def test_a_source_that_does_not_open_is_raised_and_nothing_is_left(
    stream: Make, inbox: Inbox, backend: EchoInference
) -> None:
    error = SourceError("no camera 7")
    live = stream(ListSource(open_error=error))
    with pytest.raises(SourceError) as caught:
        await live.start()
    assert caught.value is error
    assert live.finished
    assert inbox.errors == [], "it was raised, so it is not told again"
    assert backend.sessions == 0
    end = await live.wait_closed()
    assert (end.reason, end.error) == ("open_failed", error)


@pytest.mark.parametrize(
    "error", [UnauthorizedError("?"), NetworkError("refused"), ServerError("busy")]
)
async def test_a_gateway_that_refuses_is_raised_and_nothing_is_left(
    stream: Make, transport: LoopbackTransport, inbox: Inbox, error: OvershootError
) -> None:
    transport.refuse_next(error)
    source = ListSource(endless=True)
    live = stream(source)
    with pytest.raises(type(error)) as caught:
        await live.start()
    assert caught.value is error
    assert source.closed == 1
    assert inbox.errors == []


async def test_a_fault_of_the_transport_itself_is_raised_and_nothing_is_left(
    stream: Make, transport: LoopbackTransport
) -> None:
    async def broken(request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        raise ZeroDivisionError("inside")

    transport.open = broken  # type: ignore[method-assign]
    source = ListSource(endless=True)
    live = stream(source)
    with pytest.raises(ZeroDivisionError):
        await live.start()
    assert source.closed == 1
    end = await live.wait_closed()
    assert end.reason == "internal_error"


async def test_a_key_refused_on_the_result_channel(
    stream: Make, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    transport.known_keys.clear()
    transport.drop_results(1008, "revoked")
    end = await live.wait_closed()
    assert end.reason == "unauthorized"
    assert [type(error) for error in inbox.errors] == [UnauthorizedError]


async def test_media_that_never_come_end_the_start(
    stream: Make, clock: ManualClock, transport: LoopbackTransport, inbox: Inbox
) -> None:
    async def silent(request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        return OpenedStream("mute", None)

    transport.open = silent  # type: ignore[method-assign]
    transport.connect_results = asyncio.Event().wait  # type: ignore[assignment,method-assign]
    live = stream(ListSource(endless=True))
    starting = asyncio.create_task(live.start())
    await clock.until_sleepers(1)
    await clock.advance(15.0)
    with pytest.raises(NetworkError, match="TURN"):
        await starting
    assert inbox.errors == []


# --- what goes wrong on the way ------------------------------------------------------------------


async def test_a_source_that_breaks_ends_the_stream_with_its_error(
    stream: Make, inbox: Inbox
) -> None:
    error = SourceError("unplugged")
    live = stream(ListSource(frames(2), read_error=error))
    await live.start()
    end = await live.wait_closed()
    assert end.reason == "source_failed"
    assert inbox.errors == [error]


async def test_a_lost_result_channel_is_opened_again(
    stream: Make, clock: ManualClock, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream()
    await live.start()
    await inbox.until(lambda: len(inbox.results) >= 1)
    transport.drop_results(1011, "oops")
    await asyncio.sleep(0.01)
    before = len(inbox.results)
    await clock.advance(1.0)
    await inbox.until(lambda: len(inbox.results) > before)
    assert live.active
    await live.stop()
    assert inbox.errors == []


async def test_a_result_channel_that_stays_lost_ends_the_stream(
    stream: Make, clock: ManualClock, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream(ListSource(endless=True))
    await live.start()

    attempts: list[float] = []

    async def refused() -> None:
        attempts.append(clock.monotonic())
        raise NetworkError("connection refused")

    transport.connect_results = refused  # type: ignore[method-assign]
    transport.drop_results(None)
    while live.active:
        await clock.advance(0.5)
    end = await live.wait_closed()
    assert end.reason == "connection_lost"
    assert [later - earlier for earlier, later in pairwise(attempts)] == [2.0, 4.0, 8.0, 10.0]
    assert [type(error) for error in inbox.errors] == [NetworkError]


async def test_an_expired_lease_ends_the_stream_with_its_reason(
    stream: Make, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream()
    await live.start()
    transport.expire_lease()
    end = await live.wait_closed()
    assert end.reason == "lease_expired"
    (error,) = inbox.errors
    assert isinstance(error, StreamEndedError)
    assert error.reason == "lease_expired"


async def test_a_renewal_that_fails_is_tried_again(
    stream: Make, clock: ManualClock, transport: LoopbackTransport
) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    transport.refuse_next(ServerError("busy"))
    await clock.until_sleepers(2)
    await clock.advance(45.0)
    await clock.advance(2.0)
    await clock.advance(60.0)
    assert live.active, "the second renewal kept it alive beyond 90 s"
    await live.stop()


async def test_credits_that_run_out_end_the_stream(
    stream: Make, clock: ManualClock, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream(ListSource(endless=True))
    await live.start()
    transport.refuse_next(InsufficientCreditsError("none left"))
    await clock.until_sleepers(2)
    await clock.advance(45.0)
    end = await live.wait_closed()
    assert end.reason == "insufficient_credits"
    assert [type(error) for error in inbox.errors] == [InsufficientCreditsError]


async def test_lost_media_end_the_stream(
    stream: Make, transport: LoopbackTransport, inbox: Inbox
) -> None:
    live = stream()
    await live.start()
    transport.lose_media()
    end = await live.wait_closed()
    assert end.reason == "media_lost"
    assert [type(error) for error in inbox.errors] == [NetworkError]


async def test_a_backend_that_fails_gives_results_that_say_so(
    stream: Make, backend: EchoInference, inbox: Inbox
) -> None:
    backend.failure = RuntimeError("out of memory")
    live = stream(ListSource(frames(1)))
    await live.start()
    await live.wait_closed()
    (result,) = inbox.results
    assert not result.ok
    assert result.type == "error"
    assert result.error is not None
    assert "RuntimeError" in result.error


async def test_a_transport_that_breaks_inside_ends_the_stream_and_says_so(
    stream: Make, transport: LoopbackTransport, inbox: Inbox
) -> None:
    receive, broken_now = transport.receive, asyncio.Event()

    async def receive_or_break() -> Any:
        if broken_now.is_set():
            raise ZeroDivisionError("inside")
        return await receive()

    transport.receive = receive_or_break  # type: ignore[method-assign]
    live = stream()
    await live.start()
    broken_now.set()
    end = await live.wait_closed()
    assert end.reason == "internal_error"
    assert "ZeroDivisionError" in inbox.errors[0].message


async def test_parts_that_fail_to_close_do_not_keep_the_others_open(
    stream: Make, transport: LoopbackTransport, backend: EchoInference, inbox: Inbox
) -> None:
    class Uninterruptible(ListSource):
        def interrupt(self) -> None:
            super().interrupt()
            raise OSError("no")

    close = transport.close

    async def failing(*, delete: bool = True) -> None:
        await close(delete=delete)
        raise OSError("neither")

    transport.close = failing  # type: ignore[method-assign]
    live = stream(Uninterruptible(endless=True))
    await live.start()
    await live.stop()
    assert live.finished
    assert backend.open_sessions == 0
    assert [error.message for error in inbox.errors] == [
        "closing the transport failed with OSError: neither",
        "closing the source failed with OSError: no",
    ]


# --- callbacks -----------------------------------------------------------------------------------


async def test_a_callback_that_raises_is_told_and_the_stream_goes_on(
    stream: Make, inbox: Inbox
) -> None:
    def callback(result: InferenceResult[Any]) -> None:
        if result.seq == 0:
            raise ValueError("not you")
        inbox.on_result(result)

    live = stream(on_result=callback)
    await live.start()
    await inbox.until(lambda: len(inbox.results) >= 2)
    await live.stop()
    (error,) = inbox.errors
    assert isinstance(error, CallbackError)
    assert error.callback == "on_result"
    assert isinstance(error.cause, ValueError)


async def test_a_coroutine_callback_may_stop_its_own_stream(stream: Make, inbox: Inbox) -> None:
    stopped: list[bool] = []

    async def callback(result: InferenceResult[Any]) -> None:
        if not stopped:
            await live.stop()
            stopped.append(live.active)
        inbox.on_result(result)

    live = stream(on_result=callback)
    await live.start()
    end = await live.wait_closed()
    assert end.reason == "client_requested"
    assert stopped == [False]
    assert inbox.results != [], "the callback that stopped it came to its own end"
    assert inbox.errors == []


async def test_an_error_callback_may_wait_for_the_end(
    stream: Make, transport: LoopbackTransport
) -> None:
    ends: list[str] = []

    async def callback(_: OvershootError) -> None:
        ends.append((await live.wait_closed()).reason)

    live = stream(on_error=callback)
    await live.start()
    transport.lose_media()
    await live.wait_closed()
    assert ends == ["media_lost"]


async def test_results_that_came_before_the_stop_are_delivered(
    stream: Make, inbox: Inbox, backend: EchoInference
) -> None:
    release = asyncio.Event()

    async def slow(result: InferenceResult[Any]) -> None:
        await release.wait()
        inbox.on_result(result)

    live = stream(on_result=slow)
    await live.start()
    await until(lambda: len(backend.requests) >= 5)
    stopping = asyncio.create_task(live.stop())
    await asyncio.sleep(0.01)
    release.set()
    await stopping
    assert len(inbox.results) >= 4
    assert [result.seq for result in inbox.results] == list(range(len(inbox.results)))


async def test_a_processor_that_raises_is_told_and_the_stream_goes_on(
    stream: Make, inbox: Inbox
) -> None:
    def processor(pixels: Any) -> Any:
        if pixels[0, 0, 0] % 2:
            raise ValueError("odd")
        return pixels

    live = stream(frame_processor=processor)
    await live.start()
    await inbox.until(lambda: len(inbox.results) >= 3)
    await live.stop()
    (error,) = inbox.errors
    assert isinstance(error, CallbackError)
    assert error.callback == "frame_processor"


async def test_api_errors_keep_their_status_on_the_way(
    stream: Make, transport: LoopbackTransport
) -> None:
    transport.refuse_next(ApiError("teapot", status_code=418))
    with pytest.raises(ApiError) as caught:
        await stream().start()
    assert caught.value.status_code == 418
