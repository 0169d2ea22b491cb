"""`Transport` without a network: the gateway is an object in this process, and can be made to fail.

For tests of programs that stream: nothing is encoded, nothing sleeps but by the clock given.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from overshoot.adapters.transports.loopback_stream import LoopbackStream
from overshoot.domain.lease import Lease
from overshoot.errors import (
    InferenceError,
    NotFoundError,
    OvershootError,
    StreamEndedError,
    UnauthorizedError,
    ValidationError,
)
from overshoot.log import get_logger
from overshoot.ports.transport import (
    FrameFeed,
    MediaChanged,
    OpenedStream,
    ResultReceived,
    ResultsClosed,
    StreamRequest,
    TransportEvent,
)
from overshoot.wire import (
    decode_create,
    decode_feedback,
    decode_prompt,
    decode_result,
    encode_create,
    encode_feedback,
    encode_prompt,
    encode_result,
    to_json,
)

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.serving import Feedback, StopReason
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend, InferenceSession

_log = get_logger(__name__)

ValueT = TypeVar("ValueT")

CLOSE_SECONDS = 2.0
_UNAUTHORIZED = 1008
_GOING_AWAY = 1001
_numbers = itertools.count(1)


class LoopbackTransport:
    """One stream at a gateway that is no further than this object.

    Requests, prompts, feedback and results pass through the messages of the API, so what a gateway
    refuses is refused here in its words; frames are taken as fast as the feed gives them, go
    through I420 and are sampled, sized and leased by the gateway's own rules. Colours are converted
    on the event loop.

    Args:
        backend: who answers; not closed with the transport.
        clock: what time it is; the lease waits by it.
        api_key: the key to come with.
        known_keys: the keys that are let in.
        lease_ttl_seconds: how long the stream lives without a renewal; None for ever.

    Attributes:
        known_keys: may be changed at any time; a key taken out is refused from then on.
        feedback: the opinions it was given.
        ended: the gateway's word for why the stream ended; None while it runs.
    """

    def __init__(
        self,
        backend: InferenceBackend,
        clock: Clock,
        *,
        api_key: str = "loopback",
        known_keys: Iterable[str] = ("loopback",),
        lease_ttl_seconds: float | None = 90.0,
    ) -> None:
        self.known_keys: set[str] = set(known_keys)
        self.feedback: list[Feedback] = []
        self.ended: StopReason | None = None
        self._backend = backend
        self._clock = clock
        self._api_key = api_key
        self._ttl = lease_ttl_seconds
        self._lease: Lease | None = None
        self._stream: LoopbackStream | None = None
        self._events: asyncio.Queue[TransportEvent | None] = asyncio.Queue()
        self._channel_open = False
        self._refusal: OvershootError | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._opened = False
        self._closed = False

    async def open(self, request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        """Ask the backend for a session and begin to take frames."""
        self._let_in()
        if self._opened:
            raise StreamEndedError("this stream was opened before", reason="already_started")
        self._opened = True
        asked = decode_create(encode_create("v=0", request, form="source"))
        session = await self._start_session(asked.inference.model)
        stream = self._stream = LoopbackStream(
            f"loopback-{next(_numbers)}",
            asked,
            session,
            backend_name=self._backend.name,
            clock=self._clock,
            publish=self._publish,
        )
        if self._ttl is not None:
            self._lease = Lease(self._ttl, self._clock.monotonic())
            self._spawn(self._watch(self._lease))
        self._spawn(self._send(stream, feed))
        self._spawn(self._answer(stream))
        self._events.put_nowait(MediaChanged("connected"))
        return OpenedStream(stream.stream_id, self._ttl)

    async def connect_results(self) -> None:
        """Open the channel; the gateway closes it at once if it has a reason to."""
        self._known_stream()
        self._raise_refusal()
        self._channel_open = True
        if self._api_key not in self.known_keys:
            self.drop_results(_UNAUTHORIZED, "unknown key")
        elif self.ended is not None:
            self.drop_results(_GOING_AWAY, f"stream ended: {self.ended}")

    async def receive(self) -> TransportEvent:
        """The next event."""
        event = None if self._closed else await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise StreamEndedError("this stream has been closed", reason="client_requested")
        return event

    async def renew_lease(self) -> float | None:
        """Live on."""
        self._running_stream()
        if self._lease is not None and not self._lease.renew(self._clock.monotonic()):
            raise _not_found("lease_expired")
        return self._ttl

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on."""
        self._running_stream().update_prompt(decode_prompt(encode_prompt(prompt)))

    async def submit_feedback(self, *, rating: int, category: str, feedback: str) -> None:
        """Keep the opinion in ``feedback``."""
        self._running_stream()
        body = encode_feedback(rating=rating, category=category, feedback=feedback)
        self.feedback.append(decode_feedback(body))

    async def close(self, *, delete: bool = True) -> None:
        """Free everything; with or without ``delete`` nothing is left of the stream."""
        self._closed = True
        self._events.put_nowait(None)
        if delete and self.ended is None:
            self.ended = "client_requested"
        await self._cancel_tasks()
        stream, self._stream = self._stream, None
        if stream is not None:
            await self._close_session(stream)

    # --- faults --------------------------------------------------------------------------------

    def refuse_next(self, error: OvershootError) -> None:
        """Let the next request fail with this: an opening, renewal, prompt, feedback or channel."""
        self._refusal = error

    def drop_results(self, code: int | None = None, reason: str = "") -> None:
        """Close the result channel with a WebSocket close code; None is a cut connection."""
        if self._channel_open:
            self._channel_open = False
            self._events.put_nowait(ResultsClosed(code, reason))

    def lose_media(self) -> None:
        """Cut the media path, and with it the stream."""
        self._events.put_nowait(MediaChanged("failed"))
        self._end("webrtc_disconnected")

    def expire_lease(self) -> None:
        """Let the lease run out now."""
        self._end("lease_expired")

    async def _start_session(self, model: str) -> InferenceSession:
        starting = self._spawn(self._backend.start_session(model))
        try:
            await asyncio.wait({starting})
        except asyncio.CancelledError:
            if not starting.cancel() and starting.exception() is None:
                await starting.result().close()
            raise
        if starting.cancelled():
            self._refuse_if_closed()
        try:
            session = starting.result()
        except InferenceError as error:
            raise ValidationError(error.message, details={"field": "inference.model"}) from error
        if self._closed:
            await session.close()
            self._refuse_if_closed()
        return session

    async def _send(self, stream: LoopbackStream, feed: FrameFeed) -> None:
        while (frame := await feed.next_frame()) is not None:
            stream.take_in(frame)
            await asyncio.sleep(0)  # Else a feed that never waits would keep the answers waiting.
        self._events.put_nowait(MediaChanged("drained"))
        stream.finish()

    async def _answer(self, stream: LoopbackStream) -> None:
        await stream.answer()
        self._end("webrtc_disconnected")

    async def _watch(self, lease: Lease) -> None:
        while not lease.expired(now := self._clock.monotonic()):
            await self._clock.sleep(lease.remaining(now))
        self._end("lease_expired")

    def _publish(self, result: InferenceResult) -> None:
        if self._channel_open:
            text = to_json(encode_result(result))
            self._events.put_nowait(ResultReceived(decode_result(text)))

    def _end(self, reason: StopReason) -> None:
        if self.ended is None:
            self.ended = reason
            self.drop_results(_GOING_AWAY, f"stream ended: {reason}")
            for task in self._tasks - {asyncio.current_task()}:
                task.cancel()

    def _let_in(self) -> None:
        self._refuse_if_closed()
        self._raise_refusal()
        if self._api_key not in self.known_keys:
            raise UnauthorizedError("the API key is not known here: check it")

    def _raise_refusal(self) -> None:
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            raise refusal

    def _running_stream(self) -> LoopbackStream:
        stream = self._known_stream()
        self._let_in()
        if self.ended is not None:
            raise _not_found(self.ended)
        return stream

    def _known_stream(self) -> LoopbackStream:
        self._refuse_if_closed()
        if self._stream is None:
            raise StreamEndedError("there is no stream yet: open it first", reason="not_started")
        return self._stream

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StreamEndedError("this stream has been closed", reason="client_requested")

    def _spawn(self, work: Coroutine[Any, Any, ValueT]) -> asyncio.Task[ValueT]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if self._stream is not None and not task.cancelled() and (error := task.exception()):
            _log.error("loopback_failed", exc_info=error)
            self.lose_media()

    async def _cancel_tasks(self) -> None:
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)

    async def _close_session(self, stream: LoopbackStream) -> None:
        try:
            await asyncio.wait_for(stream.close(), CLOSE_SECONDS)
        except Exception:  # noqa: BLE001 - whatever a backend does, the stream has to end
            _log.exception("session_close_failed", stream_id=stream.stream_id)


def _not_found(reason: str) -> NotFoundError:
    return NotFoundError(f"the stream has ended: {reason}", code="stream_not_found")
