"""One running stream: frames go out, answers come in, over as many connections as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from attrs import evolve, frozen

from overshoot.application.connection import Connection, released
from overshoot.application.delivery import Callback, Delivery, error_delivery
from overshoot.application.feed import LARGEST, RingFeed
from overshoot.application.frame_sink import ConnectionFeed, FrameSink
from overshoot.application.reading import Reader, Readers
from overshoot.domain.ending import CLIENT_REQUESTED, StreamEnd
from overshoot.domain.latency import LatencyWindow
from overshoot.domain.ledger import StreamStats
from overshoot.domain.reconnection import Reconnection, ReconnectionPolicy, can_be_mended
from overshoot.domain.status import StatusName, StreamStatus
from overshoot.errors import NetworkError, OvershootError, StreamEndedError
from overshoot.log import get_logger

if TYPE_CHECKING:
    from overshoot.domain.frame import Frame
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.ledger import DropReason
    from overshoot.ports.clock import Clock
    from overshoot.ports.transport import StreamRequest, Transport

_log = get_logger(__name__)

PATIENCE_SECONDS = 5.0
"""How long the end of a stream waits for the caller's callbacks."""

Finish: TypeAlias = "Callable[[InferenceResult[Any]], InferenceResult[Any]]"


class Intake(Protocol):
    """Where a stream's frames come from: a captured source, or the caller's pushes."""

    async def open(self) -> object:
        """Be ready to give frames; raises when there is nothing to open, and leaves nothing."""
        ...

    def run(self) -> None:
        """Let frames flow."""
        ...

    async def close(self) -> None:
        """Give no more frames, and release everything."""
        ...


@frozen
class IntakeSink:
    """What an intake calls, from any thread.

    Attributes:
        offer: hands over a frame; `FrameError` for pixels that cannot be sent.
        drop: counts a frame that came to nothing.
        ended: tells of the end, once; with the error that was it, or None.
        fault: tells of what went wrong and does not end the stream.
    """

    offer: Callable[[Frame], None]
    drop: Callable[[DropReason], None]
    ended: Callable[[OvershootError | None], None]
    fault: Callable[[OvershootError], None]


