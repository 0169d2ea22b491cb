"""`OvershootHttpClient`: the gateway's requests one by one, as plain JSON values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve

from overshoot import bootstrap
from overshoot.domain.stream import (
    FrameProcessingConfig,
    ProcessingConfig,
    StreamInferenceConfig,
    StreamProcessingConfig,
    processing_from_mapping,
)
from overshoot.domain.validation import fail

if TYPE_CHECKING:
    from overshoot.ports.gateway_requests import GatewayRequests

_CLIP_FIELDS = ("sampling_ratio", "fps", "clip_length_seconds", "delay_seconds")


class OvershootHttpClient:
    """Requests of the Media Gateway API v0.2 for programs that bring their own media.

    Answers are the gateway's JSON as dicts and lists. Every coroutine raises an `ApiError` when the
    gateway says no and `NetworkError` when it gives no answer.

    Args:
        base_url: address of the gateway; kept without a trailing slash.
        api_key: the key. An empty one raises `ConfigurationError`, which is a ValueError.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        # Checked now, while nothing heavy loads: the session is made at the first request.
        self._api: GatewayRequests = bootstrap.gateway_requests(base_url, api_key)
        self.base_url = self._api.base_url
        self.api_key = self._api.api_key

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    async def create_stream(
        self,
        offer_sdp: str,
        processing: object | None = None,
        inference: object | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """POST /streams with an SDP offer; the answer holds ``stream_id`` and ``webrtc.sdp``.

        Args:
            offer_sdp: the offer of the caller's peer connection.
            processing: a `StreamProcessingConfig`, a mapping, or any object with its attributes or
                a ``model_dump()``; None takes the defaults of `StreamProcessingConfig`.
            inference: a `StreamInferenceConfig`, or a mapping or object with its fields; required.
            request_id: an id of the caller's that the gateway may log.
        """
        from overshoot.ports.transport import StreamRequest
        from overshoot.wire import encode_create

        if inference is None:
            raise fail(self, "inference", "a StreamInferenceConfig", inference)
        request = StreamRequest(_processing(processing), _inference(inference), request_id)
        return _a_dict(
            await self._api.request("POST", "/streams", encode_create(offer_sdp, request))
        )

    async def keepalive(self, stream_id: str) -> dict[str, Any]:
        """POST keepalive: renews the stream's lease."""
        path = self._api.stream_path(stream_id, "/keepalive")
        return _a_dict(await self._api.request("POST", path))

    async def update_prompt(self, stream_id: str, prompt: str) -> dict[str, Any]:
        """PATCH the prompt; the answer is the stream's configuration."""
        path = self._api.stream_path(stream_id, "/config/prompt")
        return _a_dict(await self._api.request("PATCH", path, {"prompt": prompt}))

    async def submit_feedback(
        self, stream_id: str, rating: int, category: str, feedback: str | None = None
    ) -> dict[str, Any]:
        """POST feedback about a stream's answers."""
        path = self._api.stream_path(stream_id, "/feedback")
        body = {"rating": rating, "category": category, "feedback": feedback or ""}
        return _a_dict(await self._api.request("POST", path, body))

    async def get_all_feedback(self) -> list[dict[str, Any]]:
        """GET every feedback of this key."""
        return list(await self._api.request("GET", "/streams/feedback") or [])

    async def close_stream(self, stream_id: str) -> dict[str, Any]:
        """DELETE a stream; fine for one that has ended already."""
        return _a_dict(await self._api.request("DELETE", self._api.stream_path(stream_id)))

    async def delete_stream(self, stream_id: str) -> dict[str, Any]:
        """The same as `close_stream`."""
        return await self.close_stream(stream_id)

    async def health_check(self) -> str:
        """GET /healthz as text."""
        answer = await self._api.request("GET", "/healthz")
        return answer if isinstance(answer, str) else json.dumps(answer)

    def get_websocket_url(self, stream_id: str) -> str:
        """Address of a stream's result socket."""
        return self._api.websocket_url(stream_id)

    def get_cookies(self) -> dict[str, str]:
        """Cookies the gateway has set, for the WebSocket handshake of a caller's own."""
        return self._api.cookies()

    async def close(self) -> None:
        """Close the connections; a second call does nothing."""
        await self._api.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _fields(value: object) -> dict[str, Any]:
    """The fields of a mapping, a pydantic model, or an object that bears them as attributes."""
    if isinstance(value, Mapping):
        return dict(value)
    dump = getattr(value, "model_dump", None) or getattr(value, "to_dict", None)
    if callable(dump):
        return dict(dump())
    names = (*_CLIP_FIELDS, "prompt", "model", "backend", "output_schema_json")
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _processing(value: object | None) -> ProcessingConfig:
    if isinstance(value, (StreamProcessingConfig, FrameProcessingConfig)):
        return value
    if value is None:
        return StreamProcessingConfig()
    given = {name: item for name, item in _fields(value).items() if item is not None}
    return processing_from_mapping(given, StreamProcessingConfig())


def _inference(value: object) -> StreamInferenceConfig:
    given = value if isinstance(value, StreamInferenceConfig) else None
    if given is None:
        fields = {name: item for name, item in _fields(value).items() if item is not None}
        schema = fields.pop("output_schema_json", None)
        given = StreamInferenceConfig(**fields)
    else:
        schema = given.output_schema_json
    if isinstance(schema, str):
        schema = _parsed_schema(schema)
    return evolve(given, output_schema_json=schema)


def _parsed_schema(text: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError:
        schema = None
    if not isinstance(schema, dict):
        owner = StreamInferenceConfig(prompt="-")
        raise fail(owner, "output_schema_json", "a JSON object or its text", text[:80])
    return schema


def _a_dict(answer: object) -> dict[str, Any]:
    return dict(answer) if isinstance(answer, Mapping) else {}
