"""From a configuration to a running stream: values checked, adapters chosen, parts joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from overshoot import bootstrap
from overshoot.client.environment import api_key_or_default, api_url_or_default
from overshoot.client.stream_handle import is_text
from overshoot.domain.backends import BackendChoice
from overshoot.domain.pacing import PATIENCE_SECONDS
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.source import every_frame_counts
from overshoot.domain.stream import (
    FrameProcessingConfig,
    IceServer,
    ProcessingConfig,
    StreamInferenceConfig,
)
from overshoot.domain.validation import fail
from overshoot.errors import ConfigurationError
from overshoot.ports.clock import Clock
from overshoot.ports.transport import StreamRequest

if TYPE_CHECKING:
    from overshoot.application.frame_intake import Intake, IntakeSink
    from overshoot.application.streaming import LiveStream
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.domain.frame import Frame
    from overshoot.domain.source import StreamSource
    from overshoot.ports.transport import TransportFactory

DRAIN_MARGIN_SECONDS = 5.0


def live_stream(
    config: RealtimeVisionConfig[Any],
    intake: Callable[[IntakeSink, Clock], Intake],
    *,
    largest: tuple[int, int] | None = None,
) -> LiveStream:
    """A stream that is not started yet; `ConfigurationError` for a value that cannot be.

    ``largest`` is the size, sides in any order, that frames are scaled down to.
    """
    from overshoot.application.feed import LARGEST
    from overshoot.application.streaming import LiveStream
    from overshoot.application.telling import StreamCallbacks
    from overshoot.domain.answer import with_parsed
    from overshoot.wire.typed_answers import answer_reader

    if config.debug:
        bootstrap.show_debug()
    processing = config.checked_processing()
    _check(config)
    reader = answer_reader(config.output_schema)
    inference = StreamInferenceConfig(
        prompt=config.prompt,
        model=config.model,
        backend=config.backend,
        output_schema_json=None if reader is None else reader.schema,
        max_output_tokens=config.max_output_tokens,
    )
    clock = clock_of(config)
    # Whoever wants every frame wants every answer about it.
    paced = every_frame_counts(config.source)
    return LiveStream(
        intake=lambda sink: intake(sink, clock),
        transport=_transports(config, clock, steady=paced),
        clock=clock,
        request=StreamRequest(processing, inference, config.request_id),
        callbacks=StreamCallbacks(
            on_result=config.on_result, on_error=config.on_error, on_state=config.on_state
        ),
        drain_seconds=PATIENCE_SECONDS if paced else _drain_seconds(processing),
        reconnection=_reconnection(config),
        finish=None if reader is None else lambda result: with_parsed(result, reader),
        largest=largest or LARGEST,
        paced=paced,
    )


def clock_of(config: RealtimeVisionConfig[Any]) -> Clock:
    """The caller's clock, or that of this machine."""
    return bootstrap.system_clock() if config.clock is None else config.clock


def capture_of(
    source: StreamSource, on_frame: Callable[[Frame], None] | None = None
) -> Callable[[IntakeSink, Clock], Intake]:
    """The intake of a source: read by a thread of its own.

    ``on_frame`` sees each frame there, as the source and its ``frame_processor`` made it.
    """
    adapter = bootstrap.open_source(source)

    def make(sink: IntakeSink, clock: Clock) -> Intake:
        from overshoot.application.capture import Capture
        from overshoot.application.frame_intake import tapped

        if on_frame is not None:
            sink = tapped(sink, on_frame)
        return Capture(adapter, clock=clock, processor=source.frame_processor, sink=sink)

    return make


def _transports(
    config: RealtimeVisionConfig[Any], clock: Clock, *, steady: bool
) -> TransportFactory:
    """Makes transports to a gateway, or to who answers in this process."""
    if config.transport is not None:
        _refuse_beside(config, "transport", "inference", "api_url", "api_key")
        return config.transport
    inference = config.inference
    if inference is None:
        return bootstrap.webrtc_transports(
            api_url_or_default(config.api_url),
            api_key_or_default(config.api_key),
            ice_servers=config.ice_servers,
            steady=steady,
        )
    _refuse_beside(config, "inference", "api_url", "api_key")
    from overshoot.application.in_process import InProcessTransport

    choice = bootstrap.chosen_backend(inference) if isinstance(inference, str) else inference
    if isinstance(choice, BackendChoice):
        return lambda: InProcessTransport(
            lambda: bootstrap.inference_backend(choice), clock, close_backend=True
        )
    return lambda: InProcessTransport(lambda: choice, clock, close_backend=False)


def _refuse_beside(config: RealtimeVisionConfig[Any], name: str, *others: str) -> None:
    """Raise `ConfigurationError` where ``name`` is not the only answer to who is asked."""
    beside = [other for other in others if getattr(config, other) is not None]
    if beside:
        message = f"give {name} or {' and '.join(beside)}, not both: they say who is asked"
        raise ConfigurationError(message, details={"field": name})


def _check(config: RealtimeVisionConfig[Any]) -> None:
    """Raise `ConfigurationError` for what no value of the domain checks."""
    for name in ("on_result", "on_error", "on_state", "transport"):
        callback = getattr(config, name)
        if callback is not None and not callable(callback):
            raise fail(config, name, "callable", callback)
    if config.clock is not None and not isinstance(cast("object", config.clock), Clock):
        raise fail(config, "clock", "an overshoot.ports.clock.Clock", config.clock)
    if config.request_id is not None and not is_text(config.request_id):
        raise fail(config, "request_id", "a non-empty string", config.request_id)
    servers = cast("object", config.ice_servers)
    listed = isinstance(servers, (list, tuple))
    if not listed or {type(item) for item in cast("Sequence[object]", servers)} - {IceServer}:
        raise fail(config, "ice_servers", "a list of IceServer", type(config.ice_servers).__name__)


def _reconnection(config: RealtimeVisionConfig[Any]) -> ReconnectionPolicy | None:
    given = cast("object", config.reconnect)
    if isinstance(given, ReconnectionPolicy):
        return given
    if not isinstance(given, bool):
        raise fail(config, "reconnect", "True, False or a ReconnectionPolicy", given)
    return ReconnectionPolicy() if given else None


def _drain_seconds(processing: ProcessingConfig) -> float:
    """How long after the last frame an answer about it can still come."""
    if isinstance(processing, FrameProcessingConfig):
        return processing.interval_seconds + DRAIN_MARGIN_SECONDS
    return processing.delay_seconds + processing.clip_length_seconds + DRAIN_MARGIN_SECONDS
