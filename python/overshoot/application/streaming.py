"""One running stream: a source's frames go out, a gateway's answers come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from attrs import evolve

from overshoot.application.background import BackgroundTasks
from overshoot.application.capture import Capture
from overshoot.application.delivery import Callback, Delivery, error_delivery
from overshoot.application.feed import RingFeed
from overshoot.application.timekeeper import Timekeeper
from overshoot.domain.command import (
    CloseStream,
    Command,
    ConnectResults,
    OpenStream,
    RenewLease,
    SendPrompt,
)
from overshoot.domain.ending import CLIENT_REQUESTED, StreamEnd
from overshoot.domain.session import Session
from overshoot.errors import NetworkError, OvershootError, StreamEndedError
from overshoot.log import get_logger
from overshoot.ports.transport import (
    MediaChanged,
    MessageUnreadable,
    ResultReceived,
    ResultsClosed,
    StreamRequest,
    Transport,
    TransportEvent,
)

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.source import FrameProcessor
    from overshoot.ports.clock import Clock
    from overshoot.ports.source import Source

_log = get_logger(__name__)

PATIENCE_SECONDS = 5.0
"""How long the end of a stream waits for the caller's callbacks."""


class LiveStream:
    """Drives a `Session` with a source, a transport and a clock, and the caller's callbacks.

    Used once: ``start``, then ``stop`` or its own end. All methods belong to one event loop.
    """

    def __init__(
        self,
        *,
        source: Source,
        transport: Transport,
        clock: Clock,
        request: StreamRequest,
        on_result: Callback[InferenceResult[Any]],
        on_error: Callback[OvershootError] | None = None,
        frame_processor: FrameProcessor | None = None,
        drain_seconds: float = 5.0,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._transport = transport
        self._clock = clock
        self._request = request
        self._session = Session(request.inference.prompt, drain_seconds=drain_seconds)
        self._feed = RingFeed(loop)
        self._errors = error_delivery(on_error)
        self._results = Delivery("on_result", on_result, self._errors.put)
        self._capture = Capture(
            source,
            clock=clock,
            processor=frame_processor,
            on_frame=self._feed.offer,
            on_end=lambda error: self._from_thread(self._source_ended, error),
            on_error=lambda error: self._from_thread(self._errors.put, error),
        )
        self._stream_id: str | None = None
        self._tasks = BackgroundTasks(self._failed_inside)
        self._time = Timekeeper(
            clock,
            lambda: self._session.next_deadline,
            lambda now: self._do(self._session.poll(now)),
        )
        self._flowing = asyncio.Event()
        self._released: asyncio.Future[StreamEnd] = loop.create_future()
        self._ended: asyncio.Future[StreamEnd] = loop.create_future()
        self._closing: asyncio.Task[None] | None = None

    @property
    def stream_id(self) -> str | None:
        """The gateway's name for the stream, once it has one."""
        return self._stream_id

    @property
    def active(self) -> bool:
        """Whether the stream exists at the gateway and is wanted."""
        return self._session.running

    @property
    def finished(self) -> bool:
        """Whether it has ended and released everything."""
        return self._ended.done()

    async def start(self) -> str:
        """Open the source and the stream; returns its id once media and results can flow.

        Raises what opening raises; nothing is left running then.
        """
        commands = self._session.start()
        self._errors.start()
        self._results.start()
        try:
            await self._capture.open()
            self._refuse_if_ended()
            await self._open(commands)
        except BaseException as error:
            self._give_up(error)
            await self.wait_closed()
            raise
        return self._stream_id or ""

    async def stop(self) -> None:
        """End the stream and wait until everything is released; again, it only waits."""
        self._do(self._session.stop())
        await self.wait_closed()

    async def wait_closed(self) -> StreamEnd:
        """Wait until the stream has ended and everything is released, callbacks included.

        Those are not waited for where one of them waits here.
        """
        inside = self._results.calling or self._errors.calling
        return await asyncio.shield(self._released if inside else self._ended)

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on; errors of the gateway are raised here."""
        for command in self._session.update_prompt(prompt):
            if isinstance(command, SendPrompt):
                await self._transport.update_prompt(command.prompt)

    async def submit_feedback(self, rating: int, category: str, feedback: str) -> None:
        """Rate the answers."""
        await self._transport.submit_feedback(rating=rating, category=category, feedback=feedback)

    # --- opening -------------------------------------------------------------------------------

    async def _open(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, OpenStream):
                await self._open_transport(command.prompt)
        self._refuse_if_ended()
        self._tasks.spawn(self._receive())
        self._tasks.spawn(self._time.run())
        flowing = asyncio.ensure_future(self._flowing.wait())
        waits: list[asyncio.Future[Any]] = [flowing, self._ended]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flowing.cancel()
        if not self._flowing.is_set():
            self._refuse_if_ended()
        # Only now, so that a file's first frames are neither sent into the void nor unanswered.
        self._capture.run()

    async def _open_transport(self, prompt: str) -> None:
        request = evolve(self._request, inference=evolve(self._request.inference, prompt=prompt))
        # Not cut off when the caller is cancelled: a stream that the gateway has just made could
        # then not be deleted. Closing waits for the answer, a while.
        opening = self._loop.create_task(self._transport.open(request, self._feed))
        opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        opened = await asyncio.shield(opening)
        self._stream_id = opened.stream_id
        self._do(self._session.opened(opened.lease_ttl_seconds, self._clock.monotonic()))

    def _give_up(self, error: BaseException) -> None:
        if isinstance(error, OvershootError):
            self._do(self._session.open_failed(error))
        elif isinstance(error, Exception):
            self._failed_inside(error)
        else:
            self._do(self._session.stop())

    def _refuse_if_ended(self) -> None:
        end = self._session.end
        if end is not None:
            raise end.error or StreamEndedError("stopped while starting", reason=end.reason)

    # --- what happens --------------------------------------------------------------------------

    async def _receive(self) -> None:
        while not self._ended.done():
            self._happened(await self._transport.receive())

    def _happened(self, event: TransportEvent) -> None:
        match event:
            case ResultReceived(result):
                self._do(self._session.result_received())
                self._results.put(result)
            case ResultsClosed(code, reason):
                self._do(self._session.results_closed(code, reason, self._clock.monotonic()))
            case MessageUnreadable(detail):
                self._errors.put(NetworkError(f"an unreadable message from the gateway: {detail}"))
            case MediaChanged("connected"):
                self._do(self._session.media_opened())
            case MediaChanged("drained"):
                self._do(self._session.source_ended(self._clock.monotonic()))
            case MediaChanged():
                self._do(self._session.media_lost("the media connection to the gateway was lost"))

    def _source_ended(self, error: OvershootError | None) -> None:
        # Without an error the feed's end travels through the transport, which says when the last
        # frame has been sent.
        self._feed.finish()
        if error is not None:
            self._do(self._session.source_failed(error))

    # --- commands ------------------------------------------------------------------------------

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case ConnectResults():
                    self._tasks.spawn(self._connect_results())
                case RenewLease():
                    self._tasks.spawn(self._renew_lease())
                case SendPrompt(prompt):
                    self._tasks.spawn(self._send_prompt(prompt))
                case CloseStream(delete):
                    self._closing = self._loop.create_task(
                        self._close(delete=delete), name="overshoot-close"
                    )
                case OpenStream():
                    pass  # Carried out by `start`, which has the caller to answer to.
        if self._session.flowing:
            self._flowing.set()
        self._time.look_again()

    async def _connect_results(self) -> None:
        try:
            await self._transport.connect_results()
        except OvershootError as error:
            self._do(self._session.results_failed(error, self._clock.monotonic()))
        else:
            self._do(self._session.results_opened())

    async def _renew_lease(self) -> None:
        try:
            ttl = await self._transport.renew_lease()
        except OvershootError as error:
            self._do(self._session.lease_failed(error, self._clock.monotonic()))
        else:
            self._do(self._session.lease_renewed(ttl, self._clock.monotonic()))

    async def _send_prompt(self, prompt: str) -> None:
        try:
            await self._transport.update_prompt(prompt)
        except OvershootError as error:
            self._errors.put(error)

    async def _close(self, *, delete: bool) -> None:
        end = self._session.end or CLIENT_REQUESTED
        await self._release("source", self._capture.close())
        self._feed.finish()
        await self._release("transport", self._transport.close(delete=delete))
        await self._tasks.cancel()
        if end.error is not None and self._flowing.is_set():
            self._errors.put(end.error)  # Else `start` raises it.
        self._session.closed()
        self._released.set_result(end)
        await self._release("on_result", self._results.close(patience_seconds=PATIENCE_SECONDS))
        await self._release("on_error", self._errors.close(patience_seconds=PATIENCE_SECONDS))
        _log.debug("stream_closed", stream_id=self._stream_id, reason=end.reason)
        self._ended.set_result(end)

    async def _release(self, what: str, releasing: Awaitable[None]) -> None:
        """Wait for one part's end; a part that fails at it must not keep the others open."""
        try:
            await releasing
        except Exception as cause:  # noqa: BLE001 - sources and transports are anybody's
            _log.exception("release_failed", what=what)
            message = f"closing the {what} failed with {type(cause).__name__}: {cause}"
            self._errors.put(NetworkError(message, cause))

    def _failed_inside(self, error: BaseException) -> None:
        fault = f"the stream failed inside with {type(error).__name__}: {error}"
        self._do(self._session.failed(NetworkError(fault, error)))

    def _from_thread(self, function: Callable[[Any], None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            return  # The loop has closed before its stream did; there is nobody left to tell.
