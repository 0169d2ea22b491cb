"""`RealtimeVision`: a camera or file goes to a gateway, typed answers come back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, cast

from attrs import field, frozen

from overshoot.client.assembly import capture_of, live_stream
from overshoot.client.stream_handle import StreamHandle
from overshoot.domain.inference import AnswerT, InferenceResult
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
from overshoot.errors import OvershootError

if TYPE_CHECKING:
    from overshoot.domain.backends import BackendChoice
    from overshoot.domain.frame import Frame
    from overshoot.domain.reconnection import ReconnectionPolicy
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.transport import TransportFactory

OnResult: TypeAlias = Callable[[InferenceResult[AnswerT]], Awaitable[Any] | Any]
OnError: TypeAlias = Callable[[OvershootError], Awaitable[Any] | Any]
OnState: TypeAlias = Callable[[StreamStatus], Awaitable[Any] | Any]

DEFAULT_PROCESSING = StreamProcessingConfig(
    sampling_ratio=0.1, fps=30, clip_length_seconds=1.0, delay_seconds=1.0
)
"""What a stream samples when nothing is said: three frames a second, an answer a second."""


@frozen(kw_only=True)
class RealtimeVisionConfig(Generic[AnswerT]):
    """What `RealtimeVision` is to do. Values are checked by `RealtimeVision.start`.

    Attributes:
        api_url: address of the gateway, such as ``https://host/api/v0.2``; None takes the value of
            OVERSHOOT_API_URL at the start.
        api_key: the key; never shown; None takes OVERSHOOT_API_KEY. Both may also stand in a
            ``.env`` file in the working directory, where python-dotenv is installed.
        prompt: what to ask about the video; not empty.
        on_result: called on the event loop with each `InferenceResult`, in order. A coroutine
            function is awaited; a task that it returns is left to itself. May be left out where
            `RealtimeVision.results` is read.
        source: where frames come from; the default camera.
        backend: ``"overshoot"`` or ``"gemini"`` on the hosted gateway.
        model: name of the model.
        output_schema: what answers must be: a JSON schema as a mapping or as text, or a class
            (attrs, dataclass, TypedDict, Pydantic), whose objects are then in
            `InferenceResult.parsed`; None for free text.
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
        max_output_tokens: limit of an answer's length, at least 1; None leaves it to the gateway,
            which may refuse more than 128 for each second between two answers.
        inference: who answers, in this process and without a gateway, a key or an encoder:
            ``"local"``, which looks at the pixels on this machine; `OpenAIInference`,
            `GeminiInference` or `CallableInference`, or the names ``"openai"``, ``"gemini"`` and
            ``"module:function"``, with their settings from the environment; or an object of the
            port `overshoot.ports.inference.InferenceBackend`, which is not closed with the stream.
            None asks the gateway at ``api_url``.
        transport: makes the `overshoot.ports.transport.Transport` of each connection, in place of
            WebRTC to ``api_url``; `overshoot.testing.LoopbackTransport` needs no network.
        clock: what time it is, an `overshoot.ports.clock.Clock`; None is that of this machine. With
            an `overshoot.testing.ManualClock` the source must not pace itself by it
            (``real_time=False``, or pushed frames).
    """

    api_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    prompt: str
    on_result: OnResult[AnswerT] | None = field(default=None, repr=False)
    source: StreamSource = field(factory=CameraSource)
    backend: str = DEFAULT_BACKEND
    model: str = DEFAULT_MODEL
    output_schema: type[AnswerT] | Mapping[str, Any] | str | None = field(default=None, repr=False)
    on_error: OnError | None = field(default=None, repr=False)
    processing: ProcessingConfig | Mapping[str, Any] = DEFAULT_PROCESSING
    on_state: OnState | None = field(default=None, repr=False)
    reconnect: bool | ReconnectionPolicy = True
    debug: bool = False
    ice_servers: Sequence[IceServer] = ()
    request_id: str | None = None
    max_output_tokens: int | None = None
    inference: InferenceBackend | BackendChoice | str | None = None
    transport: TransportFactory | None = field(default=None, repr=False)
    clock: Clock | None = field(default=None, repr=False)

    def checked_processing(self) -> ProcessingConfig:
        """``processing`` as a value, or `ConfigurationError`."""
        given = cast("object", self.processing)
        if isinstance(given, (StreamProcessingConfig, FrameProcessingConfig)):
            return given
        if isinstance(given, Mapping):
            return processing_from_mapping(cast("Mapping[str, Any]", given), DEFAULT_PROCESSING)
        raise fail(self, "processing", "a mapping or a StreamProcessingConfig", given)


class RealtimeVision(StreamHandle[AnswerT], Generic[AnswerT]):
    """One stream from a source to a gateway, and the answers about it.

    ::

        async with RealtimeVision(config) as vision:
            await asyncio.sleep(60)

    All methods belong to one event loop. A stream that has ended can be started again.

    ``on_frame`` is given each `Frame` that goes out, before it is scaled, on the thread that reads
    the source: it must be quick, read the pixels before it returns, and not raise.
    """

    def __init__(
        self,
        config: RealtimeVisionConfig[AnswerT],
        *,
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._on_frame = on_frame

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
        self._refuse_if_running()
        self._stream = live_stream(self._config, capture_of(self._config.source, self._on_frame))
        await self._stream.start()
