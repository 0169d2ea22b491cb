"""`Tracing` as OpenTelemetry spans."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider
    from opentelemetry.trace import TracerProvider
    from opentelemetry.util.types import Attributes, AttributeValue

    from overshoot.domain.answered import Answered
    from overshoot.ports.clock import Clock

_EXPORT_SECONDS: Final = 3.0
_TIMEOUTS: Final = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
_NS: Final = 1_000_000_000
_FAULT_OF_OURS: Final = 500
_W3C: Final = TraceContextTextMapPropagator()


class OtelRequestSpan:
    """The server's span of one request."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def answered(self, status: int) -> None:
        """The status of the answer; one of ours fails the span."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= _FAULT_OF_OURS:
            self._span.set_status(Status(StatusCode.ERROR))


class OtelTracing:
    """Spans of one gateway.

    A clip is a trace of its own, linked to the request that made its stream: a stream may live for
    hours, and a trace that long is of no use to anybody.

    Args:
        provider: who makes the spans; the one that the program has set if None.
        clock: what time it is.
    """

    def __init__(self, provider: TracerProvider | None, clock: Clock) -> None:
        self._tracer = trace.get_tracer("overshoot", tracer_provider=provider)
        self._clock = clock

    @contextmanager
    def request(
        self, method: str, route: str, headers: Mapping[str, str], request_id: str
    ) -> Generator[OtelRequestSpan]:
        """Span a request, in the trace that its headers name."""
        # HTTP's names come in any case; the propagator asks for its own.
        told = {name.lower(): value for name, value in headers.items()}
        attributes = {
            "http.request.method": method,
            "http.route": route,
            "overshoot.request_id": request_id,
        }
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            context=_W3C.extract(told),
            kind=SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,
        ) as span:
            yield OtelRequestSpan(span)

    def stream_began(self, stream_id: str, model: str) -> SpanContext:
        """Put the stream into the request's span."""
        span = trace.get_current_span()
        span.set_attributes({"overshoot.stream_id": stream_id, "overshoot.model": model})
        return span.get_span_context()

    def clip_answered(self, answer: Answered, origin: object) -> None:
        """Four spans: the clip, and in it the wait, the inference and the publication."""
        result = answer.result
        who: dict[str, AttributeValue] = {
            "overshoot.stream_id": result.stream_id,
            "overshoot.model": result.model_name,
            "overshoot.backend": result.model_backend,
        }
        links = [Link(origin)] if isinstance(origin, SpanContext) and origin.is_valid else []
        clip = self._tracer.start_span(
            "clip",
            context=trace.set_span_in_context(trace.INVALID_SPAN),
            links=links,
            attributes={
                **who,
                "overshoot.mode": result.mode,
                "overshoot.seq": result.seq or 0,
                "overshoot.frame_start": result.frame_start or 0,
                "overshoot.frame_end": result.frame_end or 0,
                "overshoot.prompt_version": result.prompt_version or 0,
                "overshoot.repeated": result.repeated,
                "overshoot.ok": result.ok,
                "overshoot.inference_latency_ms": result.inference_latency_ms,
                "overshoot.total_latency_ms": result.total_latency_ms,
            },
            start_time=self._ns(answer.arrived_at),
        )
        inside = trace.set_span_in_context(clip)
        self._part("wait", inside, answer.arrived_at, answer.asked_at, who)
        if not result.repeated:
            self._part("inference", inside, answer.asked_at, answer.answered_at, who, ok=result.ok)
        heard: dict[str, AttributeValue] = {**who, "overshoot.listeners": answer.listeners}
        self._part("publish", inside, answer.answered_at, answer.published_at, heard)
        if not result.ok:
            # Without the reason: what a backend says may repeat what it was asked.
            clip.set_status(Status(StatusCode.ERROR))
        clip.end(self._ns(answer.published_at))

    def _part(
        self,
        name: str,
        inside: Context,
        began: float,
        ended: float,
        attributes: Attributes,
        *,
        ok: bool = True,
    ) -> None:
        span = self._tracer.start_span(
            name, context=inside, attributes=attributes, start_time=self._ns(began)
        )
        if not ok:
            span.set_status(Status(StatusCode.ERROR))
        span.end(self._ns(ended))

    def _ns(self, monotonic: float) -> int:
        return int((self._clock.wall() - self._clock.monotonic() + monotonic) * _NS)


def exporting_provider() -> SdkProvider:
    """A provider that sends spans over OTLP/HTTP, set up by ``OTEL_…`` in the environment.

    Whoever makes it shuts it down, which sends what is left.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = "OTEL_SERVICE_NAME" in os.environ or "OTEL_RESOURCE_ATTRIBUTES" in os.environ
    resource = Resource.create(None if named else {"service.name": "overshoot-gateway"})
    # Not at exit of the process: whoever made it does, and waits for it.
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    # A collector that is gone must not hold up the end for the 10 s that are usual.
    timed = any(name in os.environ for name in _TIMEOUTS)
    exporter = OTLPSpanExporter(timeout=None if timed else _EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
