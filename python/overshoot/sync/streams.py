"""`RealtimeVision` and `OvershootStreamRelay` without ``async``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Required, TypedDict, TypeVar, Unpack

from overshoot.client import realtime_vision, stream_relay
from overshoot.domain.inference import AnswerT
from overshoot.sync.loop_thread import LoopThread
from overshoot.sync.started_context import StartedContext

if TYPE_CHECKING:
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.client.stream_handle import StreamHandle
    from overshoot.client.stream_relay import OnRelayResult
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.frame import Frame
    from overshoot.domain.inference import InferenceResult
    from overshoot.domain.ledger import StreamStats
    from overshoot.domain.pixels import PixelLayout
    from overshoot.domain.pushed import Encoding, GivenPicture
    from overshoot.domain.reconnection import ReconnectionPolicy
    from overshoot.domain.status import StreamStatus
    from overshoot.domain.stream import IceServer
    from overshoot.errors import OvershootError
    from overshoot.ports.clock import Clock
    from overshoot.ports.source import SourceInfo
    from overshoot.ports.transport import TransportFactory

ItemT = TypeVar("ItemT")


class Results(Generic[ItemT], Iterator[ItemT]):
    """A stream's results from now on, for ``for``; it ends when the stream has ended."""

    def __init__(self, thread: LoopThread, items: AsyncIterator[ItemT]) -> None:
        self._thread = thread
        self._items = items

    def __next__(self) -> ItemT:
        item = self._thread.run(self._next)
        if not item:
            raise StopIteration
        return item[0]

    async def _next(self) -> tuple[ItemT, ...]:
        async for item in self._items:
            return (item,)
        return ()


class _Stream(StartedContext, Generic[AnswerT]):
    """What every façade of a running stream offers."""

    def __init__(self, inner: StreamHandle[AnswerT]) -> None:
        self._handle = inner
        self._thread = LoopThread(f"overshoot-sync-{type(inner).__name__}", inner.stop)

    def stop(self) -> None:
        """End the stream and release everything, the thread as well; again, it does nothing."""
        self._thread.close()

    def wait_ended(self) -> StreamEnd:
        """Wait until the stream has ended (end of the video, the gateway's word, `stop`); why."""
        return self._thread.run(self._handle.wait_ended)

    def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on."""
        self._thread.run(lambda: self._handle.update_prompt(prompt))

    def submit_feedback(self, rating: int, category: str, feedback: str = "") -> None:
        """Rate the answers: ``rating`` 1 (bad) to 5 (good), a ``category`` and free text."""
        self._thread.run(lambda: self._handle.submit_feedback(rating, category, feedback))

    def results(self) -> Results[InferenceResult[AnswerT]]:
        """The results from now on, for ``for``; it ends when the stream has ended.

        While the reader is busy the newest 64 wait; older ones are dropped and counted in `stats`.
        """

        async def reader() -> AsyncIterator[InferenceResult[AnswerT]]:
            return self._handle.results()

        return Results(self._thread, self._thread.run(reader))

    def stats(self) -> StreamStats:
        """The stream in numbers, also after its end: frames, drops, results, latencies."""
        return self._handle.stats()

    @property
    def source_info(self) -> SourceInfo | None:
        """What the source turned out to be, from the start on; None before, and for a relay."""
        return self._handle.source_info

    def get_stream_id(self) -> str | None:
        """The gateway's id of the running stream, or None."""
        return self._handle.get_stream_id()

    def is_active(self) -> bool:
        """Whether the stream runs, or is being made anew after a loss."""
        return self._handle.is_active()


class RealtimeVision(_Stream[AnswerT], Generic[AnswerT]):
    """`overshoot.RealtimeVision` for programs without an event loop; see `overshoot.sync`."""

    def __init__(
        self,
        config: RealtimeVisionConfig[AnswerT],
        *,
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        inner = realtime_vision.RealtimeVision[AnswerT](config, on_frame=on_frame)
        super().__init__(inner)
        self._inner = inner

    def start(self) -> None:
        """Open the source and the stream; returns when frames flow and results can arrive."""
        self._thread.begin(self._inner.start)


class RelayOptions(TypedDict, total=False):
    """The arguments of `OvershootStreamRelay`; `overshoot.OvershootStreamRelay` explains them."""

    prompt: Required[str]
    api_url: str | None
    api_key: str | None
    on_result: OnRelayResult | None
    on_error: Callable[[OvershootError], Any] | None
    model: str
    backend: str
    output_schema: type[Any] | Mapping[str, Any] | str | None
    width: int
    height: int
    fps: float
    sampling_ratio: float
    clip_length_seconds: float
    delay_seconds: float
    on_state: Callable[[StreamStatus], Any] | None
    reconnect: bool | ReconnectionPolicy
    ice_servers: Sequence[IceServer]
    debug: bool
    request_id: str | None
    transport: TransportFactory | None
    clock: Clock | None


class OvershootStreamRelay(_Stream[Any]):
    """`overshoot.OvershootStreamRelay` for programs without an event loop; see `overshoot.sync`."""

    def __init__(self, **options: Unpack[RelayOptions]) -> None:
        inner = stream_relay.OvershootStreamRelay(**options)
        super().__init__(inner)
        self._inner = inner

    @property
    def is_running(self) -> bool:
        """Whether pushed frames are taken: from `prepare` to the end of the stream."""
        return self._inner.is_running

    def start(self) -> str:
        """Begin to take frames and open the stream; returns its id."""
        return self._thread.begin(self._inner.start)

    def prepare(self) -> None:
        """Check the values and begin to take frames; the newest one waits for `connect`."""
        self._thread.begin(self._inner.prepare)

    def connect(self) -> str:
        """Open the stream at the gateway; returns its id once frames and answers can flow."""
        try:
            return self._thread.run(self._inner.connect)
        except BaseException:
            if not self.is_running:
                self._thread.close()
            raise

    def push_frame(
        self,
        frame: GivenPicture,
        timestamp: float | None = None,
        *,
        order: PixelLayout = "rgb",
        encoding: Encoding | None = None,
    ) -> None:
        """Hand over a frame, from any thread; never waits, and the newest frame wins."""
        self._inner.push_frame(frame, timestamp, order=order, encoding=encoding)
