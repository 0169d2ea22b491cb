"""Servers of models as their documents and issue threads show them answer, over real HTTP.

Each style is the shape of one product: what its answers carry beside the text, and how it words its
refusals. What goes wrong is a queue of faults, taken one a request before the style is asked.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import cv2
import numpy as np
from aiohttp import web

Fault: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked:
    """A request as it arrived."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.path = request.path
        self.headers = request.headers.copy()
        self.body: dict[str, Any] = json.loads(body) if body else {}

    @property
    def texts(self) -> list[str]:
        """Of the first message, in order; ``<jpeg>`` stands for a picture."""
        return [_word(part) for part in self._parts()]

    @property
    def pictures(self) -> list[np.ndarray[Any, Any]]:
        """Decoded, BGR."""
        return [
            cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[misc]
            for data in map(_jpeg, self._parts())
            if data is not None
        ]

    @property
    def prompt(self) -> str:
        return self.texts[-1]

    def _parts(self) -> list[dict[str, Any]]:
        if "contents" in self.body:
            return list(self.body["contents"][0]["parts"])
        return list(self.body["messages"][0]["content"])


def _jpeg(part: dict[str, Any]) -> bytes | None:
    if "image_url" in part:
        head, _, data = part["image_url"]["url"].partition(",")
        assert head == "data:image/jpeg;base64"
        return base64.b64decode(data, validate=True)
    inline = part.get("inlineData")
    if inline is None:
        return None
    # As its library spells them: JSON of protocol buffers may be written in more than one way.
    assert inline["mime_type"] == "image/jpeg"
    return base64.urlsafe_b64decode(inline["data"])


def _word(part: dict[str, Any]) -> str:
    return "<jpeg>" if _jpeg(part) is not None else str(part["text"])


class ModelServer:
    """What it says is ``says(asked)``; ``faults`` come first, one a request."""

    def __init__(self, style: str) -> None:
        self.style = style
        self.url = ""
        self.asked: list[Asked] = []
        self.faults: deque[Fault] = deque()
        self.says: Callable[[Asked], str] = lambda _: "a gray room with a moving square"
        self.finish = "stop"
        self.most_images = 99
        self.takes_schemas = True
        self.models = ["qwen3-vl-8b"]
        self._came = asyncio.Event()

    async def until_asked(self, times: int = 1) -> None:
        """Wait for the beginning of that many requests in all."""
        while len(self.asked) < times:
            self._came.clear()
            await self._came.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request, await request.read())
        self.asked.append(asked)
        self._came.set()
        if self.faults:
            return await self.faults.popleft()(request)
        if request.path.endswith("/models"):
            listed = [{"id": name, "object": "model"} for name in self.models]
            return web.json_response({"object": "list", "data": listed})
        if self.style == "gemini":
            return web.json_response(gemini_answer(self.says(asked), self.finish))
        return self._refusal(asked) or web.json_response(self._answer(asked))

    def _refusal(self, asked: Asked) -> web.Response | None:
        if asked.body["model"] not in self.models:
            return _json(NO_SUCH_MODEL[self.style].replace("%", asked.body["model"]), 404)
        if len(asked.pictures) > self.most_images:
            return _json(TOO_MANY_IMAGES[self.style].replace("%", str(self.most_images)), 400)
        if "response_format" in asked.body and not self.takes_schemas:
            return _json(NO_SCHEMAS[self.style], 500 if self.style == "ollama" else 400)
        if self.style == "openai" and "max_tokens" in asked.body:
            return _json(OPENAI_MAX_TOKENS, 400)
        return None

    def _answer(self, asked: Asked) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.says(asked)}
        answer: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": asked.body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish}],
            "usage": {"prompt_tokens": 900, "completion_tokens": 12, "total_tokens": 912},
        }
        match self.style:
            case "vllm":
                message |= {"refusal": None, "tool_calls": [], "reasoning_content": None}
                answer["choices"][0] |= {"logprobs": None, "stop_reason": None}
                answer["prompt_logprobs"] = None
            case "ollama":
                answer["system_fingerprint"] = "fp_ollama"
            case "llama.cpp":
                answer["timings"] = {"prompt_n": 900, "predicted_n": 12, "predicted_ms": 210.5}
                answer["system_fingerprint"] = "b1-0000000"
            case "lmstudio":
                answer["choices"][0]["logprobs"] = None
                answer["stats"] = {}
            case _:
                message |= {"refusal": None, "annotations": []}
                answer["service_tier"] = "default"
        return answer


