"""A recording on its way: every clip is answered, and who does not answer stops nobody."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from overshoot.adapters.transports.loopback import LoopbackTransport
from overshoot.application.capture import Capture
from overshoot.application.paced_feed import LONGEST_GAP_SECONDS
from overshoot.application.streaming import LiveStream
from overshoot.application.telling import StreamCallbacks
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceAnswer, InferenceRequest
from overshoot.domain.pacing import PATIENCE_SECONDS
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.stream import StreamInferenceConfig, StreamProcessingConfig
from overshoot.errors import InferenceError
from overshoot.ports.source import SourceInfo
from overshoot.ports.transport import ResultReceived, StreamRequest, TransportEvent
from overshoot.testing.echo_inference import EchoInference
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.waiting import nothing_left, until
from support.stream_fakes import Inbox, ListSource, frames, picture

SECOND = StreamProcessingConfig(target_fps=5, clip_length_seconds=1.0, delay_seconds=1.0)
REQUEST = StreamRequest(SECOND, StreamInferenceConfig(prompt="p", model="echo"))


@pytest.fixture(autouse=True)
async def _leaves_nothing() -> Any:
    with nothing_left():
        yield


class Recording(ListSource):
    """A file of given frames."""

    def open(self) -> SourceInfo:
        return evolve(super().open(), live=False, real_time=False)


class Untimed(LoopbackTransport):
    """A gateway whose results name neither time nor frames, as the hosted one's."""

    async def receive(self) -> TransportEvent:
        event = await super().receive()
        if isinstance(event, ResultReceived):
            bare: dict[str, Any] = {"timestamp": None, "timestamp_start": None, "frame_end": None}
            return ResultReceived(evolve(event.result, **bare, frame_start=None))
        return event


class Mute(LoopbackTransport):
    """A gateway that takes frames and never says anything, not even that the video has ended."""

    async def receive(self) -> TransportEvent:
        while isinstance(event := await super().receive(), ResultReceived):
            pass
        return event


class Analysis:
    """One stream from a list of frames to an echoing backend."""

    def __init__(
        self,
        given: Sequence[Frame],
        *,
        transport: type[LoopbackTransport] = LoopbackTransport,
        backend: EchoInference | None = None,
    ) -> None:
        self.backend = backend or EchoInference()
        self.clock = ManualClock()
        self.inbox = Inbox()
        self.transports: list[LoopbackTransport] = []
        self.stream = LiveStream(
            intake=lambda sink: Capture(
                Recording(given), clock=self.clock, processor=None, sink=sink
            ),
            transport=lambda: self._connect(transport),
            clock=self.clock,
            request=REQUEST,
            callbacks=StreamCallbacks(on_result=self.inbox.on_result, on_error=self.inbox.on_error),
            drain_seconds=PATIENCE_SECONDS,
            reconnection=ReconnectionPolicy(),
            paced=True,
        )

    def _connect(self, kind: type[LoopbackTransport]) -> LoopbackTransport:
        self.transports.append(kind(self.backend, self.clock, lease_ttl_seconds=None))
        return self.transports[-1]

    async def to_the_end(self) -> Any:
        await self.stream.start()
        return await self.stream.wait_closed()

    @property
    def times(self) -> list[float | None]:
        return [result.timestamp for result in self.inbox.results]


async def test_every_clip_of_a_recording_is_answered() -> None:
    analysis = Analysis(frames(45))
    end = await analysis.to_the_end()
    assert (end.reason, end.error) == ("source_ended", None)
    assert analysis.times == pytest.approx([1.0, 2.0, 3.0, 4.0, 4.4])
    assert analysis.stream.stats().clips_unanswered == 0
    assert analysis.stream.stats().frames.sent == 45
    assert analysis.inbox.errors == []


async def test_frames_wait_for_the_model() -> None:
    analysis = Analysis(frames(100))
    analysis.backend.gate.clear()
    await analysis.stream.start()
    await until(lambda: len(analysis.backend.requests) == 1)
    # One clip at a time before the first answer: frames up to 1.9 s, and none that ends the next.
    await until(lambda: analysis.stream.stats().frames.sent >= 20)
    await analysis.clock.advance(PATIENCE_SECONDS / 2)
    assert len(analysis.backend.requests) == 1
    assert analysis.stream.stats().frames.sent <= 21
    analysis.backend.gate.set()
    await analysis.stream.wait_closed()
    assert analysis.times == pytest.approx([*range(1, 10), 9.8])


