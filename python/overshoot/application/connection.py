"""One stream at one gateway, from its opening to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from attrs import evolve

from overshoot.application.background import BackgroundTasks
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
from overshoot.domain.session_state import StreamState
from overshoot.errors import NetworkError, OvershootError, StreamEndedError
from overshoot.log import get_logger
from overshoot.ports.transport import (
    FrameFeed,
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
    from overshoot.ports.clock import Clock

_log = get_logger(__name__)


class ConnectionListener(Protocol):
    """Who is told what happens on a connection; called on the event loop, and never waits."""

    def on_result(self, result: InferenceResult[Any]) -> None:
        """An answer arrived."""
        ...

    def on_fault(self, error: OvershootError) -> None:
        """Something went wrong that does not end the connection."""
        ...

    def on_prompt_refused(self, prompt: str, error: OvershootError) -> None:
        """A prompt that was to be asked after the opening could not be."""
        ...

    def on_change(self) -> None:
        """``flowing`` or ``draining`` may have changed."""
        ...


class Connection:
    """Drives a `Session` with a transport and a clock. Used once, on one event loop.

    Args:
        transport: to the gateway; closed with the connection.
        clock: what time it is.
        request: what to ask.
        feed: the frames.
        listener: who is told.
        drain_seconds: how long answers are awaited after the end of the video.
        answers_due: whether answers are still to come then; while they are, each one lets the time
            begin anew, and after the last one the stream ends. None where that is not known.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        request: StreamRequest,
        feed: FrameFeed,
        listener: ConnectionListener,
        *,
        drain_seconds: float,
        answers_due: Callable[[], bool | None] = lambda: None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._transport = transport
        self._clock = clock
        self._request = request
        self._feed = feed
        self._listener = listener
        self._answers_due = answers_due
        self._session = Session(request.inference.prompt, drain_seconds=drain_seconds)
        self._tasks = BackgroundTasks(self._failed_inside)
        self._time = Timekeeper(
            clock,
            lambda: self._session.next_deadline,
            lambda now: self._do(self._session.poll(now)),
        )
        self._flowing = asyncio.Event()
        self._ended: asyncio.Future[StreamEnd] = loop.create_future()
        self._closing: asyncio.Task[None] | None = None
        self.stream_id: str | None = None

    @property
    def running(self) -> bool:
        """Whether the stream exists at the gateway and is wanted."""
        return self._session.running

    @property
    def flowing(self) -> bool:
        """Whether frames can be sent and answers can arrive."""
        return self._session.flowing

    @property
    def draining(self) -> bool:
        """Whether the video has ended and its last answers are awaited."""
        return self._session.state is StreamState.DRAINING

    @property
    def end(self) -> StreamEnd | None:
        """Why it ends, from the moment that this is settled; None before."""
        return self._session.end

    async def open(self) -> None:
        """Make the stream; returns once media and results can flow.

        Raises what opening raises; everything is released then.
        """
        try:
            await self._open(self._session.start())
        except BaseException as error:
            self._give_up(error)
            await self.wait_ended()
            raise

    async def close(self) -> None:
        """End it, and wait until everything is released."""
        self._do(self._session.stop())
        await self.wait_ended()

    async def wait_ended(self) -> StreamEnd:
        """Wait until it has ended and released everything."""
        return await asyncio.shield(self._ended)

    def source_failed(self, error: OvershootError) -> None:
        """The source broke: the stream ends."""
        self._do(self._session.source_failed(error))

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

    async def _open_transport(self, prompt: str) -> None:
        request = evolve(self._request, inference=evolve(self._request.inference, prompt=prompt))
        # Not cut off when the caller is cancelled: a stream that the gateway has just made could
        # then not be deleted. Closing waits for the answer, a while.
        opening = self._loop.create_task(self._transport.open(request, self._feed))
        opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        opened = await asyncio.shield(opening)
        self.stream_id = opened.stream_id
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
                self._listener.on_result(result)
                self._drain_on()
            case ResultsClosed(code, reason):
                self._do(self._session.results_closed(code, reason, self._clock.monotonic()))
            case MessageUnreadable(detail):
                fault = NetworkError(f"an unreadable message from the gateway: {detail}")
                self._listener.on_fault(fault)
            case MediaChanged("connected"):
                self._do(self._session.media_opened())
            case MediaChanged("drained"):
                self._do(self._session.source_ended(self._clock.monotonic()))
                self._drain_on()
            case MediaChanged():
                self._do(self._session.media_lost("the media connection to the gateway was lost"))

    def _drain_on(self) -> None:
        due = self._answers_due() if self.draining else None
        if due is not None:
            self._do(self._session.drained(self._clock.monotonic(), answers_due=due))

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
                    pass  # Carried out by `open`, which has the caller to answer to.
        if self._session.flowing:
            self._flowing.set()
        self._time.look_again()
        self._listener.on_change()

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
            self._listener.on_prompt_refused(prompt, error)

    async def _close(self, *, delete: bool) -> None:
        await released("transport", self._transport.close(delete=delete), self._listener.on_fault)
        await self._tasks.cancel()
        self._session.closed()
        self._ended.set_result(self._session.end or CLIENT_REQUESTED)

    def _failed_inside(self, error: BaseException) -> None:
        fault = f"the stream failed inside with {type(error).__name__}: {error}"
        self._do(self._session.failed(NetworkError(fault, error)))


async def released(what: str, releasing: Awaitable[None], on_fault: Any) -> None:
    """Wait for one part's end; a part that fails at it must not keep the others open."""
    try:
        await releasing
    except Exception as cause:  # noqa: BLE001 - sources and transports are anybody's
        _log.exception("release_failed", what=what)
        message = f"closing the {what} failed with {type(cause).__name__}: {cause}"
        on_fault(NetworkError(message, cause))
