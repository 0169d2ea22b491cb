"""A whole session without a gateway, a network, a codec or a sleep, the same each time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import evolve, frozen

from overshoot import bootstrap
from overshoot.application.in_process import InProcessTransport
from overshoot.application.serving_settings import ServingSettings
from overshoot.client.detector_config import ActionDetectorConfig
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.domain.backends import BackendChoice
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.inference import AnswerT, InferenceResult
from overshoot.domain.source import every_frame_counts
from overshoot.errors import ConfigurationError
from overshoot.testing.manual_clock import ManualClock

if TYPE_CHECKING:
    from overshoot.domain.ending import StreamEnd
    from overshoot.domain.ledger import StreamStats
    from overshoot.domain.status import StreamStatus
    from overshoot.errors import OvershootError
    from overshoot.ports.clock import Clock
    from overshoot.ports.inference import InferenceBackend
    from overshoot.ports.transport import TransportFactory

ConfigT = TypeVar("ConfigT", RealtimeVisionConfig[Any], ActionDetectorConfig)


@frozen
class OfflineRun(Generic[AnswerT]):
    """What came of `run_offline`.

    Attributes:
        results: every answer, in order.
        errors: what ``on_error`` was told.
        statuses: the states of the stream, one after the other.
        end: why it ended.
        stats: it in numbers; all latencies are 0 on a clock that stands still.
    """

    results: tuple[InferenceResult[AnswerT], ...]
    errors: tuple[OvershootError, ...]
    statuses: tuple[StreamStatus, ...]
    end: StreamEnd
    stats: StreamStats


def offline(config: ConfigT, *, clock: Clock | None = None) -> ConfigT:
    """The same configuration for runs that need nothing but this process, and are all alike.

    Frames pass through the product's own colours, sampling, sizes and clips; only the way there is
    missing. Streams are named ``offline-1`` and so on, their results likewise, and time stands
    still unless ``clock`` is moved: two runs over the same pictures give equal results.

    ::

        config = offline(RealtimeVisionConfig(
            prompt="?", inference=ScriptedInference(["a cat"]),
            source=SyntheticSource(duration_seconds=2, real_time=False),
        ))

    Args:
        config: has ``inference``, or a ``transport`` of its own, which then stays.
        clock: a `ManualClock` of its own if None.

    Raises:
        ConfigurationError: nobody is there to answer.
    """
    clock = ManualClock() if clock is None else clock
    if config.transport is not None:
        return evolve(config, clock=clock)
    inference = config.inference
    if inference is None:
        message = "an offline run needs inference=…, such as ScriptedInference, or transport=…"
        raise ConfigurationError(message, details={"field": "inference"})
    choice = bootstrap.chosen_backend(inference) if isinstance(inference, str) else inference
    transport = _transport(choice, clock)
    return evolve(
        config, api_url=None, api_key=None, inference=None, transport=transport, clock=clock
    )


async def run_offline(
    config: RealtimeVisionConfig[AnswerT], *, clock: Clock | None = None
) -> OfflineRun[AnswerT]:
    """Run a recorded source to its end, `offline`, and keep everything that was told.

    The callbacks of ``config`` are called as well.

    Raises:
        ConfigurationError: the source has no end or paces itself: it needs ``real_time=False``.
        Exception: what `RealtimeVision.start` raises.
    """
    if not every_frame_counts(config.source):
        message = f"an offline run needs a source with real_time=False, got {config.source!r}"
        raise ConfigurationError(message, details={"field": "source"})
    results: list[InferenceResult[AnswerT]] = []
    errors: list[OvershootError] = []
    statuses: list[StreamStatus] = []
    told = evolve(
        config,
        on_result=_both(results.append, config.on_result),
        on_error=_both(errors.append, config.on_error),
        on_state=_both(statuses.append, config.on_state),
    )
    async with RealtimeVision(offline(told, clock=clock)) as vision:
        end = await vision.wait_ended()
    return OfflineRun(tuple(results), tuple(errors), tuple(statuses), end, vision.stats())


def _both(keep: Any, call: Any) -> Any:
    if call is None:
        return keep

    def told(item: Any) -> Any:
        keep(item)
        return call(item)

    return told


def _transport(choice: InferenceBackend | BackendChoice, clock: Clock) -> TransportFactory:
    numbers = itertools.count(1)
    settings = ServingSettings(
        buffer=BufferLimits(seconds=0.0), new_id=lambda: f"offline-{next(numbers)}"
    )
    described = isinstance(choice, BackendChoice)

    def backend() -> InferenceBackend:
        return bootstrap.inference_backend(choice) if isinstance(choice, BackendChoice) else choice

    return lambda: InProcessTransport(backend, clock, close_backend=described, settings=settings)