async def test_an_answer_that_says_no_is_an_answer() -> None:
    analysis = Analysis(frames(45))
    analysis.backend.failure = InferenceError("busy")
    await analysis.to_the_end()
    assert [result.ok for result in analysis.inbox.results] == [False] * 5
    assert analysis.stream.stats().clips_unanswered == 0


async def test_answers_without_a_time_are_placed_by_their_order() -> None:
    analysis = Analysis(
        [evolve(frame, timestamp=frame.timestamp + 30.0) for frame in frames(45)],
        transport=Untimed,
    )
    await analysis.to_the_end()
    assert analysis.times == pytest.approx([31.0, 32.0, 33.0, 34.0, 34.4])
    assert [result.frame_end for result in analysis.inbox.results] == [10, 20, 30, 40, 44]


async def test_a_gateway_that_never_answers_is_told_once_and_stops_nobody() -> None:
    analysis = Analysis(frames(45), transport=Mute)
    await analysis.stream.start()
    while not analysis.stream.finished:
        await analysis.clock.advance(PATIENCE_SECONDS)
    assert analysis.stream.stats().frames.sent == 45
    assert analysis.stream.stats().clips_unanswered == 5
    told = [error.message for error in analysis.inbox.errors]
    assert len(told) == 1
    assert "no answer" in told[0]


async def test_a_clip_that_a_gateway_passes_over_is_counted() -> None:
    def answer(request: InferenceRequest) -> InferenceAnswer:
        return InferenceAnswer(str(request.frames[-1].index))

    class Forgetful(LoopbackTransport):
        async def receive(self) -> TransportEvent:
            event = await super().receive()
            lost = isinstance(event, ResultReceived) and event.result.result == "20"
            return await self.receive() if lost else event

    analysis = Analysis(frames(45), transport=Forgetful, backend=EchoInference(answer))
    await analysis.to_the_end()
    assert analysis.times == pytest.approx([1.0, 3.0, 4.0, 4.4])
    assert analysis.stream.stats().clips_unanswered == 1


async def test_after_a_loss_the_rest_is_analysed_on_the_same_clock() -> None:
    analysis = Analysis(frames(65))
    analysis.backend.gate.clear()
    await analysis.stream.start()
    await until(lambda: len(analysis.backend.requests) == 1)
    await until(lambda: analysis.stream.stats().frames.sent >= 20)
    analysis.transports[0].lose_media()
    analysis.backend.gate.set()
    while len(analysis.transports) < 2:
        await analysis.clock.advance(1.0)
    end = await analysis.stream.wait_closed()
    assert end.reason == "source_ended"
    assert analysis.stream.stats().clips_unanswered == 1
    assert [type(error) for error in analysis.inbox.errors] == [InferenceError]
    times = [time for time in analysis.times if time is not None]
    assert len(times) == 5
    assert times[-1] >= 6.3 - 1e-6, "every other frame is kept, from where the new stream begins"
    assert all(later - earlier <= 1.0 + 1e-6 for earlier, later in pairwise(times))


async def test_a_picture_that_stands_long_carries_time_across() -> None:
    times = [0.0, 0.5, 1.0, 15.0, 15.5, 16.5]
    given = [Frame(picture(40 * index), at, index) for index, at in enumerate(times)]
    analysis = Analysis(given)
    await analysis.to_the_end()
    assert analysis.times == pytest.approx([1.0, 1.0 + LONGEST_GAP_SECONDS, 11.0, 15.0, 15.5, 16.5])
    assert [result.frame_end for result in analysis.inbox.results] == [2, 2, 2, 3, 4, 5]
    seen = {
        round(frame.timestamp, 3): int(frame.pixels.mean())
        for asked in analysis.backend.requests
        for frame in asked.frames
    }
    assert seen[6.0] == pytest.approx(seen[1.0], abs=3), "the picture that stood there"
    assert analysis.stream.stats().frames.captured == len(times)


async def test_a_recording_without_frames_ends() -> None:
    analysis = Analysis([])
    end = await analysis.to_the_end()
    assert end.reason == "source_ended"
    assert analysis.times == []


async def test_a_recording_of_one_frame_is_answered() -> None:
    analysis = Analysis(frames(1))
    await analysis.to_the_end()
    assert analysis.times == [0.0]
