from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from overshoot.adapters.inference.gemini import GeminiBackend
from overshoot.adapters.inference.openai import OpenAIBackend
from overshoot.domain.backends import GeminiInference, OpenAIInference
from overshoot.testing.contracts.inference import InferenceBackendContract
from overshoot.testing.manual_clock import ManualClock
from support.model_server import STYLES, Asked, model_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def by_the_schema(asked: Asked) -> str:
    """What a model with enforced JSON says: the least that has the shape."""
    schema: dict[str, Any] | None = None
    if "response_format" in asked.body:
        schema = asked.body["response_format"]["json_schema"]["schema"]
    if "generationConfig" in asked.body:
        schema = asked.body["generationConfig"].get("responseJsonSchema")
    if schema is None:
        return "a gray room with a moving square"
    return json.dumps({"object": {"seen": True}, "string": "a square"}.get(schema["type"], []))


@pytest.mark.parametrize("style", STYLES)
class TestOpenAIBackend(InferenceBackendContract):
    @pytest.fixture
    async def backend(self, style: str) -> AsyncIterator[OpenAIBackend]:
        async with model_server(style) as server:
            server.says = by_the_schema
            settings = OpenAIInference(url=server.url, model=server.models[0], image_side=64)
            backend = OpenAIBackend(settings, ManualClock())
            yield backend
            await backend.close()


class TestOpenAIBackendThatListsItsModels(InferenceBackendContract):
    @pytest.fixture
    async def backend(self) -> AsyncIterator[OpenAIBackend]:
        async with model_server("vllm") as server:
            server.says = by_the_schema
            server.models = ["qwen3-vl-8b", "llava"]
            backend = OpenAIBackend(OpenAIInference(url=server.url), ManualClock())
            await (await backend.start_session("llava")).close()
            yield backend
            await backend.close()


class TestGeminiBackend(InferenceBackendContract):
    @pytest.fixture
    async def backend(self) -> AsyncIterator[GeminiBackend]:
        async with model_server("gemini") as server:
            server.says = by_the_schema
            settings = GeminiInference(
                url=server.url, model="gemini-x", api_key="key-for-tests", image_side=64
            )
            backend = GeminiBackend(settings, ManualClock())
            yield backend
            await backend.close()
