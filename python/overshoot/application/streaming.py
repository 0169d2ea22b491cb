"""One running stream: a source's frames go out, a gateway's answers come in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from overshoot.application.capture import Capture
from overshoot.application.delivery import Callback, Delivery, error_delivery
from overshoot.application.feed import RingFeed
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

CALLBACK_PATIENCE_SECONDS = 5.0


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
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._flowing = asyncio.Event()
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
            await self._open(commands)
        except OvershootError as error:
            await self._abandon(error)
            raise
        except asyncio.CancelledError:
            self._do(self._session.stop())
            await self.wait_closed()
            raise
        return self._stream_id or ""

    async def stop(self) -> None:
        """End the stream and wait until everything is released; again, it only waits."""
        self._do(self._session.stop())
        await self.wait_closed()

    async def wait_closed(self) -> StreamEnd:
        """Wait until the stream has ended and everything is released."""
        return await asyncio.shield(self._ended)

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
                opened = await self._transport.open(self._request, self._feed)
                self._stream_id = opened.stream_id
                self._do(self._session.opened(opened.lease_ttl_seconds, self._clock.monotonic()))
        self._spawn(self._receive())
        self._spawn(self._keep_time())
        flowing = asyncio.ensure_future(self._flowing.wait())
        waits: list[asyncio.Future[Any]] = [flowing, self._ended]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flowing.cancel()
        if not self._flowing.is_set():
            end = self._ended.result()
            raise end.error or StreamEndedError("stopped while starting", reason=end.reason)
        # Only now, so that a file's first frames are neither sent into the void nor unanswered.
        self._capture.run()

    async def _abandon(self, error: OvershootError) -> None:
        self._do(self._session.open_failed(error))
        await self.wait_closed()

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

    async def _keep_time(self) -> None:
        while not self._ended.done():
            self._changed.clear()
            deadline = self._session.next_deadline
            changed = asyncio.ensure_future(self._changed.wait())
            waits: list[asyncio.Future[Any]] = [changed]
            if deadline is not None:
                delay = deadline - self._clock.monotonic()
                waits.append(asyncio.ensure_future(self._clock.sleep(delay)))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
            self._do(self._session.poll(self._clock.monotonic()))

    # --- commands ------------------------------------------------------------------------------

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case ConnectResults():
                    self._spawn(self._connect_results())
                case RenewLease():
                    self._spawn(self._renew_lease())
                case SendPrompt(prompt):
                    self._spawn(self._send_prompt(prompt))
                case CloseStream(delete):
                    self._closing = self._loop.create_task(
                        self._close(delete=delete), name="overshoot-close"
                    )
                case OpenStream():
                    pass  # Carried out by `start`, which has the caller to answer to.
        if self._session.media_connected and self._session.results_connected:
            self._flowing.set()
        self._changed.set()

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
        try:
            await self._capture.close()
            self._feed.finish()
            await self._transport.close(delete=delete)
            await self._cancel_tasks()
            if end.error is not None and end.reason != "open_failed":
                self._errors.put(end.error)
            await self._results.close(patience_seconds=CALLBACK_PATIENCE_SECONDS)
            await self._errors.close(patience_seconds=CALLBACK_PATIENCE_SECONDS)
        finally:
            self._session.closed()
            _log.debug("stream_closed", stream_id=self._stream_id, reason=end.reason)
            self._ended.set_result(end)

    # --- tasks and threads -----------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            wrapped = NetworkError(f"the stream failed inside: {type(error).__name__}", error)
            self._do(self._session.media_lost(wrapped.message))

    async def _cancel_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _from_thread(self, function: Callable[[Any], None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            return  # The loop has closed before its stream did; there is nobody left to tell.
