"""The connections of one stream, one after the other: the next is made where one is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from attrs import evolve

from overshoot.application.connection import Connection
from overshoot.application.waiting import within
from overshoot.domain.ending import CLIENT_REQUESTED, SOURCE_ENDED, StreamEnd
from overshoot.domain.prompt_history import PromptHistory
from overshoot.domain.reconnection import (
    Reconnection,
    ReconnectionPolicy,
    can_be_mended,
    refused,
)
from overshoot.errors import ApiError, NotFoundError, OvershootError, StreamEndedError

if TYPE_CHECKING:
    from overshoot.application.feeds import Feeds
    from overshoot.application.frame_sink import ConnectionFeed
    from overshoot.application.results import Results
    from overshoot.domain.inference import InferenceResult
    from overshoot.ports.clock import Clock
    from overshoot.ports.transport import StreamRequest, Transport


class ConnectionsListener(Protocol):
    """Who is told how a stream fares; called on the event loop, and never waits."""

    def on_opened(self, stream_id: str, epoch: int) -> None:
        """Media and results can flow."""
        ...

    def on_lost(self, end: StreamEnd) -> None:
        """It is to be made anew, and this is what went wrong last."""
        ...

    def on_change(self) -> None:
        """The running connection has changed."""
        ...

    def on_fault(self, error: OvershootError) -> None:
        """Something went wrong that does not end the stream."""
        ...


class Connections:
    """Opens a connection, and another one when it is lost. Used once, on one event loop.

    Args:
        transport: makes a transport; called once per connection.
        clock: what time it is.
        request: what to ask; its prompt is the first.
        feeds: where connections take their frames.
        results: takes the answers.
        listener: who is told.
        policy: how long to try to mend a loss; None ends the stream instead.
        drain_seconds: how long answers are awaited after the end of the video.

    Attributes:
        epoch: how many streams at the gateway there have been before the present one.
        end: what is settled to end the stream from this side; None so far.
        current: the connection that runs or is being opened; None between two of them.
    """

    def __init__(
        self,
        *,
        transport: Callable[[], Transport],
        clock: Clock,
        request: StreamRequest,
        feeds: Feeds,
        results: Results,
        listener: ConnectionsListener,
        policy: ReconnectionPolicy | None,
        drain_seconds: float,
    ) -> None:
        self._make_transport = transport
        self._clock = clock
        self._request = request
        self._feeds = feeds
        self._results = results
        self._listener = listener
        self._policy = policy
        self._drain_seconds = drain_seconds
        self._prompts = PromptHistory(request.inference.prompt)
        self._prompt_turn = asyncio.Lock()
        self._begun = False
        self._answered = False
        self._feed: ConnectionFeed | None = None
        self.end: StreamEnd | None = None
        self._over = asyncio.Event()
        self.epoch: int = 0
        self.current: Connection | None = None

    # --- the course of things -------------------------------------------------------------------

    async def open(self) -> None:
        """Open the first one; raises what opening raises, and everything is released then."""
        self._begun = True
        await self._connect(0).open()
        self._opened()

    async def run(self) -> StreamEnd:
        """Wait until the stream has ended, making it anew as often as it takes."""
        loss: Reconnection | None = None
        while True:
            assert self.current is not None  # noqa: S101 - one is open here, always
            end = await self.current.wait_ended()
            if end != CLIENT_REQUESTED and self._feed is not None:
                self._feed.close()
            if not can_be_mended(end):
                return end
            if self.end is not None or self._feeds.exhausted:
                return self.end or SOURCE_ENDED
            if self._policy is None:
                return end
            now = self._clock.monotonic()
            if loss is None or loss.is_over(now, answered=self._answered):
                loss = Reconnection(self._policy, now)
            final = await self._mend(end, loss)
            if final is not None:
                return final
            loss.mended(self._clock.monotonic())

    async def stop(self) -> None:
        """End the stream: the caller wants no more."""
        self._settle(CLIENT_REQUESTED)
        await self.close()

    async def close(self) -> None:
        """Wait until the connection, if there is one, has ended and released everything."""
        if self.current is not None:
            await self.current.close()

    def source_over(self, error: OvershootError | None) -> None:
        """No more frames will come; with an error the stream ends, else what waits is sent."""
        if error is not None:
            self._settle(StreamEnd("source_failed", error))
            if self.current is not None:
                self.current.source_failed(error)
        elif self._feeds.exhausted:
            self._over.set()  # A lost stream is not made anew to send nothing.

    # --- the caller's wishes --------------------------------------------------------------------

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on; errors of the gateway are raised here.

        Updates are carried out in the order in which they are asked for. While there is no
        connection, the next one begins with the new prompt.
        """
        async with self._prompt_turn:
            if not self._begun:
                self._prompts.begin_with(prompt)
                return
            connection = self.current
            if connection is not None and not self._will_be_followed(connection):
                try:
                    await connection.update_prompt(prompt)
                except OvershootError as error:
                    said_no = isinstance(error, ApiError) and not isinstance(error, NotFoundError)
                    if said_no or not self._will_be_followed(connection):
                        raise
            self._prompts.update(prompt)

    async def submit_feedback(self, rating: int, category: str, feedback: str) -> None:
        """Rate the answers."""
        if self.current is None or not self.current.running:
            raise StreamEndedError("no stream runs at the gateway now", reason="not_running")
        await self.current.submit_feedback(rating, category, feedback)

    def _will_be_followed(self, connection: Connection) -> bool:
        """Whether this one is lost, and another one is to come."""
        end = connection.end
        mended = self._policy is not None and self.end is None
        return mended and end is not None and can_be_mended(end)

    # --- one after the other --------------------------------------------------------------------

    def _settle(self, end: StreamEnd) -> None:
        if self.end is None:
            self.end = end
        self._over.set()

    def _connect(self, epoch: int) -> Connection:
        asked = evolve(self._request.inference, prompt=self._prompts.current)
        feed = self._feed = self._feeds.next()
        first_version = self._prompts.version

        def arrived(result: InferenceResult[Any]) -> None:
            self._answered = True
            result = feed.answered(result)
            counted = result.prompt_version
            version = self._prompts.version_of(
                result.prompt, None if counted is None else first_version + counted
            )
            self._results.arrived(result, sent=feed.sent, epoch=epoch, prompt_version=version)

        self._answered = False
        self.current = Connection(
            self._make_transport(),
            self._clock,
            evolve(self._request, inference=asked),
            feed,
            _Listener(self._listener, arrived, self._prompts),
            drain_seconds=self._drain_seconds,
            answers_due=lambda: feed.answers_due,
        )
        return self.current

    def _opened(self) -> None:
        connection, feed = self.current, self._feed
        assert connection is not None  # noqa: S101 - it has just been opened
        assert feed is not None  # noqa: S101 - likewise
        self._listener.on_opened(connection.stream_id or "", self.epoch)
        self._listener.on_change()  # What it has met since it opened was not told yet.
        feed.let_flow()

    async def _mend(self, lost: StreamEnd, loss: Reconnection) -> StreamEnd | None:
        """Make the stream anew: None when it runs again, else how it ended."""
        end = lost
        while True:
            self.current = None
            self._listener.on_lost(end)
            wait = loss.next_wait(self._clock.monotonic())
            if wait is None:
                return loss.given_up(end)
            if await self._over_within(wait):
                return self.end or SOURCE_ENDED
            connection = self._connect(self.epoch + 1)
            try:
                await connection.open()
            except Exception:  # noqa: BLE001 - whatever it was, it is in the end of the connection
                end = await connection.wait_ended()
            else:
                self.epoch += 1
                self._opened()
                return None
            if self.end is not None:
                return self.end
            if not can_be_mended(end):
                return refused(end)

    async def _over_within(self, seconds: float) -> bool:
        try:
            await within(self._clock, seconds, self._over.wait())
        except TimeoutError:
            return False
        return True


class _Listener:
    """What one connection tells, on its way to the stream."""

    def __init__(
        self,
        stream: ConnectionsListener,
        on_result: Callable[[InferenceResult[Any]], None],
        prompts: PromptHistory,
    ) -> None:
        self._stream = stream
        self._on_result = on_result
        self._prompts = prompts

    def on_result(self, result: InferenceResult[Any]) -> None:
        """An answer arrived."""
        self._on_result(result)

    def on_fault(self, error: OvershootError) -> None:
        """Something went wrong that does not end the connection."""
        self._stream.on_fault(error)

    def on_change(self) -> None:
        """It has changed."""
        self._stream.on_change()

    def on_prompt_refused(self, prompt: str, error: OvershootError) -> None:
        """Ask on what was asked before."""
        self._prompts.take_back(prompt)
        self._stream.on_fault(error)
