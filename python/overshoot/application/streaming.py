"""One running stream: frames go out, answers come in, over as many connections as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from overshoot.application.connection import released
from overshoot.application.connections import Connections
from overshoot.application.feed import LARGEST, RingFeed
from overshoot.application.feeds import Feeds
from overshoot.application.frame_intake import Intake, IntakeSink
from overshoot.application.frame_sink import FrameSink
from overshoot.application.results import Finish, Results
from overshoot.application.telling import StreamCallbacks, Telling
from overshoot.domain.ending import CLIENT_REQUESTED, StreamEnd, start_failed
from overshoot.domain.ledger import StreamStats
from overshoot.domain.sampling import sampling_of
from overshoot.errors import NetworkError, OvershootError, SourceError, StreamEndedError

if TYPE_CHECKING:
    from overshoot.application.reading import Reader
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.reconnection import ReconnectionPolicy
    from overshoot.domain.status import StreamStatus
    from overshoot.ports.clock import Clock
    from overshoot.ports.source import SourceEvent, SourceInfo
    from overshoot.ports.transport import StreamRequest, Transport


class LiveStream:
    """A stream from an intake to a gateway, made anew when its connection is lost.

    Used once: ``start``, or ``prepare`` and then ``connect``; then ``stop`` or its own end. All
    methods belong to one event loop.

    Args:
        intake: makes the intake, given what it is to call.
        transport: makes a transport; called once per connection.
        clock: what time it is.
        request: what to ask; its prompt is the first.
        callbacks: whom to tell.
        drain_seconds: how long answers are awaited after the end of the video.
        reconnection: how long to try to mend a lost connection; None ends the stream instead.
        finish: applied to each result before anybody sees it.
        largest: frames are scaled down to this size, sides in any order.
        paced: every clip is to be answered; the intake waits until each frame was taken.

    Attributes:
        source_info: what the source turned out to be, once it is open; None for a relay.
    """

    def __init__(
        self,
        *,
        intake: Callable[[IntakeSink], Intake],
        transport: Callable[[], Transport],
        clock: Clock,
        request: StreamRequest,
        callbacks: StreamCallbacks,
        drain_seconds: float = 5.0,
        reconnection: ReconnectionPolicy | None = None,
        finish: Finish | None = None,
        largest: tuple[int, int] = LARGEST,
        paced: bool = False,
    ) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._told = Telling(callbacks)
        self._results = Results(clock, self._told.results, finish)
        self._sink = FrameSink(clock, RingFeed(loop, largest))
        sampling = sampling_of(request.processing) if paced else None
        self._feeds = Feeds(self._sink, clock, sampling, self._told.errors.put)
        self._intake = intake(self._intake_sink())
        self._connections = Connections(
            transport=transport,
            clock=clock,
            request=request,
            feeds=self._feeds,
            results=self._results,
            listener=self,
            policy=reconnection,
            drain_seconds=drain_seconds,
        )
        self.source_info: SourceInfo | None = None
        self._phase = "idle"
        self._source_trouble: SourceError | None = None
        self._end: StreamEnd | None = None
        self._released: asyncio.Future[StreamEnd] = loop.create_future()
        self._ended: asyncio.Future[StreamEnd] = loop.create_future()
        self._running: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    # --- what it is -----------------------------------------------------------------------------

    @property
    def status(self) -> StreamStatus:
        """Where it is now."""
        return self._told.status

    @property
    def stream_id(self) -> str | None:
        """The gateway's name for the stream, once it has one."""
        return self._told.status.stream_id

    @property
    def active(self) -> bool:
        """Whether it runs, or is being made anew."""
        return self._running is not None and self._end is None

    @property
    def finished(self) -> bool:
        """Whether it has ended and released everything."""
        return self._ended.done()

    def stats(self) -> StreamStats:
        """It in numbers."""
        return StreamStats(
            frames=self._sink.counts(),
            results=self._results.count,
            results_dropped=self._results.dropped,
            reconnections=self._connections.epoch,
            clips_unanswered=self._feeds.unanswered,
            capture_to_sent_ms=self._sink.latency.percentiles(),
            end_to_end_ms=self._results.latency.percentiles(),
        )

    def results(self) -> Reader[InferenceResult[Any]]:
        """A reader of every result from now on."""
        return self._results.reader()

    # --- the caller's wishes --------------------------------------------------------------------

    async def start(self) -> str:
        """Open intake and stream; returns the stream's id once media and results can flow.

        Raises what opening raises; nothing is left running then.
        """
        await self.prepare()
        return await self.connect()

    async def prepare(self) -> None:
        """Open the intake alone."""
        self._enter("preparing", after="idle")
        self._told.start()
        try:
            self.source_info = await self._intake.open()
            self._refuse_if_ending()
        except BaseException as error:
            await self._start_failed(error)
            raise
        self._phase = "prepared"

    async def connect(self) -> str:
        """Open the stream and let frames flow; returns its id."""
        self._enter("connecting", after="prepared")
        self._told.state("opening")
        try:
            await self._connections.open()
            self._refuse_if_ending()
        except BaseException as error:
            await self._start_failed(error)
            raise
        # Only now, so that a file's first frames are neither sent into the void nor unanswered.
        self._intake.run()
        self._phase = "running"
        self._running = self._loop.create_task(self._run(), name="overshoot-stream")
        return self.stream_id or ""

    async def stop(self) -> None:
        """End the stream and wait until everything is released; again, it only waits."""
        if self._phase in {"connecting", "running"}:
            await self._connections.stop()
        else:
            self._finish(CLIENT_REQUESTED, report=False)
        await self.wait_closed()

    async def wait_closed(self) -> StreamEnd:
        """Wait until the stream has ended and everything is released, callbacks included.

        Those are not waited for where one of them waits here.
        """
        return await asyncio.shield(self._released if self._told.calling else self._ended)

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on; errors of the gateway are raised here."""
        if self._end is not None:
            reason = self._end.reason
            message = f"the prompt cannot change: the stream has ended ({reason})"
            raise StreamEndedError(message, reason=reason)
        await self._connections.update_prompt(prompt)

    async def submit_feedback(self, rating: int, category: str, feedback: str) -> None:
        """Rate the answers."""
        await self._connections.submit_feedback(rating, category, feedback)

    # --- starting -------------------------------------------------------------------------------

    def _enter(self, phase: str, *, after: str) -> None:
        if self._end is None and self._phase == after:
            self._phase = phase
            return
        if self._end is None and phase == "connecting" and self._phase in {"idle", "preparing"}:
            raise StreamEndedError("call prepare() first", reason="not_prepared")
        now = self._phase if self._end is None else "closed"
        raise StreamEndedError(f"this stream is {now}; make a new one to start again", reason=now)

    def _refuse_if_ending(self) -> None:
        end = self._end or self._connections.end
        if end is not None:
            raise end.error or StreamEndedError("stopped while starting", reason=end.reason)

    async def _start_failed(self, error: BaseException) -> None:
        end = self._end or self._connections.end
        self._finish(end or start_failed(error), report=False)
        await self.wait_closed()
        if end is None or end.error is not None or type(error) is StreamEndedError:
            return
        if isinstance(error, OvershootError):
            # What broke because of the stop is not what the caller has to hear of.
            raise StreamEndedError("stopped while starting", reason=end.reason) from error

    # --- what happens (ConnectionsListener, and the intake by way of the loop) ------------------

    def on_opened(self, stream_id: str, epoch: int) -> None:
        """Media and results can flow."""
        self._told.opened(stream_id, epoch)

    def on_lost(self, end: StreamEnd) -> None:
        """It is to be made anew."""
        self._told.state("reconnecting", end.reason, end.error)

    def on_fault(self, error: OvershootError) -> None:
        """Something went wrong that does not end the stream."""
        self._told.errors.put(error)

    def on_change(self) -> None:
        """The running connection, or what feeds it, has changed."""
        if self._connections.current is not None:
            self._told.connection(self._connections.current, self._source_trouble)

    def _intake_sink(self) -> IntakeSink:
        return IntakeSink(
            offer=self._sink.offer,
            when_free=self._sink.when_free,
            drop=self._sink.drop,
            met=lambda event: self._from_thread(self._source_met, event),
            ended=lambda error: self._from_thread(self._intake_ended, error),
            fault=lambda error: self._from_thread(self._told.errors.put, error),
        )

    def _source_met(self, event: SourceEvent) -> None:
        self._source_trouble = None if event.kind == "restored" else SourceError(event.message)
        self.on_change()

    def _intake_ended(self, error: OvershootError | None) -> None:
        # Without an error the feed's end travels through the transport, which says when the last
        # frame has been sent.
        self._sink.finish()
        self._connections.source_over(error)

    def _from_thread(self, function: Callable[[Any], None], argument: object) -> None:
        with suppress(RuntimeError):  # A loop that has closed before its stream: nobody is left.
            self._loop.call_soon_threadsafe(function, argument)

    # --- the end --------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            end = await self._connections.run()
        except Exception as cause:  # noqa: BLE001 - nothing may keep the stream from ending
            fault = f"the stream failed inside with {type(cause).__name__}: {cause}"
            end = StreamEnd("internal_error", NetworkError(fault, cause))
        self._finish(end, report=True)

    def _finish(self, end: StreamEnd, *, report: bool) -> None:
        """Begin to release everything; ``report`` where no method of the caller's raises the error.

        In a task of its own, which a cancelled caller or callback does not cut short.
        """
        if self._end is None:
            self._end = end
            ending = self._release(end, report=report)
            self._ending = self._loop.create_task(ending, name="overshoot-end")

    async def _release(self, end: StreamEnd, *, report: bool) -> None:
        await released("transport", self._connections.close(), self._told.errors.put)
        await released("source", self._intake.close(), self._told.errors.put)
        self._sink.close()
        if report and end.error is not None:
            self._told.errors.put(end.error)
        self._told.state("closed", end.reason, end.error)
        self._results.finish()
        self._released.set_result(end)
        await self._told.close()
        self._ended.set_result(end)
