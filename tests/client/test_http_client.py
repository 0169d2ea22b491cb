"""`OvershootHttpClient` against a small real server."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from overshoot import (
    ApiError,
    ConfigurationError,
    FrameProcessingConfig,
    InsufficientCreditsError,
    NetworkError,
    NotFoundError,
    OvershootError,
    OvershootHttpClient,
    ProtocolError,
    RateLimitError,
    ServerError,
    StreamInferenceConfig,
    StreamProcessingConfig,
    UnauthorizedError,
    ValidationError,
)
from overshoot.adapters.transports.webrtc import gateway_api
from overshoot.testing.waiting import nothing_left
from support.scripted_server import ScriptedServer, scripted_server

KEY = "ovs_canary_key_0123456789"
CREATED = {"stream_id": "s-1", "webrtc": {"type": "answer", "sdp": "v=0"}, "extra": 1}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    with nothing_left():
        async with scripted_server() as running:
            yield running


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[OvershootHttpClient]:
    async with OvershootHttpClient(server.url, KEY) as made:
        yield made


# --- construction --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "   ", None, 7, "two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        OvershootHttpClient("http://127.0.0.1/api", key)
    assert isinstance(caught.value, ValueError)
    assert caught.value.details == {"field": "api_key"}
    if isinstance(key, str) and key.strip():
        assert key not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.example/api",
        "localhost:8000",
        "ftp://gateway.example",
        "http://",
        "http:///path",
        "http://host:99999/api",
        "http://host:0/api",
        "https://host/api?key=1",
        "https://host/api#part",
        "https://me:hunter2@host/api",
        None,
        8080,
        b"http://host",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        OvershootHttpClient(url, KEY)
    assert caught.value.details == {"field": "api_url"}
    assert "https://host/api/v0.2" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_a_key_in_the_place_of_the_address_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        OvershootHttpClient(KEY, "https://host/api")
    assert KEY not in str(caught.value)


def test_addresses_lose_their_trailing_slash_and_the_key_its_spaces() -> None:
    client = OvershootHttpClient(" https://host/api/v0.2/ ", f" {KEY}\n")
    assert client.base_url == "https://host/api/v0.2"
    assert client.api_key == KEY


def test_the_key_is_in_no_repr() -> None:
    client = OvershootHttpClient("https://host/api", KEY)
    assert repr(client) == "OvershootHttpClient('https://host/api')"
    assert KEY not in repr(client._api)


@pytest.mark.parametrize(
    ("url", "socket_url"),
    [
        ("http://host:1/api", "ws://host:1/api/ws/streams/a%2Fb"),
        ("https://host/api", "wss://host/api/ws/streams/a%2Fb"),
        ("HTTPS://host/api", "wss://host/api/ws/streams/a%2Fb"),
    ],
)
def test_the_address_of_a_result_socket(url: str, socket_url: str) -> None:
    assert OvershootHttpClient(url, KEY).get_websocket_url("a/b") == socket_url


# --- requests ------------------------------------------------------------------------------------


async def test_a_stream_is_created_with_the_defaults_and_the_answer_comes_unchanged(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    server.answer = server.json(CREATED, 201)
    answer = await client.create_stream(
        "v=0 offer", inference=StreamInferenceConfig(prompt="what?"), request_id="mine"
    )
    assert answer == CREATED
    (seen,) = server.seen
    assert seen.line == "POST /api/v0.2/streams"
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["Content-Type"] == "application/json"
    body = json.loads(seen.body)
    assert body["webrtc"] == {"type": "offer", "sdp": "v=0 offer"}
    assert body["processing"] == {
        "sampling_ratio": 1.0,
        "fps": 30,
        "clip_length_seconds": 3.0,
        "delay_seconds": 3.0,
    }
    assert body["inference"]["prompt"] == "what?"
    assert body["client"] == {"request_id": "mine"}


class PydanticLike:
    """As much of a pydantic model as callers hand over: no to_dict, optional fields None."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def model_dump(self) -> dict[str, Any]:
        return dict(self._fields)


@pytest.mark.parametrize(
    "processing",
    [
        {"sampling_ratio": 0.5, "fps": 20},
        PydanticLike(sampling_ratio=0.5, fps=20, target_fps=None),
        SimpleNamespace(sampling_ratio=0.5, fps=20),
        StreamProcessingConfig(sampling_ratio=0.5, fps=20),
    ],
)
async def test_processing_may_be_anything_that_bears_its_fields(
    client: OvershootHttpClient, server: ScriptedServer, processing: object
) -> None:
    server.answer = server.json(CREATED, 201)
    await client.create_stream("v=0", processing, {"prompt": "?"})
    sent = json.loads(server.seen[0].body)["processing"]
    assert (sent["sampling_ratio"], sent["fps"]) == (0.5, 20)
    assert sent["clip_length_seconds"] == 3.0


