"""`Transport` without a gateway: pixels go straight to an inference backend in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.application.waiting import cancel
from overshoot.domain.ending import CLOSE_STREAM_ENDED
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.sampling import sampling_of
from overshoot.domain.serving import Feedback, ServeRequest
from overshoot.domain.timeline import MediaStamps
from overshoot.errors import StreamEndedError
from overshoot.framepath import from_i420
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

if TYPE_CHECKING:
    from overshoot.application.served_stream import ServedStream
    from overshoot.application.subscription import Subscription
    from overshoot.domain.frame import Pixels, PlanarFrame
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend

_log = get_logger(__name__)

OWNER: Final = "this process"


class InProcessTransport:
    """One stream to a backend in this process, by the rules of the embedded gateway.

    Nothing is encoded, packed or sent, so that the backend sees the very pixels of each run, as
    fast as it can look at them. Colours are converted in a thread of the transport's own.

    Args:
        backend: makes who answers; one for each stream.
        clock: what time it is.
        close_backend: whether the backend ends with the stream.
        settings: limits of the stream; the usual ones if None.
    """

    def __init__(
        self,
        backend: Callable[[], InferenceBackend],
        clock: Clock,
        *,
        close_backend: bool,
        settings: ServingSettings | None = None,
    ) -> None:
        self._make_backend = backend
        self._close_backend = close_backend
        self._clock = clock
        # Nobody looks at the pictures of a stream again that has no gateway.
        self._settings = settings or ServingSettings(buffer=BufferLimits(seconds=0.0))
        self._backend: InferenceBackend | None = None
        self._serving: Serving | None = None
        self._stream: ServedStream | None = None
        self._events: asyncio.Queue[TransportEvent | None] = asyncio.Queue()
        self._converting: ThreadPoolExecutor | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stamps = MediaStamps()
        self._closed = False

    async def open(self, request: StreamRequest, feed: FrameFeed) -> OpenedStream:
        """Ask the backend for a session and begin to take frames."""
        self._refuse_if_closed()
        if self._serving is not None:
            raise StreamEndedError("this stream was opened before", reason="already_started")
        try:
            stream = self._stream = await self._create(request)
        except BaseException:
            ended = self._closed
            await self.close()
            if ended:
                self._refuse_if_closed()  # Whatever else became of it meanwhile.
            raise
        self._converting = ThreadPoolExecutor(1, thread_name_prefix="overshoot-in-process")
        self._spawn(self._send(stream, feed, self._converting))
        self._events.put_nowait(MediaChanged("connected"))
        return OpenedStream(stream.id, stream.lease.ttl_seconds)

    async def connect_results(self) -> None:
        """Hand on what the backend answers from now on."""
        self._spawn(self._hand_on(self._known_stream().subscribe()))

    async def receive(self) -> TransportEvent:
        """The next event."""
        event = None if self._closed else await self._events.get()
        if event is None:
            self._events.put_nowait(None)  # For whoever else waits.
            raise _closed()
        return event

    async def renew_lease(self) -> float | None:
        """Live on."""
        return self._running_stream().renew_lease()

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on."""
        self._running_stream().update_prompt(prompt)

    async def submit_feedback(self, *, rating: int, category: str, feedback: str) -> None:
        """Check it and log it: there is nobody else who would want it."""
        said = Feedback(rating, category, feedback)
        stream = self._running_stream()
        _log.info("feedback", stream_id=stream.id, rating=said.rating, category=said.category)

    async def close(self, *, delete: bool = True) -> None:
        """Free everything; with or without ``delete`` nothing is left of the stream."""
        self._closed = True
        self._events.put_nowait(None)
        await cancel(*self._tasks)
        if self._serving is not None:
            await self._serving.stop()
        if self._converting is not None:
            self._converting.shutdown()  # One conversion at most is under way: milliseconds.
        backend, self._backend = self._backend, None
        if backend is not None and self._close_backend:
            await backend.close()

    async def _create(self, request: StreamRequest) -> ServedStream:
        asked = ServeRequest(sampling_of(request.processing), request.inference)
        self._backend = self._make_backend()
        self._serving = Serving(self._backend, clock=self._clock, settings=self._settings)
        created = await self._serving.create(OWNER, asked)
        self._refuse_if_closed()
        return created

    # --- frames and answers ---------------------------------------------------------------------

    async def _send(
        self, stream: ServedStream, feed: FrameFeed, converting: ThreadPoolExecutor
    ) -> None:
        try:
            while (frame := await feed.next_frame()) is not None:
                await self._take_in(stream, frame, converting)
                await asyncio.sleep(0)  # A feed that never waits would keep the answers waiting.
        except Exception:  # noqa: BLE001 - the stream has to end, whatever the feed met
            _log.exception("feed_failed", stream_id=stream.id)
            self._events.put_nowait(MediaChanged("failed"))
            return
        self._events.put_nowait(MediaChanged("drained"))
        await stream.finish()

    async def _take_in(
        self, stream: ServedStream, frame: PlanarFrame, converting: ThreadPoolExecutor
    ) -> None:
        # Time passes through the stamps of RTP, so that the clips are those of a gateway.
        ticks = self._stamps.stamp(frame.timestamp)
        arrival = stream.arrived(ticks, frame.width, frame.height)
        if not arrival.wanted:
            stream.pass_by(arrival)
            return
        width, height = arrival.out_width, arrival.out_height

        def convert() -> Pixels:
            return from_i420(
                frame.planes, frame.width, frame.height, out_width=width, out_height=height
            )

        loop = asyncio.get_running_loop()
        stream.add(arrival, await loop.run_in_executor(converting, convert))

    async def _hand_on(self, subscription: Subscription) -> None:
        while (result := await subscription.next_result()) is not None:
            self._events.put_nowait(ResultReceived(result))
        reason = f"stream ended: {subscription.reason}"
        self._events.put_nowait(ResultsClosed(CLOSE_STREAM_ENDED, reason))

    # --- what it is -----------------------------------------------------------------------------

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise _closed()

    def _known_stream(self) -> ServedStream:
        self._refuse_if_closed()
        if self._stream is None:
            raise StreamEndedError("there is no stream yet: open it first", reason="not_started")
        return self._stream

    def _running_stream(self) -> ServedStream:
        stream = self._known_stream()
        assert self._serving is not None  # noqa: S101 - it has made the stream
        return self._serving.get(OWNER, stream.id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _closed() -> StreamEndedError:
    return StreamEndedError("this stream has been closed", reason="client_requested")
