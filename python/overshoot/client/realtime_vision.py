"""`RealtimeVision`: a camera or file goes to a gateway, typed answers come back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from attrs import field, frozen

from overshoot.client.assembly import capture_of, is_text, live_stream
from overshoot.domain.inference import InferenceResult, JsonSchema
from overshoot.domain.source import CameraSource, StreamSource
from overshoot.domain.status import StreamStatus
from overshoot.domain.stream import (
    DEFAULT_BACKEND,
    DEFAULT_MODEL,
    FrameProcessingConfig,
    IceServer,
    ProcessingConfig,
    StreamProcessingConfig,
    processing_from_mapping,
)
from overshoot.domain.validation import fail
from overshoot.errors import OvershootError, StreamEndedError

if TYPE_CHECKING:
    from overshoot.application.streaming import LiveStream
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.ledger import StreamStats
    from overshoot.domain.reconnection import ReconnectionPolicy

OnResult: TypeAlias = Callable[[InferenceResult[Any]], Awaitable[Any] | Any]
OnError: TypeAlias = Callable[[OvershootError], Awaitable[Any] | Any]
OnState: TypeAlias = Callable[[StreamStatus], Awaitable[Any] | Any]

DEFAULT_PROCESSING = StreamProcessingConfig(
    sampling_ratio=0.1, fps=30, clip_length_seconds=1.0, delay_seconds=1.0
)
"""What a stream samples when nothing is said: three frames a second, an answer a second."""


@frozen(kw_only=True)
class RealtimeVisionConfig:
    """What `RealtimeVision` is to do. Values are checked by `RealtimeVision.start`.

    Attributes:
        api_url: address of the gateway, such as ``https://host/api/v0.2``.
        api_key: the key; never shown.
        prompt: what to ask about the video; not empty.
        on_result: called on the event loop with each `InferenceResult`, in order. A coroutine
            function is awaited; a task that it returns is left to itself. May be left out where
            `RealtimeVision.results` is read.
        source: where frames come from; the default camera.
        backend: ``"overshoot"`` or ``"gemini"`` on the hosted gateway.
        model: name of the model.
        output_schema: JSON schema that the answers must satisfy; None for free text.
        on_error: called on the event loop with each `OvershootError` after the start; errors go to
            the log where it is None.
        processing: ``sampling_ratio`` (0.0-1.0), ``fps`` (1-120), ``clip_length_seconds``
            (0.1-60.0), ``delay_seconds`` (0.0-60.0), or ``target_fps`` (1-30) in place of the first
            two, or ``interval_seconds`` (above 0, to 60) alone; as a mapping, whose missing names
            have the defaults 0.1, 30, 1.0 and 1.0, or as a value.
        on_state: called on the event loop with each `StreamStatus`.
        reconnect: whether to make the stream anew when its media path is lost, for 60 s, or for as
            long as a `ReconnectionPolicy` says; False ends it instead.
        debug: log what happens, without keys and pictures.
        ice_servers: STUN and TURN servers for the media path.
        request_id: an id of the caller's that the gateway may log.
    """

    api_url: str
    api_key: str = field(repr=False)
    prompt: str
    on_result: OnResult | None = field(default=None, repr=False)
    source: StreamSource = field(factory=CameraSource)
    backend: str = DEFAULT_BACKEND
    model: str = DEFAULT_MODEL
    output_schema: JsonSchema | None = field(default=None, repr=False)
    on_error: OnError | None = field(default=None, repr=False)
    processing: ProcessingConfig | Mapping[str, Any] = DEFAULT_PROCESSING
    on_state: OnState | None = field(default=None, repr=False)
    reconnect: bool | ReconnectionPolicy = True
    debug: bool = False
    ice_servers: Sequence[IceServer] = ()
    request_id: str | None = None

    def checked_processing(self) -> ProcessingConfig:
        """``processing`` as a value, or `ConfigurationError`."""
        given = cast("object", self.processing)
        if isinstance(given, (StreamProcessingConfig, FrameProcessingConfig)):
            return given
        if isinstance(given, Mapping):
            return processing_from_mapping(self.processing, DEFAULT_PROCESSING)  # type: ignore[arg-type]
        raise fail(self, "processing", "a mapping or a StreamProcessingConfig", given)


class RealtimeVision:
    """One stream from a source to a gateway, and the answers about it.

    ::

        async with RealtimeVision(config) as vision:
            await asyncio.sleep(60)

    All methods belong to one event loop. A stream that has ended can be started again.
    """

    def __init__(self, config: RealtimeVisionConfig) -> None:
        self._config = config
        self._stream: LiveStream | None = None

    async def start(self) -> None:
        """Open the source and the stream; returns when frames flow and results can arrive.

        Raises:
            ConfigurationError: a value of the configuration is wrong; ``details`` names it.
            SourceError: the camera or file cannot be opened.
            UnauthorizedError, ApiError: the gateway said no.
            NetworkError: the gateway cannot be reached, or media cannot reach it.
            StreamEndedError: it runs already.

        Nothing is left running after an error.
        """
        if self._stream is not None and not self._stream.finished:
            message = "this RealtimeVision runs already; stop it first"
            raise StreamEndedError(message, reason="already_started")
        self._stream = live_stream(self._config, capture_of(self._config.source))
        await self._stream.start()

    async def stop(self) -> None:
        """End the stream and release camera, sockets and tasks; does nothing when none runs."""
        if self._stream is not None:
            await self._stream.stop()

    async def wait_ended(self) -> StreamEnd:
        """Wait until the stream has ended (end of the video, the gateway's word, `stop`); why."""
        return await self._running_stream().wait_closed()

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on.

        Raises:
            ConfigurationError: the prompt is empty.
            StreamEndedError: no stream runs.
            ApiError, NetworkError: the gateway did not take it; the old prompt stays.
        """
        if not is_text(prompt):
            raise fail(self, "prompt", "a non-empty string", prompt)
        await self._running_stream().update_prompt(prompt)

    async def submit_feedback(self, rating: int, category: str, feedback: str = "") -> None:
        """Rate the answers: ``rating`` 1 (bad) to 5 (good), a ``category`` and free text."""
        if type(rating) is not int or not 1 <= rating <= 5:  # noqa: PLR2004
            raise fail(self, "rating", "a whole number from 1 to 5", rating)
        if not is_text(category):
            raise fail(self, "category", "a non-empty string", category)
        await self._running_stream().submit_feedback(rating, category, feedback)

    def results(self) -> AsyncIterator[InferenceResult[Any]]:
        """The results from now on, for ``async for``; it ends when the stream has ended.

        While the reader is busy the newest 64 wait; older ones are dropped and counted in `stats`.
        """
        return self._running_stream().results()

    def stats(self) -> StreamStats:
        """The stream in numbers, also after its end: frames, drops, results, latencies."""
        return self._running_stream().stats()

    def get_stream_id(self) -> str | None:
        """The gateway's id of the running stream, or None."""
        return self._stream.stream_id if self._stream is not None and self.is_active() else None

    def is_active(self) -> bool:
        """Whether frames are being sent and answers awaited."""
        return self._stream is not None and self._stream.active

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _running_stream(self) -> LiveStream:
        if self._stream is None:
            raise StreamEndedError("no stream runs: call start() first", reason="not_started")
        return self._stream