@pytest.mark.parametrize(
    "processing",
    [{"interval_seconds": 2.0}, FrameProcessingConfig(2.0), PydanticLike(interval_seconds=2.0)],
)
async def test_frame_mode(
    client: OvershootHttpClient, server: ScriptedServer, processing: object
) -> None:
    server.answer = server.json(CREATED, 201)
    await client.create_stream("v=0", processing, {"prompt": "?"})
    assert json.loads(server.seen[0].body)["processing"] == {"interval_seconds": 2.0}


@pytest.mark.parametrize(
    "inference",
    [
        {"prompt": "?", "output_schema_json": {"type": "boolean"}},
        {"prompt": "?", "output_schema_json": '{"type": "boolean"}'},
        PydanticLike(prompt="?", model=None, output_schema_json='{"type": "boolean"}'),
        SimpleNamespace(prompt="?", output_schema_json={"type": "boolean"}),
    ],
)
async def test_a_schema_may_be_a_mapping_or_its_text(
    client: OvershootHttpClient, server: ScriptedServer, inference: object
) -> None:
    server.answer = server.json(CREATED, 201)
    await client.create_stream("v=0", inference=inference)
    sent = json.loads(server.seen[0].body)["inference"]
    assert sent["output_schema_json"] == {"type": "boolean"}


