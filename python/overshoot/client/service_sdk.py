"""`Overshoot`: the surface of the service's later SDK, over `RealtimeVision`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from overshoot import bootstrap
from overshoot.client.async_context import AsyncClosing
from overshoot.client.environment import api_key_or_default, api_url_or_default
from overshoot.client.realtime_vision import OnError, OnResult, RealtimeVision, RealtimeVisionConfig
from overshoot.domain.inference import Mode, ModelInfo
from overshoot.domain.stream import (
    DEFAULT_BACKEND,
    DEFAULT_MODEL,
    FrameProcessingConfig,
    ProcessingConfig,
    StreamProcessingConfig,
)
from overshoot.domain.validation import fail
from overshoot.errors import NetworkError, ProtocolError

if TYPE_CHECKING:
    from overshoot.domain.source import StreamSource

NumberT = TypeVar("NumberT", int, float)

TARGET_FPS = 6
CLIP_LENGTH_SECONDS = 0.5
DELAY_SECONDS = 0.5
INTERVAL_SECONDS = 0.2
LONGEST_TIMEOUT_SECONDS = 3600.0


class Overshoot(AsyncClosing):
    """A client whose streams run until they are closed.

    ::

        client = Overshoot(api_key="your-api-key")
        stream = await client.streams.create(
            source=FileSource(path="video.mp4"), prompt="What happens?", on_result=print
        )
        await stream.close()
        await client.close()

    Args:
        api_key: the key; never shown; None takes OVERSHOOT_API_KEY.
        base_url: address of the gateway; None takes OVERSHOOT_API_URL.
        timeout: seconds that a request, or the opening of a stream, may take; above 0, to 3600.
            What was begun is undone then, which takes up to 5 s where a gateway does not answer.
    """

    def __init__(
        self, api_key: str | None = None, base_url: str | None = None, timeout: float = 30.0
    ) -> None:
        good = isinstance(cast("object", timeout), (int, float)) and not isinstance(timeout, bool)
        if not good or not 0 < timeout <= LONGEST_TIMEOUT_SECONDS:
            wanted = f"seconds above 0 and at most {LONGEST_TIMEOUT_SECONDS:g}"
            raise fail(self, "timeout", wanted, timeout)
        self._api_key = api_key
        self._base_url = base_url
        self._timeout = timeout
        self._streams = Streams(api_key, base_url, timeout)

    @property
    def streams(self) -> Streams:
        """Makes streams."""
        return self._streams

    async def get_models(self) -> list[ModelInfo]:
        """The models that the gateway offers, and whether they would answer now."""
        api = bootstrap.gateway_requests(
            api_url_or_default(self._base_url), api_key_or_default(self._api_key)
        )
        try:
            async with _in_time(self._timeout, "the list of models"):
                answer = await api.request("GET", "/models")
        finally:
            await api.close()
        return _models(answer)

    async def close(self) -> None:
        """Close all streams; again, it does nothing."""
        await self._streams.close()


class Streams:
    """``client.streams``."""

    def __init__(self, api_key: str | None, base_url: str | None, timeout: float) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._timeout = timeout
        self._made: list[Stream] = []

    async def create(
        self,
        source: StreamSource,
        prompt: str,
        on_result: OnResult[Any],
        *,
        on_error: OnError | None = None,
        mode: Mode | None = None,
        backend: str = DEFAULT_BACKEND,
        model: str = DEFAULT_MODEL,
        output_schema: Mapping[str, Any] | None = None,
        max_output_tokens: int | None = None,
        target_fps: int | None = None,
        clip_length_seconds: float | None = None,
        delay_seconds: float | None = None,
        interval_seconds: float | None = None,
    ) -> Stream:
        """Start a stream; raises what `RealtimeVision.start` raises.

        Args:
            source: where frames come from.
            prompt: what to ask about the video.
            on_result: called on the event loop with each `InferenceResult`.
            on_error: called there with each `OvershootError`; without it they are logged.
            mode: ``"clip"`` or ``"frame"``; None is frame mode with ``interval_seconds``, else clip
                mode.
            backend: ``"overshoot"`` or ``"gemini"`` on the hosted gateway.
            model: name of the model.
            output_schema: JSON schema of the answers.
            max_output_tokens: limit of an answer's length.
            target_fps: clip mode: frames a second to sample, 1 to 30; 6 if not given.
            clip_length_seconds: clip mode: stretch of a clip, 0.1 to 60.0 s; 0.5 if not given.
            delay_seconds: clip mode: from one clip to the next, 0.0 to 60.0 s; 0.5 if not given.
            interval_seconds: frame mode: from one still to the next, to 60 s; 0.2 if not given.
        """
        clip = (target_fps, clip_length_seconds, delay_seconds)
        vision = RealtimeVision(
            RealtimeVisionConfig[Any](
                api_url=self._base_url,
                api_key=self._api_key,
                prompt=prompt,
                on_result=on_result,
                source=source,
                backend=backend,
                model=model,
                output_schema=output_schema,
                on_error=on_error,
                processing=_processing(mode, clip, interval_seconds),
                max_output_tokens=max_output_tokens,
            )
        )
        async with _in_time(self._timeout, "the stream's opening"):
            await vision.start()
        self._made = [made for made in self._made if made.is_active]
        self._made.append(Stream(vision))
        return self._made[-1]

    async def close(self) -> None:
        """Close all streams that were made here."""
        made, self._made = self._made, []
        for stream in made:
            await stream.close()


class Stream:
    """A running stream, made by `Streams.create`."""

    def __init__(self, vision: RealtimeVision[Any]) -> None:
        self._vision = vision
        self._stream_id = vision.get_stream_id() or ""

    @property
    def stream_id(self) -> str:
        """The gateway's id of the stream; another one after a reconnection."""
        self._stream_id = self._vision.get_stream_id() or self._stream_id
        return self._stream_id

    @property
    def is_active(self) -> bool:
        """Whether it runs."""
        return self._vision.is_active()

    async def update_prompt(self, prompt: str) -> None:
        """Ask something else from the next clip on."""
        await self._vision.update_prompt(prompt)

    async def close(self) -> None:
        """End the stream and release everything; again, it does nothing."""
        await self._vision.stop()


