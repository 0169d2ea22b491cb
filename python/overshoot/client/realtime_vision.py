"""`RealtimeVision`: a camera or file goes to a gateway, typed answers come back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from attrs import field, frozen

from overshoot import bootstrap
from overshoot.domain.inference import InferenceResult, JsonSchema
from overshoot.domain.source import CameraSource, StreamSource
from overshoot.domain.stream import (
    DEFAULT_BACKEND,
    DEFAULT_MODEL,
    FrameProcessingConfig,
    IceServer,
    ProcessingConfig,
    StreamInferenceConfig,
    StreamProcessingConfig,
    processing_from_mapping,
)
from overshoot.domain.validation import fail
from overshoot.errors import OvershootError, StreamEndedError
from overshoot.ports.transport import StreamRequest

if TYPE_CHECKING:
    from overshoot.application.streaming import LiveStream
    from overshoot.domain.ending import StreamEnd

OnResult: TypeAlias = Callable[[InferenceResult[Any]], Awaitable[Any] | Any]
OnError: TypeAlias = Callable[[OvershootError], Awaitable[Any] | Any]

DEFAULT_PROCESSING = StreamProcessingConfig(
    sampling_ratio=0.1, fps=30, clip_length_seconds=1.0, delay_seconds=1.0
)
"""What a stream samples when nothing is said: three frames a second, an answer a second."""

DRAIN_MARGIN_SECONDS = 5.0


@frozen(kw_only=True)
class RealtimeVisionConfig:
    """What `RealtimeVision` is to do. Values are checked by `RealtimeVision.start`.

    Attributes:
        api_url: address of the gateway, such as ``https://host/api/v0.2``.
        api_key: the key; never shown.
        prompt: what to ask about the video; not empty.
        on_result: called on the event loop with each `InferenceResult`, in order. A coroutine
            function is awaited; a task that it returns is left to itself.
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
        debug: log what happens, without keys and pictures.
        ice_servers: STUN and TURN servers for the media path.
        request_id: an id of the caller's that the gateway may log.
    """

    api_url: str
    api_key: str = field(repr=False)
    prompt: str
    on_result: OnResult = field(repr=False)
    source: StreamSource = field(factory=CameraSource)
    backend: str = DEFAULT_BACKEND
    model: str = DEFAULT_MODEL
    output_schema: JsonSchema | None = field(default=None, repr=False)
    on_error: OnError | None = field(default=None, repr=False)
    processing: ProcessingConfig | Mapping[str, Any] = DEFAULT_PROCESSING
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
        self._stream = self._make_stream()
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
        if not _is_text(prompt):
            raise fail(self, "prompt", "a non-empty string", prompt)
        await self._running_stream().update_prompt(prompt)

    async def submit_feedback(self, rating: int, category: str, feedback: str = "") -> None:
        """Rate the answers: ``rating`` 1 (bad) to 5 (good), a ``category`` and free text."""
        if type(rating) is not int or not 1 <= rating <= 5:  # noqa: PLR2004
            raise fail(self, "rating", "a whole number from 1 to 5", rating)
        if not _is_text(category):
            raise fail(self, "category", "a non-empty string", category)
        await self._running_stream().submit_feedback(rating, category, feedback)

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

    def _make_stream(self) -> LiveStream:
        from overshoot.application.streaming import LiveStream

        config = self._config
        if config.debug:
            bootstrap.show_debug()
        processing = config.checked_processing()
        _check(config)
        inference = StreamInferenceConfig(
            prompt=config.prompt,
            model=config.model,
            backend=config.backend,
            output_schema_json=config.output_schema,
        )
        return LiveStream(
            source=bootstrap.open_source(config.source),
            transport=bootstrap.webrtc_transport(
                config.api_url, config.api_key, ice_servers=config.ice_servers
            ),
            clock=bootstrap.system_clock(),
            request=StreamRequest(processing, inference, config.request_id),
            on_result=config.on_result,
            on_error=config.on_error,
            frame_processor=config.source.frame_processor,
            drain_seconds=_drain_seconds(processing),
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check(config: RealtimeVisionConfig) -> None:
    """Raise `ConfigurationError` for what no value of the domain checks."""
    if not callable(config.on_result):
        raise fail(config, "on_result", "callable", config.on_result)
    if config.on_error is not None and not callable(config.on_error):
        raise fail(config, "on_error", "callable", config.on_error)
    if config.request_id is not None and not _is_text(config.request_id):
        raise fail(config, "request_id", "a non-empty string", config.request_id)
    servers = cast("object", config.ice_servers)
    listed = isinstance(servers, (list, tuple))
    if not listed or {type(item) for item in cast("Sequence[object]", servers)} - {IceServer}:
        raise fail(config, "ice_servers", "a list of IceServer", type(config.ice_servers).__name__)
    schema = cast("Any", config.output_schema)
    if schema is None:
        return
    wanted = "a JSON schema as a mapping"
    if not isinstance(schema, Mapping):
        raise fail(config, "output_schema", wanted, schema)
    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as cause:
        raise fail(config, "output_schema", f"{wanted} ({cause})", type(cause).__name__) from cause


def _drain_seconds(processing: ProcessingConfig) -> float:
    """How long after the last frame an answer about it can still come."""
    if isinstance(processing, FrameProcessingConfig):
        return processing.interval_seconds + DRAIN_MARGIN_SECONDS
    return processing.delay_seconds + processing.clip_length_seconds + DRAIN_MARGIN_SECONDS
