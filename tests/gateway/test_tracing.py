"""Spans of requests and clips: in memory, and as a collector gets them."""

from __future__ import annotations

import gzip
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import aiohttp
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from gateway.kit import Client, NumberedTrack, ScriptedBackend, Sender, create_body
from overshoot import bootstrap
from overshoot.errors import InferenceError
from overshoot.gateway import GatewaySettings, LocalGateway, otel_tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


class Told:
    """Spans that have ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]


@pytest.fixture
def told() -> Any:
    told = Told()
    yield told
    told.provider.shutdown()


@pytest.fixture
async def client(told: Told, backend: ScriptedBackend, nothing_left_running: Any) -> Any:
    settings = GatewaySettings(ice_addresses=("127.0.0.1",), api_keys=("ovs_canary",))
    gateway = LocalGateway(settings=settings, backend=backend, tracing=otel_tracing(told.provider))
    async with gateway, aiohttp.ClientSession() as http:
        yield Client(gateway, http)


async def play(client: Client, headers: dict[str, str]) -> tuple[str, str]:
    """One stream of two seconds, asked about each; its id and its offer."""
    sender, track = Sender(), NumberedTrack(20, 10)
    try:
        offer = await sender.offer(track)
        body = create_body(offer, interval_seconds=1.0)
        body["inference"]["prompt"] = "canary_prompt"
        status, made = await client.call("POST", "/streams", json=body, headers=headers)
        assert status == 201
        socket = await client.open_socket(made["stream_id"])
        await sender.accept(made["webrtc"]["sdp"])
        for _ in range(2):
            await socket.receive()
    finally:
        await sender.close()
    await client.gateway.stop()
    return str(made["stream_id"]), offer


async def test_a_stream_is_in_its_callers_trace_and_its_clips_are_linked(
    client: Client, told: Told
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "mine"}
    stream_id, _ = await play(client, headers)
    (create,) = told.spans("POST /api/v0.2/streams")
    assert create.kind is SpanKind.SERVER
    assert create.parent is not None
    assert format(create.context.trace_id, "032x") == TRACE
    assert format(create.parent.span_id, "016x") == PARENT
    assert create.attributes is not None
    assert create.attributes["overshoot.stream_id"] == stream_id
    assert create.attributes["overshoot.request_id"] == "mine"
    assert create.attributes["http.response.status_code"] == 201
    clips = told.spans("clip")
    assert len(clips) == 2
    for clip in clips:
        assert clip.parent is None
        assert [link.context.span_id for link in clip.links] == [create.context.span_id]
        parts = {
            span.name: span
            for span in told.exporter.get_finished_spans()
            if span.parent is not None and span.parent.span_id == clip.context.span_id
        }
        assert set(parts) == {"wait", "inference", "publish"}
        times = [clip.start_time]
        for name in ("wait", "inference", "publish"):
            span = parts[name]
            assert abs((span.start_time or 0) - (times[-1] or 0)) < 1_000_000
            assert span.attributes is not None
            assert span.attributes["overshoot.stream_id"] == stream_id
            assert span.attributes["overshoot.model"] == "scripted"
            times += [span.end_time]
        assert times == sorted(times, key=lambda each: each or 0)
        assert clip.attributes is not None
        latency = clip.attributes["overshoot.total_latency_ms"]
        assert isinstance(latency, float)
        assert ((clip.end_time or 0) - (clip.start_time or 0)) / 1e6 >= latency - 1


async def test_nothing_secret_is_told(client: Client, told: Told, backend: ScriptedBackend) -> None:
    backend.failure = InferenceError("canary_failure")
    _, offer = await play(client, {})
    await_all = told.exporter.get_finished_spans()
    text = "".join(span.to_json() for span in await_all)
    assert len(await_all) >= 8
    assert "canary" not in text
    for line in offer.splitlines():
        assert not line.startswith("a=ice-pwd") or line.partition(":")[2] not in text
    assert {span.status.status_code for span in told.spans("inference")} == {StatusCode.ERROR}
    assert {span.status.status_code for span in told.spans("clip")} == {StatusCode.ERROR}


async def test_a_failure_of_ours_fails_its_span_and_a_strangers_path_is_no_name(
    client: Client, told: Told, backend: ScriptedBackend
) -> None:
    backend.broken = True
    assert (await client.call("GET", "/models"))[0] == 500
    assert (await client.call("GET", "/canary/of/a/path"))[0] == 404
    # What is no trace context is none.
    await client.call("GET", "/healthz", headers={"traceparent": "00-canary"})
    (models,) = told.spans("GET /api/v0.2/models")
    assert models.status.status_code is StatusCode.ERROR
    (unknown,) = told.spans("GET unknown")
    assert unknown.status.status_code is StatusCode.UNSET
    (health,) = told.spans("GET /api/v0.2/healthz")
    assert health.parent is None


async def test_a_collector_gets_them_over_http(
    backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch, nothing_left_running: Any
) -> None:
    received: list[tuple[str, str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    # In a thread: as the last spans are sent, the program waits.
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    try:
        with bootstrap.otel_exporting() as tracing:
            settings = GatewaySettings(ice_addresses=("127.0.0.1",))
            gateway = LocalGateway(settings=settings, backend=backend, tracing=tracing)
            async with gateway, aiohttp.ClientSession() as http:
                assert (await Client(gateway, http).call("GET", "/models"))[0] == 200
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    ((path, content_type, body),) = received
    assert (path, content_type) == ("/v1/traces", "application/x-protobuf")
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert named["service.name"] == "overshoot-gateway"
    names = [span.name for scope in resource.scope_spans for span in scope.spans]
    assert names == ["GET /api/v0.2/models"]


def test_without_the_extra_nothing_loads_it_and_asking_for_it_says_how() -> None:
    program = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
from overshoot.errors import ConfigurationError
from overshoot.gateway import LocalGateway, otel_tracing
LocalGateway()
try:
    otel_tracing()
except ConfigurationError as error:
    assert "overshoot-sdk[otel]" in str(error)
else:
    raise SystemExit("it was found")
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