def gemini_answer(text: str, finish: str = "STOP") -> dict[str, Any]:
    """A GenerateContentResponse."""
    reason = finish.upper()
    return {
        "candidates": [
            {
                "content": {"parts": [{"text": text}], "role": "model"},
                "finishReason": reason,
                "index": 0,
            }
        ],
        "usageMetadata": {"promptTokenCount": 900, "totalTokenCount": 912},
        "modelVersion": "gemini-x",
        "responseId": "r1",
    }


STYLES = ("vllm", "ollama", "llama.cpp", "lmstudio", "openai")
NO_SUCH_MODEL = {
    "vllm": '{"error": {"message": "The model `%` does not exist.", "type": "NotFoundError",'
    ' "param": "model", "code": 404}}',
    "ollama": '{"error": {"message": "model \\"%\\" not found, try pulling it first",'
    ' "type": "api_error", "param": null, "code": null}}',
    "llama.cpp": '{"error": {"code": 404, "message": "model % not found",'
    ' "type": "not_found_error"}}',
    "lmstudio": '{"error": "Model \\"%\\" not found"}',
    "openai": '{"error": {"message": "The model `%` does not exist or you do not have access to'
    ' it.", "type": "invalid_request_error", "param": null, "code": "model_not_found"}}',
}
TOO_MANY_IMAGES = {
    "vllm": '{"object": "error", "message": "At most % image(s) may be provided in one request.",'
    ' "type": "BadRequestError", "param": null, "code": 400}',
    "ollama": '{"error": {"message": "vision model only supports a single image per message",'
    ' "type": "invalid_request_error", "param": null, "code": null}}',
    "llama.cpp": '{"error": {"code": 400, "message": "only one image is supported",'
    ' "type": "invalid_request_error"}}',
    "lmstudio": '{"error": "This model takes only 1 image per prompt."}',
    "openai": '{"error": {"message": "Too many images: at most % images.",'
    ' "type": "invalid_request_error", "param": "messages", "code": null}}',
}
NO_SCHEMAS = {
    "vllm": '{"error": {"message": "Grammar error: unsupported keyword", "type":'
    ' "BadRequestError", "param": null, "code": 400}}',
    "ollama": '{"error": {"message": "failed to parse grammar", "type": "api_error",'
    ' "param": null, "code": null}}',
    "llama.cpp": '{"error": {"code": 400, "message": "Failed to initialize samplers: failed to'
    ' parse grammar", "type": "invalid_request_error"}}',
    "lmstudio": "{\"error\": \"'response_format.type' must be 'text'\"}",
    "openai": '{"error": {"message": "Invalid schema for response_format \'overshoot\': In'
    " context=(), 'additionalProperties' is required to be supplied and to be false.\","
    ' "type": "invalid_request_error", "param": "response_format", "code": null}}',
}
OPENAI_MAX_TOKENS = (
    '{"error": {"message": "Unsupported parameter: \'max_tokens\' is not supported with this'
    ' model. Use \'max_completion_tokens\' instead.", "type": "invalid_request_error",'
    ' "param": "max_tokens", "code": "unsupported_parameter"}}'
)


def _json(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="application/json")


# --- faults -------------------------------------------------------------------------------------


def says_no(status: int, body: str = "", **headers: str) -> Fault:
    """An answer of that status; ``_`` in a header's name stands for ``-``."""

    async def fault(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = "application/json" if body.startswith("{") else "text/plain"
        return web.Response(text=body, status=status, headers=named, content_type=kind)

    return fault


def sends(body: str, content_type: str = "application/json") -> Fault:
    """An answer of 200 with that body."""

    async def fault(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    return fault


async def silence(request: web.Request) -> web.StreamResponse:
    """No answer, ever."""
    await asyncio.Event().wait()
    raise web.HTTPInternalServerError


async def cut_at_once(request: web.Request) -> web.StreamResponse:
    """The connection is closed without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_in_the_middle(request: web.Request) -> web.StreamResponse:
    """The connection is closed after half of what was announced."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    answer.content_length = 1000
    await answer.prepare(request)
    await answer.write(b'{"choices": [{"message": {"content": "a gr')
    assert request.transport is not None
    request.transport.close()
    return answer


async def gigantic(request: web.Request) -> web.StreamResponse:
    """A body that never ends."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while True:
        await answer.write(b" " * 65536)


@asynccontextmanager
async def model_server(style: str) -> AsyncIterator[ModelServer]:
    server = ModelServer(style)
    app = web.Application(client_max_size=32 << 20)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server.url = root if style == "gemini" else f"{root}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
