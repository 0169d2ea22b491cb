"""`Overshoot`: the surface of the service's later SDK."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from overshoot import (
    AnswerError,
    AuthenticationError,
    ConfigurationError,
    FileSource,
    FrameProcessingConfig,
    InferenceResult,
    ModelInfo,
    NetworkError,
    Overshoot,
    ProtocolError,
    RealtimeVision,
    RealtimeVisionConfig,
    Stream,
    StreamClosedError,
    StreamProcessingConfig,
    SyntheticSource,
)
from overshoot.adapters.transports.webrtc import transport
from overshoot.gateway import LocalGateway
from overshoot.testing.waiting import nothing_left
from support.frame_reader import FrameReader
from support.scripted_server import scripted_server
from support.videos import write_scene


@pytest.fixture
def backend() -> FrameReader:
    return FrameReader()


@pytest.fixture
async def gateway(backend: FrameReader) -> AsyncIterator[LocalGateway]:
    with nothing_left():
        async with LocalGateway(backend=backend) as running:
            yield running


@pytest.fixture
async def client(gateway: LocalGateway) -> AsyncIterator[Overshoot]:
    async with Overshoot(gateway.api_key, base_url=gateway.url) as made:
        yield made


class Results:
    def __init__(self) -> None:
        self.seen: list[InferenceResult[Any]] = []
        self.came = asyncio.Event()

    def __call__(self, result: InferenceResult[Any]) -> None:
        self.seen.append(result)
        self.came.set()


async def test_a_stream_runs_from_create_to_close(client: Overshoot, tmp_path: Path) -> None:
    video = write_scene(tmp_path / "scene.mp4", seconds=2.0)
    results = Results()
    stream = await client.streams.create(
        FileSource(path=video, loop=True),
        "read",
        results,
        output_schema={"type": "object"},
        max_output_tokens=32,
    )
    assert isinstance(stream, Stream)
    assert stream.is_active
    stream_id = stream.stream_id
    await results.came.wait()
    first = results.seen[0]
    assert first.stream_id == stream_id
    assert first.result_json() == json.loads(first.result)
    await stream.update_prompt("again")
    while results.seen[-1].result_json()["prompt"] != "again":
        results.came.clear()
        await results.came.wait()
    await stream.close()
    await stream.close()
    assert not stream.is_active
    assert stream.stream_id == stream_id
    with pytest.raises(StreamClosedError):
        await stream.update_prompt("too late")


async def test_closing_the_client_closes_its_streams(client: Overshoot) -> None:
    streams = [await client.streams.create(SyntheticSource(), "read", print) for _ in range(2)]
    await client.close()
    assert [stream.is_active for stream in streams] == [False, False]
    await client.close()


async def test_a_wrong_key_is_an_authentication_error(gateway: LocalGateway) -> None:
    client = Overshoot(api_key="another", base_url=gateway.url)
    with pytest.raises(AuthenticationError):
        await client.streams.create(SyntheticSource(), "read", print)
    with pytest.raises(AuthenticationError):
        await client.get_models()


async def test_the_models_are_listed(client: Overshoot) -> None:
    assert await client.get_models() == [ModelInfo("frame-reader", ready=True, status="ready")]


@pytest.mark.parametrize(
    ("answer", "models"),
    [
        ([], []),
        ({"models": [{"model": "m", "ready": True}]}, [ModelInfo("m", True, "ready")]),
        ([{"model": "m", "ready": False, "more": 1}], [ModelInfo("m", False, "unavailable")]),
        ([{"model": "m", "ready": True, "status": "degraded"}], [ModelInfo("m", True, "degraded")]),
    ],
)
async def test_every_form_of_the_list_is_read(answer: Any, models: list[ModelInfo]) -> None:
    async with scripted_server() as server:
        server.answer = server.json(answer)
        assert await Overshoot("key", server.url).get_models() == models


@pytest.mark.parametrize("answer", [{}, "models", [{}], ["m"], [{"model": 1, "ready": True}]])
async def test_what_is_no_list_of_models_is_a_protocol_error(answer: Any) -> None:
    async with scripted_server() as server:
        server.answer = server.json(answer)
        with pytest.raises(ProtocolError):
            await Overshoot("key", server.url).get_models()


# --- parameters ----------------------------------------------------------------------------------


def asked_by(monkeypatch: pytest.MonkeyPatch) -> list[RealtimeVisionConfig]:
    """The configurations of the streams that are started from now on; none really is."""
    made: list[RealtimeVisionConfig] = []

    async def start(vision: RealtimeVision[Any]) -> None:
        made.append(vision._config)

    monkeypatch.setattr(RealtimeVision, "start", start)
    return made


@pytest.mark.parametrize(
    ("given", "processing"),
    [
        ({}, StreamProcessingConfig(1.0, 30, 0.5, 0.5, 6)),
        ({"mode": "clip"}, StreamProcessingConfig(1.0, 30, 0.5, 0.5, 6)),
        (
            {"target_fps": 10, "clip_length_seconds": 1, "delay_seconds": 2},
            StreamProcessingConfig(1.0, 30, 1, 2, 10),
        ),
        ({"mode": "frame"}, FrameProcessingConfig(0.2)),
        ({"interval_seconds": 3}, FrameProcessingConfig(3)),
        ({"mode": "frame", "interval_seconds": 3}, FrameProcessingConfig(3)),
    ],
)
async def test_the_mode_follows_from_what_is_given(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], processing: object
) -> None:
    made = asked_by(monkeypatch)
    await Overshoot("key", "http://h").streams.create(SyntheticSource(), "?", print, **given)
    assert made[0].processing == processing


async def test_everything_given_reaches_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    made = asked_by(monkeypatch)
    await Overshoot("key", "http://h").streams.create(
        source=SyntheticSource(),
        prompt="?",
        on_result=print,
        on_error=repr,
        backend="gemini",
        model="m",
        output_schema={"type": "object"},
        max_output_tokens=7,
    )
    assert made[0] == RealtimeVisionConfig(
        api_url="http://h",
        api_key="key",
        prompt="?",
        on_result=print,
        source=SyntheticSource(),
        backend="gemini",
        model="m",
        output_schema={"type": "object"},
        on_error=repr,
        processing=StreamProcessingConfig(1.0, 30, 0.5, 0.5, 6),
        max_output_tokens=7,
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"mode": "video"}, "mode"),
        ({"mode": "clip", "interval_seconds": 1}, "interval_seconds"),
        ({"mode": "frame", "target_fps": 6}, "target_fps"),
        ({"interval_seconds": 1, "delay_seconds": 1}, "delay_seconds"),
        ({"target_fps": 31}, "target_fps"),
        ({"interval_seconds": 0}, "interval_seconds"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": "many"}, "max_output_tokens"),
    ],
)
async def test_a_wrong_parameter_is_named(given: dict[str, Any], named: str) -> None:
    client = Overshoot("key", "http://127.0.0.1:9")
    with nothing_left(), pytest.raises(ConfigurationError, match=named):
        await client.streams.create(SyntheticSource(), "?", print, **given)


@pytest.mark.parametrize("timeout", [0, -1, "30", None, True, float("nan"), 1e9])
def test_a_timeout_that_is_none_is_refused(timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        Overshoot("key", timeout=timeout)


def test_the_key_is_in_no_repr() -> None:
    assert "secret" not in repr(Overshoot("secret-key"))


def test_create_has_the_parameters_of_that_sdk() -> None:
    assert list(inspect.signature(Overshoot("key").streams.create).parameters) == [
        "source",
        "prompt",
        "on_result",
        "on_error",
        "mode",
        "backend",
        "model",
        "output_schema",
        "max_output_tokens",
        "target_fps",
        "clip_length_seconds",
        "delay_seconds",
        "interval_seconds",
    ]


CALLS: list[Callable[[Overshoot], Any]] = [
    lambda client: client.get_models(),
    lambda client: client.streams.create(SyntheticSource(), "?", print),
]


@pytest.mark.parametrize("call", CALLS)
async def test_what_takes_longer_than_the_timeout_is_a_network_error(
    call: Callable[[Overshoot], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "OPENING_PATIENCE_SECONDS", 0.1)
    with nothing_left():
        async with scripted_server() as server:
            server.answer = server.silence()
            with pytest.raises(NetworkError, match="timeout"):
                await call(Overshoot("key", server.url, timeout=0.2))


# --- result_json ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1, 2]", [1, 2]),
        ("3", 3),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here it is: {"a": [1]}. Anything else?', {"a": [1]}),
    ],
)
def test_an_answer_is_read_as_json(text: str, value: Any) -> None:
    assert InferenceResult(text).result_json() == value


@pytest.mark.parametrize("text", ["", "no", '{"a": ', "{a}"])
def test_an_answer_that_is_no_json_says_so(text: str) -> None:
    with pytest.raises(AnswerError, match="no JSON") as caught:
        InferenceResult(text).result_json()
    assert isinstance(caught.value, ValueError)


def test_an_answer_that_failed_says_why() -> None:
    with pytest.raises(AnswerError, match="quota"):
        InferenceResult("", ok=False, error="quota").result_json()