@frozen(kw_only=True)
class StreamCallbacks:
    """Whom a stream tells; each may be a function, a coroutine function, or start a task."""

    on_result: Callback[InferenceResult[Any]] | None = None
    on_error: Callback[OvershootError] | None = None
    on_state: Callback[StreamStatus] | None = None


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
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._make_transport = transport
        self._clock = clock
        self._request = request
        self._drain_seconds = drain_seconds
        self._policy = reconnection
        self._finish_result = finish
        self._errors = error_delivery(callbacks.on_error)
        self._results = _delivery("on_result", callbacks.on_result, self._errors)
        self._states = _delivery("on_state", callbacks.on_state, self._errors)
        self._readers = Readers["InferenceResult[Any]"]()
        self._sink = FrameSink(loop, clock, RingFeed(loop, largest))
        self._intake = intake(
            IntakeSink(
                self._sink.offer,
                self._sink.drop,
                lambda error: self._from_thread(self._intake_ended, error),
                lambda error: self._from_thread(self._errors.put, error),
            )
        )
        self._connection: Connection | None = None
        self._feed: ConnectionFeed | None = None
        self._status = StreamStatus("idle")
        self._prepared = False
        self._stop_asked = asyncio.Event()
        self._source_error: OvershootError | None = None
        self._prompt_version = 0
        self._version_base = 0
        self._end: StreamEnd | None = None
        self._released: asyncio.Future[StreamEnd] = loop.create_future()
        self._ended: asyncio.Future[StreamEnd] = loop.create_future()
        self._running: asyncio.Task[None] | None = None
        self._end_to_end = LatencyWindow()
        self._seq = 0

    # --- what it is -----------------------------------------------------------------------------

    @property
    def status(self) -> StreamStatus:
        """Where it is now."""
        return self._status

    @property
    def stream_id(self) -> str | None:
        """The gateway's name for the stream, once it has one."""
        return self._status.stream_id

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
            results=self._seq,
            results_dropped=self._results.dropped + self._readers.dropped,
            reconnections=self._status.epoch,
            capture_to_sent_ms=self._sink.latency.percentiles(),
            end_to_end_ms=self._end_to_end.percentiles(),
        )

    def results(self) -> Reader[InferenceResult[Any]]:
        """A reader of every result from now on."""
        return self._readers.new()

    # --- the caller's wishes --------------------------------------------------------------------

    async def start(self) -> str:
        """Open intake and stream; returns the stream's id once media and results can flow.

        Raises what opening raises; nothing is left running then.
        """
        await self.prepare()
        return await self.connect()

    async def prepare(self) -> None:
        """Open the intake alone."""
        if self._prepared or self._end is not None:
            message = f"this stream is {self._status.state}; make a new one to start again"
            raise StreamEndedError(message, reason=self._status.state)
        self._prepared = True
        self._errors.start()
        self._results.start()
        self._states.start()
        try:
            await self._intake.open()
            self._refuse_if_stopped()
        except BaseException as error:
            await self._end_with(_end_of(error), report=False)
            raise

    async def connect(self) -> str:
        """Open the stream and let frames flow; returns its id."""
        self._tell("opening")
        try:
            self._refuse_if_stopped()
            await self._open_connection()
        except BaseException as error:
            await self._end_with(_end_of(error), report=False)
            raise
        # Only now, so that a file's first frames are neither sent into the void nor unanswered.
        self._intake.run()
        self._running = self._loop.create_task(self._run(), name="overshoot-stream")
        return self.stream_id or ""

    async def stop(self) -> None:
        """End the stream and wait until everything is released; again, it only waits."""
        self._stop_asked.set()
        if self._connection is not None:
            await self._connection.close()
        elif self._running is None:
            await self._end_with(CLIENT_REQUESTED, report=False)
        await self.wait_closed()

    async def wait_closed(self) -> StreamEnd:
        """Wait until the stream has ended and everything is released, callbacks included.

        Those are not waited for where one of them waits here.
        """
        inside = self._results.calling or self._errors.calling or self._states.calling
        return await asyncio.shield(self._released if inside else self._ended)

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on; errors of the gateway are raised here."""
        if self._end is not None:
            reason = self._end.reason
            message = f"the prompt cannot change: the stream has ended ({reason})"
            raise StreamEndedError(message, reason=reason)
        if self._connection is not None:
            await self._connection.update_prompt(prompt)
        self._request = evolve(
            self._request, inference=evolve(self._request.inference, prompt=prompt)
        )
        if self._connection is not None or self._running is not None:
            self._prompt_version += 1

    async def submit_feedback(self, rating: int, category: str, feedback: str) -> None:
        """Rate the answers."""
        if self._connection is None or not self._connection.running:
            raise StreamEndedError("no stream runs", reason="not_running")
        await self._connection.submit_feedback(rating, category, feedback)

    # --- connections ----------------------------------------------------------------------------

    async def _open_connection(self) -> None:
        self._feed = self._sink.connection()
        self._version_base = self._prompt_version
        self._connection = Connection(
            self._make_transport(),
            self._clock,
            self._request,
            self._feed,
            self,
            drain_seconds=self._drain_seconds,
        )
        await self._connection.open()
        self._status = evolve(self._status, stream_id=self._connection.stream_id)
        self._tell("active")

    async def _run(self) -> None:
        try:
            end = await self._until_the_end()
        except Exception as cause:  # noqa: BLE001 - nothing may keep the stream from ending
            fault = f"the stream failed inside with {type(cause).__name__}: {cause}"
            end = StreamEnd("internal_error", NetworkError(fault, cause))
        await self._end_with(CLIENT_REQUESTED if self._stop_asked.is_set() else end, report=True)

    async def _until_the_end(self) -> StreamEnd:
        end = await self._until_lost()
        while (
            self._policy is not None
            and can_be_mended(end)
            and not self._stop_asked.is_set()
            and self._source_error is None
        ):
            mended = await self._mend(end, Reconnection(self._policy, self._clock.monotonic()))
            if mended is not None:
                end = mended
                break
            end = await self._until_lost()
        if self._source_error is not None and end.reason != "client_requested":
            end = StreamEnd("source_failed", self._source_error)
        return end

    async def _until_lost(self) -> StreamEnd:
        connection = self._connection
        assert connection is not None  # noqa: S101 - set by _open_connection
        return await connection.wait_ended()

    async def _mend(self, lost: StreamEnd, loss: Reconnection) -> StreamEnd | None:
        """Make the stream anew: None when it runs again, else how it ended."""
        self._connection = None
        end = lost
        while True:
            self._tell("reconnecting", end.reason, end.error)
            wait = loss.next_wait(self._clock.monotonic())
            if wait is None:
                return loss.given_up(end)
            if await self._stopped_within(wait):
                return CLIENT_REQUESTED
            if self._source_error is not None:
                return StreamEnd("source_failed", self._source_error)
            self._status = evolve(self._status, epoch=self._status.epoch + 1, stream_id=None)
            try:
                await self._open_connection()
            except OvershootError as error:
                self._connection = None
                end = StreamEnd("open_failed", error)
                if self._stop_asked.is_set():
                    return CLIENT_REQUESTED
                if not can_be_mended(end):
                    return StreamEnd("connection_lost", error)
            else:
                return None

    async def _stopped_within(self, seconds: float) -> bool:
        stopped = asyncio.ensure_future(self._stop_asked.wait())
        waiting = asyncio.ensure_future(self._clock.sleep(seconds))
        waits: list[asyncio.Future[Any]] = [stopped, waiting]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self._stop_asked.is_set()

    def _refuse_if_stopped(self) -> None:
        if self._stop_asked.is_set():
            raise StreamEndedError("stopped while starting", reason="client_requested")
        if self._source_error is not None:
            raise self._source_error

    # --- what happens (ConnectionListener) ------------------------------------------------------

    def on_result(self, result: InferenceResult[Any]) -> None:
        """An answer arrived."""
        feed = self._feed
        now = self._clock.monotonic()
        if feed is not None:
            newest = feed.sent.newest_of(result, now)
            if newest is not None and newest.captured_at is not None:
                self._end_to_end.add(now - newest.captured_at)
            result = feed.sent.related(result, now)
        version = result.prompt_version
        result = evolve(
            result,
            seq=self._seq,
            epoch=self._status.epoch,
            prompt_version=None if version is None else version + self._version_base,
        )
        self._seq += 1
        if self._finish_result is not None:
            result = self._finish_result(result)
        self._results.put(result)
        self._readers.put(result)

    def on_fault(self, error: OvershootError) -> None:
        """Something went wrong that does not end the connection."""
        self._errors.put(error)

    def on_change(self) -> None:
        """The connection has changed."""
        connection = self._connection
        if connection is None or self._status.state not in {"active", "degraded", "draining"}:
            return
        if connection.draining:
            self._tell("draining", "source_ended")
        elif connection.running:
            degraded = not connection.flowing
            self._tell("degraded" if degraded else "active", "results_lost" if degraded else "")

    def _intake_ended(self, error: OvershootError | None) -> None:
        # Without an error the feed's end travels through the transport, which says when the last
        # frame has been sent.
        self._sink.finish()
        if error is not None:
            self._source_error = error
            if self._connection is not None:
                self._connection.source_failed(error)

    def _tell(
        self, state: StatusName, reason: str = "", error: OvershootError | None = None
    ) -> None:
        status = evolve(self._status, state=state, reason=reason, error=error)
        if status == self._status:
            return
        self._status = status
        _log.debug("stream_status", state=state, reason=reason, epoch=status.epoch)
        self._states.put(status)

    # --- the end --------------------------------------------------------------------------------

    async def _end_with(self, end: StreamEnd, *, report: bool) -> None:
        """Release everything; ``report`` where no method of the caller's raises the error."""
        if self._end is not None:
            return
        self._end = end
        await released("source", self._intake.close(), self._errors.put)
        self._sink.close()
        if report and end.error is not None:
            self._errors.put(end.error)
        self._tell("closed", end.reason, end.error)
        self._readers.finish()
        self._released.set_result(end)
        for delivery in (self._results, self._states, self._errors):
            await released(
                delivery.name, delivery.close(patience_seconds=PATIENCE_SECONDS), self._errors.put
            )
        self._ended.set_result(end)

    def _from_thread(self, function: Callable[[Any], None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            return  # The loop has closed before its stream did; there is nobody left to tell.


def _delivery(
    name: str, callback: Callback[Any] | None, errors: Delivery[OvershootError]
) -> Delivery[Any]:
    return Delivery(name, callback if callback is not None else _nobody, errors.put)


def _nobody(item: object) -> None:
    """The callback of a caller that gave none."""


def _end_of(error: BaseException) -> StreamEnd:
    if isinstance(error, OvershootError):
        return StreamEnd("open_failed", error)
    return StreamEnd("internal_error") if isinstance(error, Exception) else CLIENT_REQUESTED