@asynccontextmanager
async def _in_time(seconds: float, what: str) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as cause:
        message = f"{what} took longer than {seconds:g} s (timeout)"
        raise NetworkError(message, cause) from cause


def _processing(
    mode: Mode | None,
    clip: tuple[int | None, float | None, float | None],
    interval_seconds: float | None,
) -> ProcessingConfig:
    if mode not in {None, "clip", "frame"}:
        raise fail(_owner(), "mode", '"clip", "frame" or None', mode)
    target_fps, clip_length_seconds, delay_seconds = clip
    if mode == "frame" or (mode is None and interval_seconds is not None):
        if clip != (None, None, None):
            wanted = "clip mode's, without interval_seconds, or left out in frame mode"
            raise fail(_owner(), "target_fps, clip_length_seconds, delay_seconds", wanted, clip)
        return FrameProcessingConfig(_either(interval_seconds, INTERVAL_SECONDS))
    if interval_seconds is not None:
        raise fail(_owner(), "interval_seconds", "left out in clip mode", interval_seconds)
    return StreamProcessingConfig(
        target_fps=_either(target_fps, TARGET_FPS),
        clip_length_seconds=_either(clip_length_seconds, CLIP_LENGTH_SECONDS),
        delay_seconds=_either(delay_seconds, DELAY_SECONDS),
    )


def _owner() -> Streams:
    return Streams(None, None, 1.0)


def _either(given: NumberT | None, default: NumberT) -> NumberT:
    return default if given is None else given


def _models(answer: object) -> list[ModelInfo]:
    """Both forms that gateways have given: a list, and an object with the list in ``models``."""
    listed: object = answer
    if isinstance(answer, Mapping):
        listed = cast("Mapping[str, object]", answer).get("models")
    if not isinstance(listed, list):
        raise ProtocolError("the gateway's answer to GET /models is no list of models")
    return [_model(item) for item in cast("list[object]", listed)]


def _model(item: object) -> ModelInfo:
    said = cast("Mapping[str, Any]", item if isinstance(item, Mapping) else {})
    name, ready = said.get("model"), said.get("ready")
    if not isinstance(name, str) or not isinstance(ready, bool):
        raise ProtocolError("the gateway's answer to GET /models holds one without model or ready")
    return ModelInfo(name, ready, said.get("status") or ("ready" if ready else "unavailable"))
