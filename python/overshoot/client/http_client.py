"""`OvershootHttpClient`: the gateway's requests one by one, as plain JSON values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from attrs import evolve, fields

from overshoot import bootstrap
from overshoot.client.async_context import AsyncClosing
from overshoot.domain.stream import (
    FrameProcessingConfig,
    ProcessingConfig,
    StreamInferenceConfig,
    StreamProcessingConfig,
    processing_from_mapping,
)
from overshoot.domain.validation import fail
from overshoot.errors import ConfigurationError, ProtocolError

if TYPE_CHECKING:
    from overshoot.ports.gateway_requests import GatewayRequests

_PROCESSING_FIELDS = tuple(
    item.name for kind in (StreamProcessingConfig, FrameProcessingConfig) for item in fields(kind)
)
_INFERENCE_FIELDS = tuple(item.name for item in fields(StreamInferenceConfig))


class OvershootHttpClient(AsyncClosing):
    """Requests of the Media Gateway API v0.2 for programs that bring their own media.

    Answers are the gateway's JSON as dicts and lists. Every coroutine raises an `ApiError` when the
    gateway says no, `NetworkError` when it gives no answer, and `ProtocolError` when the answer is
    not what the API's would be.

    Args:
        base_url: address of the gateway; kept without a trailing slash.
        api_key: the key. An empty one raises `ConfigurationError`, which is a ValueError.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        # Checked now, while nothing heavy loads: the session is made at the first request.
        self._api: GatewayRequests = bootstrap.gateway_requests(base_url, api_key)
        self.base_url: str = self._api.base_url
        self.api_key: str = self._api.api_key

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
        answer = await self._api.request("POST", "/streams", encode_create(offer_sdp, request))
        created = _object(answer, "POST /streams")
        if not created.get("stream_id"):
            raise ProtocolError("the gateway's answer to POST /streams has no stream_id")
        return created

    async def keepalive(self, stream_id: str) -> dict[str, Any]:
        """POST keepalive: renews the stream's lease."""
        path = self._api.stream_path(stream_id, "/keepalive")
        return _object(await self._api.request("POST", path), "a keepalive")

    async def update_prompt(self, stream_id: str, prompt: str) -> dict[str, Any]:
        """PATCH the prompt; the answer is the stream's configuration."""
        path = self._api.stream_path(stream_id, "/config/prompt")
        return _object(await self._api.request("PATCH", path, {"prompt": prompt}), "a new prompt")

    async def submit_feedback(
        self, stream_id: str, rating: int, category: str, feedback: str | None = None
    ) -> dict[str, Any]:
        """POST feedback about a stream's answers."""
        path = self._api.stream_path(stream_id, "/feedback")
        body = {"rating": rating, "category": category, "feedback": feedback or ""}
        return _object(await self._api.request("POST", path, body), "feedback")

    async def get_all_feedback(self) -> list[dict[str, Any]]:
        """GET every feedback of this key."""
        answer = await self._api.request("GET", "/streams/feedback")
        if not isinstance(answer, list):
            raise ProtocolError("the gateway's answer to GET /streams/feedback is no JSON list")
        return cast("list[dict[str, Any]]", answer)

    async def close_stream(self, stream_id: str) -> dict[str, Any]:
        """DELETE a stream; fine for one that has ended already."""
        return _object(
            await self._api.request("DELETE", self._api.stream_path(stream_id)), "DELETE"
        )

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


def _fields(value: object, names: tuple[str, ...]) -> dict[str, Any]:
    """What a mapping, a pydantic model, or an object with these attributes says; None is unsaid."""
    kind, mapped = type(value).__name__, isinstance(value, Mapping)
    dump = getattr(value, "model_dump", None) or getattr(value, "to_dict", None)
    if isinstance(value, Mapping):
        said = cast("Mapping[str, Any]", value)
    elif callable(dump):
        said = cast("Mapping[str, Any]", dump())
    else:
        said = {name: getattr(value, name) for name in names if hasattr(value, name)}
    if not isinstance(cast("object", said), Mapping) or not (said or mapped):
        message = f"{kind} bears none of the fields {', '.join(names)}"
        raise ConfigurationError(message, details={"field": names[0]})
    return {name: item for name, item in said.items() if item is not None}


def _processing(value: object | None) -> ProcessingConfig:
    if isinstance(value, (StreamProcessingConfig, FrameProcessingConfig)):
        return value
    if value is None:
        return StreamProcessingConfig()
    return processing_from_mapping(_fields(value, _PROCESSING_FIELDS), StreamProcessingConfig())


def _inference(value: object) -> StreamInferenceConfig:
    if not isinstance(value, StreamInferenceConfig):
        given = _fields(value, _INFERENCE_FIELDS)
        unknown = sorted(set(given) - set(_INFERENCE_FIELDS))
        if unknown:
            wanted = "made of " + ", ".join(_INFERENCE_FIELDS)
            raise fail(_owner(), "inference", wanted, unknown)
        prompt: Any = given.pop("prompt", None)
        value = StreamInferenceConfig(prompt, **given)
    schema = value.output_schema_json
    if isinstance(schema, str):
        schema = _parsed_schema(schema)
    return evolve(value, output_schema_json=schema)


def _owner() -> StreamInferenceConfig:
    return StreamInferenceConfig(prompt="-")


def _parsed_schema(text: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError:
        schema = None
    if not isinstance(schema, dict):
        raise fail(_owner(), "output_schema_json", "a JSON object or its text", text[:80])
    return cast("dict[str, Any]", schema)


def _object(answer: object, what: str) -> dict[str, Any]:
    """The answer as a dict; an empty body, as of a 204, is an empty one."""
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        message = f"the gateway's answer to {what} is no JSON object; is this its address?"
        raise ProtocolError(message)
    return dict(cast("Mapping[str, Any]", answer))
