"""Video over WebRTC to a gateway whose answers come from a model's server, or from a function."""

from __future__ import annotations

import asyncio
from typing import Any

from attrs import frozen

from overshoot import (
    CallableInference,
    InferenceResult,
    OpenAIInference,
    RealtimeVision,
    RealtimeVisionConfig,
    SyntheticSource,
)
from overshoot.domain.frame_number import read_frame_number
from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import LocalGateway
from support.model_server import Asked, model_server, says_no

PROCESSING = {"target_fps": 10, "clip_length_seconds": 0.5, "delay_seconds": 0.5}


@frozen
class Shown:
    numbers: list[int]


def read_numbers(asked: Asked) -> str:
    """A model that sees: it reads the numbers which the scene has painted into its frames."""
    return f'{{"numbers": {[read_frame_number(picture) for picture in asked.pictures]}}}'


async def results_of(**config: Any) -> list[InferenceResult[Shown]]:
    results: list[InferenceResult[Shown]] = []
    vision = RealtimeVision(
        RealtimeVisionConfig(
            prompt="Which numbers do you see?",
            output_schema=Shown,
            processing=PROCESSING,
            source=SyntheticSource(duration_seconds=2.0),
            on_result=results.append,
            **config,
        )
    )
    async with vision:
        await asyncio.wait_for(vision.wait_ended(), 30)
    return results


def seen(results: list[InferenceResult[Shown]]) -> list[int]:
    return [number for result in results if result.parsed for number in result.parsed.numbers]


async def test_frames_of_a_stream_reach_an_openai_compatible_server() -> None:
    async with model_server("vllm") as server:
        server.says = read_numbers
        backend = OpenAIInference(url=server.url, image_side=1280, jpeg_quality=95)
        async with LocalGateway(backend=backend) as gateway:
            results = await results_of(api_url=gateway.url, api_key=gateway.api_key)
        assert {result.model_backend for result in results} == {"openai"}
        assert [result.error for result in results if not result.ok] == []
        assert seen(results) == sorted(set(seen(results)))
        assert len(seen(results)) >= 10
        prompts = {asked.prompt for asked in server.asked if asked.body}
        assert all(prompt.startswith("Which numbers do you see?") for prompt in prompts)


async def test_an_answer_that_fails_spoils_itself_alone() -> None:
    async with model_server("vllm") as server:
        server.says = read_numbers
        server.models = ["one", "two"]
        server.faults.append(says_no(403))
        choice = OpenAIInference(url=server.url, model="two", image_side=1280, jpeg_quality=95)
        results = await results_of(inference=choice)
    assert [result.ok for result in results] == [False, *([True] * (len(results) - 1))]
    assert len(results) >= 3
    assert "wants a key (403)" in (results[0].error or "")


async def test_a_function_answers_in_this_process() -> None:
    def read(request: InferenceRequest) -> dict[str, Any]:
        return {"numbers": [read_frame_number(frame.pixels) for frame in request.frames]}

    results = await results_of(inference=CallableInference(read))
    assert [result.error for result in results if not result.ok] == []
    assert len(seen(results)) >= 10
