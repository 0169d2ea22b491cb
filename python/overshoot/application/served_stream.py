"""One stream at a gateway: frames in, clips to the backend, results to those who listen."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from overshoot.application.answering import Answering
from overshoot.application.intake import Arrival, Intake
from overshoot.application.sessions import close_session
from overshoot.application.subscription import Subscription
from overshoot.application.waiting import cancel
from overshoot.domain.answered import Answered
from overshoot.domain.lease import Lease
from overshoot.domain.motion import MotionGate
from overshoot.domain.serving import StreamInfo
from overshoot.domain.stream_question import StreamQuestion
from overshoot.errors import NotFoundError, RateLimitError
from overshoot.log import get_logger
from overshoot.ports.inference import ObservingSession

if TYPE_CHECKING:
    from overshoot.application.live_frames import LiveFrames
    from overshoot.application.scheduling import Scheduler
    from overshoot.application.serving_settings import ServingSettings
    from overshoot.domain.frame import Frame, Pixels
    from overshoot.domain.inference import InferenceResult, JsonSchema
    from overshoot.domain.sampling import Sampling
    from overshoot.domain.serving import (
        FrameDrop,
        ServeRequest,
        SourceKind,
        StopReason,
        StreamState,
    )
    from overshoot.domain.stream import StreamInferenceConfig
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceSession

_log = get_logger(__name__)

# Results of a stream that can be asked about again: at 4 a second those of a minute.
_REMEMBERED = 256


class ServedStream:
    """A running stream; made and owned by `Serving`.

    The media side calls `arrived` for every frame and then `add` or `pass_by`, and `finish` when
    the video has ended. Result sockets `subscribe`. Whoever ends it, `wait_ended` tells why.
    """

    def __init__(
        self,
        *,
        stream_id: str,
        request: ServeRequest,
        session: InferenceSession,
        scheduler: Scheduler,
        backend_name: str,
        clock: Clock,
        settings: ServingSettings,
        on_answered: Callable[[Answered], None],
    ) -> None:
        self.id = stream_id
        self.source: SourceKind = request.source
        self.sampling: Sampling = request.sampling
        self.question: StreamQuestion = StreamQuestion(request.inference)
        self.created_at: float = clock.wall()
        self.updated_at: float = self.created_at
        self._clock = clock
        self._settings = settings
        self._on_answered = on_answered
        self._session = session
        self._observing: ObservingSession | None = None
        self._made_at = clock.monotonic()
        self.lease: Lease = Lease(settings.lease_ttl_seconds, self._made_at)
        self._intake = Intake(request.sampling, clock, settings)
        motion = settings.motion
        gated = motion.enabled if request.motion_gate is None else request.motion_gate
        # Behind a gate most frames are to cost nothing.
        if isinstance(session, ObservingSession) and not gated:
            self._observing = session
        self._answering = Answering(
            stream_id=stream_id,
            backend_name=backend_name,
            session=session,
            intake=self._intake,
            scheduler=scheduler,
            gate=MotionGate(motion) if gated else None,
            clock=clock,
            settings=settings,
        )
        self._results: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._subscriptions: set[Subscription] = set()
        self._observers: list[Callable[[InferenceResult], None]] = []
        self._dropped_before = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self.reason: StopReason | None = None
        self._coming: StopReason | None = None

    def start(self) -> None:
        """Begin to answer and to count down the lease; once."""
        self._tasks = [
            asyncio.create_task(self._answering.run(self._question, self._publish)),
            asyncio.create_task(self._watch_lease()),
        ]

    def arrived(self, ticks: int, width: int, height: int) -> Arrival:
        """Account for a frame that was received, at RTP time ``ticks``."""
        return self._intake.arrived(ticks, width, height)

    def add(self, arrival: Arrival, pixels: Pixels) -> None:
        """Hand in the pixels of a frame that was wanted: BGR, of the size that was named."""
        frame = self._intake.add(arrival, pixels)
        if frame is not None and self._observing is not None:
            self._observing.observe(frame)

    def pass_by(self, arrival: Arrival) -> None:
        """Let stream time pass for a frame that was not wanted."""
        self._intake.pass_by(arrival)

    def drop(self, why: FrameDrop) -> None:
        """Account for a frame that was wanted and will not be handed in."""
        self._intake.drop(why)

    async def finish(self) -> None:
        """The video has ended: answer the clip that had begun, then end the stream."""
        if self.reason is None:
            self._intake.finish()
            await asyncio.wait({self._tasks[0]})
            await self.end("webrtc_disconnected")

    def observe(self, observer: Callable[[InferenceResult], None]) -> None:
        """Have each result told to ``observer``, which neither waits nor raises."""
        self._observers.append(observer)

    def subscribe(self) -> Subscription:
        """Listen to results from now on; `RateLimitError` when too many do."""
        if len(self._subscriptions) >= self._settings.subscribers_per_stream:
            msg = f"at most {self._settings.subscribers_per_stream} sockets a stream are served"
            raise RateLimitError(msg)
        subscription = Subscription(self._settings.results_queued)
        if self.reason is not None:
            subscription.end(self.reason)
        else:
            self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop listening; a second time does nothing."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self._dropped_before += subscription.dropped

    def renew_lease(self) -> float:
        """Live on; the TTL in seconds. `NotFoundError` when it is too late."""
        if not self.lease.renew(self._clock.monotonic()):
            msg = f"stream {self.id} has ended: its lease was not renewed in time"
            raise NotFoundError(msg, code="stream_not_found")
        return self.lease.ttl_seconds

    def update_prompt(self, prompt: str) -> StreamInferenceConfig:
        """Ask something else from the next clip on."""
        return self._ask_from_now(self.question.with_prompt(prompt))

    def update_schema(self, schema: JsonSchema | None) -> StreamInferenceConfig:
        """Ask for answers of another shape from the next clip on; None for free text."""
        return self._ask_from_now(self.question.with_schema(schema))

    @property
    def inference(self) -> StreamInferenceConfig:
        """What is asked now."""
        return self.question.config

    @property
    def prompt_version(self) -> int:
        """0 for the first prompt, one more after each update."""
        return self.question.prompt_version

    @property
    def schema_version(self) -> int:
        """0 for the first schema, or for none; one more after each update."""
        return self.question.schema_version

    @property
    def frames(self) -> LiveFrames:
        """The pictures at hand, and those that come."""
        return self._intake.frames

    def has_result(self, result_id: str) -> bool:
        """Whether it is one of the newest results of this stream."""
        return result_id in self._results

    def clip_of(self, result_id: str) -> tuple[Frame, ...] | None:
        """The frames that a result is about; None when they are not at hand any more."""
        first, last = self._results[result_id]
        return self.frames.buffer.clip(first, last)

    @property
    def last_frame_at(self) -> float | None:
        """Monotonic time at which the newest frame arrived; None before the first."""
        return self._intake.last_arrival

    @property
    def state(self) -> StreamState:
        """``pending`` before the first frame, then ``active``, ``idle`` while none comes."""
        return self._intake.state()

    def info(self) -> StreamInfo:
        """Everything that is counted."""
        width, height = self._intake.size
        effective_width, effective_height = self._intake.effective_size
        results_dropped = self._dropped_before + sum(each.dropped for each in self._subscriptions)
        frames_dropped = self._intake.dropped.copy()
        frames_waiting = self._intake.waiting
        settled = self._intake.clips_skipped + self._answering.settled
        clips_pending = self._intake.clips_made - settled
        if ended := self.reason is not None:
            # What was on its way came to nothing.
            frames_dropped["stream_ended"] += frames_waiting
        return StreamInfo(
            stream_id=self.id,
            state=self.state,
            uptime_seconds=self._clock.monotonic() - self._made_at,
            fps=self._intake.fps(),
            frame_width=width,
            frame_height=height,
            effective_width=effective_width,
            effective_height=effective_height,
            inferences_completed=self._answering.completed,
            inferences_failed=self._answering.failed,
            last_inference_latency_seconds=self._answering.last_latency_seconds,
            frames_received=self._intake.received,
            frames_kept=self._intake.kept,
            clips_skipped=self._intake.clips_skipped,
            results_dropped=results_dropped,
            subscribers=len(self._subscriptions),
            prompt_version=self.prompt_version,
            schema_version=self.schema_version,
            clips_waiting=self._intake.clips_waiting,
            calls_saved=self._answering.repeated,
            frames_buffered=len(self.frames.buffer),
            bytes_buffered=self.frames.buffer.held_bytes,
            frames_unsampled=self._intake.unsampled,
            frames_dropped=dict(frames_dropped),
            frames_waiting=0 if ended else frames_waiting,
            clips_made=self._intake.clips_made,
            clips_pending=0 if ended else clips_pending,
            clips_abandoned=clips_pending if ended else 0,
        )

    async def end(self, reason: StopReason) -> None:
        """Stop at once and tell everybody why; later calls wait until it has stopped.

        What was settled before, by `stop_asking` or `deny_renewal`, goes before ``reason``.
        """
        if self.reason is not None:
            await self._ended.wait()
            return
        self.reason = reason = self._coming or reason
        for subscription in tuple(self._subscriptions):
            subscription.end(reason)
            self.unsubscribe(subscription)
        self._intake.stop()
        try:
            await cancel(*self._tasks)
            await close_session(self._session, self._settings)
        finally:
            self._ended.set()
        _log.info("stream_ended", stream_id=self.id, reason=reason)

    async def wait_ended(self) -> None:
        """Wait until it has ended."""
        await self._ended.wait()

    def stop_asking(self) -> None:
        """Ask the backend nothing more, let frames pass: its client has asked for its end."""
        self._coming = "client_requested"
        self._intake.stop()

    def deny_renewal(self) -> None:
        """Its lease will not be renewed for want of credits, and nothing else ends it from now."""
        self._coming = "insufficient_credits"

    def _question(self) -> StreamQuestion:
        return self.question

    def _ask_from_now(self, question: StreamQuestion) -> StreamInferenceConfig:
        self.question = question
        self.updated_at = self._clock.wall()
        return question.config

    def _publish(self, result: InferenceResult) -> None:
        assert result.frame_start is not None  # noqa: S101 - a result of ours names its frames
        assert result.frame_end is not None  # noqa: S101
        self._results[result.id] = (result.frame_start, result.frame_end)
        if len(self._results) > _REMEMBERED:
            self._results.popitem(last=False)
        began = self._clock.monotonic()
        for subscription in self._subscriptions:
            subscription.publish(result)
        answered = Answered(result, began, self._clock.monotonic(), len(self._subscriptions))
        self._on_answered(answered)
        for observer in self._observers:
            observer(result)

    async def _watch_lease(self) -> None:
        while not self.lease.expired(now := self._clock.monotonic()):
            await self._clock.sleep(self.lease.remaining(now))
        await self.end("lease_expired")
