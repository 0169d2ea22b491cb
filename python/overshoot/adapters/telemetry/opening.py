"""Tracing by OpenTelemetry, where its extra is installed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.ports.clock import Clock
    from overshoot.ports.tracing import Tracing


def otel_tracing(provider: Any, clock: Clock) -> Tracing:
    """Spans by that ``TracerProvider``; by the one that the program has set if None."""
    try:
        from overshoot.adapters.telemetry.otel import OtelTracing
    except ImportError as cause:
        raise _missing() from cause
    return OtelTracing(provider, clock)


@contextmanager
def otel_exporting(clock: Clock) -> Generator[Tracing]:
    """Spans that are sent over OTLP/HTTP, the last of them as the block is left."""
    try:
        from overshoot.adapters.telemetry.otel import exporting_provider

        provider = exporting_provider()
    except ImportError as cause:
        raise _missing() from cause
    try:
        yield otel_tracing(provider, clock)
    finally:
        provider.shutdown()


def _missing() -> ConfigurationError:
    message = (
        "traces need OpenTelemetry, which cannot be loaded; install the extra:"
        " pip install 'overshoot-sdk[otel]'"
    )
    return ConfigurationError(message, details={"field": "tracing"})