@pytest.mark.parametrize(
    ("processing", "inference", "named"),
    [
        (None, None, "inference"),
        (None, {}, "prompt"),
        (None, {"prompt": " "}, "prompt"),
        (None, {"prompt": "?", "temperature": 1}, "inference"),
        (None, {"prompt": "?", "output_schema_json": "no json"}, "output_schema_json"),
        (None, {"prompt": "?", "output_schema_json": "[1]"}, "output_schema_json"),
        (None, {"prompt": "?", "output_schema_json": {"x": object()}}, "body"),
        (None, 5, "prompt"),
        (5, {"prompt": "?"}, "sampling_ratio"),
        ({"sampling_ratio": 2}, {"prompt": "?"}, "sampling_ratio"),
        ({"fps": 0}, {"prompt": "?"}, "fps"),
        ({"delay_seconds": float("nan")}, {"prompt": "?"}, "delay_seconds"),
        ({"clip_length_seconds": "1"}, {"prompt": "?"}, "clip_length_seconds"),
        ({"unknown": 1}, {"prompt": "?"}, "processing"),
        ({"interval_seconds": 1, "fps": 10}, {"prompt": "?"}, "processing"),
        ({"target_fps": 5, "fps": 10}, {"prompt": "?"}, "processing"),
        ({"interval_seconds": 0}, {"prompt": "?"}, "interval_seconds"),
    ],
)
async def test_a_wrong_request_is_refused_before_it_is_sent_and_its_field_named(
    client: OvershootHttpClient,
    server: ScriptedServer,
    processing: object,
    inference: object,
    named: str,
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await client.create_stream("v=0", processing, inference)
    assert caught.value.details["field"] == named
    assert server.seen == []


async def test_the_other_requests(client: OvershootHttpClient, server: ScriptedServer) -> None:
    assert await client.keepalive("s/1") == {"status": "ok"}
    assert await client.update_prompt("s-1", "new") == {"status": "ok"}
    assert await client.submit_feedback("s-1", 5, "accuracy") == {"status": "ok"}
    assert await client.close_stream("s-1") == {"status": "ok"}
    server.answer = server.json([{"id": "f"}])
    assert await client.get_all_feedback() == [{"id": "f"}]
    server.answer = server.text("", 204)
    assert await client.delete_stream("s-1") == {}
    assert [seen.line for seen in server.seen] == [
        "POST /api/v0.2/streams/s%2F1/keepalive",
        "PATCH /api/v0.2/streams/s-1/config/prompt",
        "POST /api/v0.2/streams/s-1/feedback",
        "DELETE /api/v0.2/streams/s-1",
        "GET /api/v0.2/streams/feedback",
        "DELETE /api/v0.2/streams/s-1",
    ]
    assert json.loads(server.seen[1].body) == {"prompt": "new"}
    assert json.loads(server.seen[2].body) == {
        "rating": 5,
        "category": "accuracy",
        "feedback": "",
    }


async def test_health_comes_as_text_whatever_the_gateway_says(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    assert json.loads(await client.health_check()) == {"status": "ok"}
    server.answer = server.text("fine")
    assert await client.health_check() == "fine"


async def test_cookies_are_kept_for_a_host_named_by_its_address(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    assert client.get_cookies() == {}

    async def baker(_: web.Request) -> web.Response:
        answer = web.json_response({})
        answer.set_cookie("media-gateway-route", "node-7")
        return answer

    server.answer = baker
    await client.keepalive("s")
    await client.keepalive("s")
    assert client.get_cookies() == {"media-gateway-route": "node-7"}
    assert server.seen[1].cookies == {"media-gateway-route": "node-7"}


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ValidationError),
        (401, UnauthorizedError),
        (402, InsufficientCreditsError),
        (403, ApiError),
        (404, NotFoundError),
        (409, ApiError),
        (422, ValidationError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
    ],
)
async def test_every_status_has_its_error(
    client: OvershootHttpClient, server: ScriptedServer, status: int, kind: type[ApiError]
) -> None:
    body = {"error": "a_code", "message": "words", "request_id": "r-1", "details": [1]}
    server.answer = server.json(body, status)
    with pytest.raises(ApiError) as caught:
        await client.keepalive("s")
    error = caught.value
    assert type(error) is kind
    assert (error.status_code, error.message, error.code) == (status, "words", "a_code")
    assert (error.request_id, error.details) == ("r-1", [1])


@pytest.mark.parametrize("body", ["", "<html>Bad gateway</html>", "[", "null", "[" * 100_000])
async def test_an_error_without_a_readable_body_keeps_its_status(
    client: OvershootHttpClient, server: ScriptedServer, body: str
) -> None:
    server.answer = server.text(body, 502)
    with pytest.raises(ServerError) as caught:
        await client.keepalive("s")
    assert caught.value.status_code == 502
    assert "502" in caught.value.message


@pytest.mark.parametrize("body", ["hello", "[1, 2]", "7", '"text"', "{", "[" * 100_000])
async def test_a_success_that_is_not_the_apis_is_a_protocol_error(
    client: OvershootHttpClient, server: ScriptedServer, body: str
) -> None:
    server.answer = server.text(body)
    for call in (
        client.create_stream("v=0", inference={"prompt": "?"}),
        client.keepalive("s"),
        client.update_prompt("s", "?"),
        client.submit_feedback("s", 5, "x"),
        client.close_stream("s"),
    ):
        with pytest.raises(ProtocolError):
            await call


@pytest.mark.parametrize("body", ["{}", '{"error": "x"}', "", "hello"])
async def test_feedback_that_is_no_list_and_a_stream_without_id_are_protocol_errors(
    client: OvershootHttpClient, server: ScriptedServer, body: str
) -> None:
    server.answer = server.text(body)
    with pytest.raises(ProtocolError):
        await client.get_all_feedback()
    with pytest.raises(ProtocolError):
        await client.create_stream("v=0", inference={"prompt": "?"})


async def test_a_gateway_that_repeats_the_key_does_not_bring_it_into_the_error(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    server.answer = server.json({"error": "unauthorized", "message": f"unknown key {KEY}"}, 401)
    with pytest.raises(UnauthorizedError) as caught:
        await client.keepalive("s")
    assert KEY not in repr(vars(caught.value))
    assert "unknown key ***" in caught.value.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_says_where_to(
    client: OvershootHttpClient, server: ScriptedServer, status: int
) -> None:
    async with scripted_server() as elsewhere:
        server.answer = server.text("", status, Location=f"{elsewhere.url}/x?secret=1")
        with pytest.raises(ApiError) as caught:
            await client.create_stream("v=0", inference={"prompt": "?"})
        assert elsewhere.seen == []
        assert caught.value.status_code == status
        assert elsewhere.url in caught.value.message
        assert "secret" not in caught.value.message


async def test_a_refused_connection_is_a_network_error_that_names_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with OvershootHttpClient(f"http://127.0.0.1:{port}/api", KEY) as client:
        with pytest.raises(NetworkError) as caught:
            await client.keepalive("s")
    assert f"127.0.0.1:{port}" in caught.value.message
    assert caught.value.cause is not None
    assert KEY not in f"{caught.value} {caught.value.cause!r}"


async def test_a_host_that_does_not_exist_is_a_network_error() -> None:
    async with OvershootHttpClient("http://no-such-host.invalid/api", KEY) as client:
        with pytest.raises(NetworkError):
            await client.keepalive("s")


async def test_a_silent_gateway_is_given_up(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    server.answer = server.silence()
    with pytest.raises(NetworkError, match="in time"):
        await client._api.request("GET", "/healthz", answer_seconds=0.05)  # type: ignore[call-arg]


async def test_a_connection_that_is_cut_is_a_network_error(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    server.answer = cut
    with pytest.raises(NetworkError):
        await client.update_prompt("s", "?")


async def test_an_answer_that_lies_about_its_length_is_a_network_error(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    async def short(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return answer

    server.answer = short
    with pytest.raises(NetworkError):
        await client.keepalive("s")


async def test_closing_twice_and_using_it_again(
    client: OvershootHttpClient, server: ScriptedServer
) -> None:
    await client.close()
    await client.close()
    assert await client.keepalive("s") == {"status": "ok"}


def test_the_limits_on_waiting_are_short() -> None:
    assert gateway_api.CONNECT_SECONDS <= 10
    assert gateway_api.ANSWER_SECONDS <= 30


def test_every_error_is_of_the_one_tree() -> None:
    assert issubclass(ConfigurationError, OvershootError)
    assert issubclass(ConfigurationError, ValueError)
    assert not issubclass(NetworkError, ApiError)
