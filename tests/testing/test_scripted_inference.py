from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from overshoot.domain.inference import InferenceAnswer
from overshoot.errors import InferenceError
from overshoot.testing.contracts.inference import InferenceBackendContract, frames, request
from overshoot.testing.scripted_inference import ScriptedInference

if TYPE_CHECKING:
    from overshoot.domain.inference import InferenceRequest


class TestScriptedInferenceKeepsTheContract(InferenceBackendContract):
    @pytest.fixture
    def backend(self) -> ScriptedInference:
        return ScriptedInference(["one", "two", "three"])


class TestWithModels(InferenceBackendContract):
    @pytest.fixture
    def backend(self) -> ScriptedInference:
        return ScriptedInference(lambda _: "again", models=["a", "b"])


async def test_answers_come_in_order_and_the_last_repeats() -> None:
    backend = ScriptedInference(["one", {"n": 2}, InferenceAnswer("three")])
    session = await backend.start_session("any")
    texts = [(await session.infer(request())).text for _ in range(4)]
    assert texts == ["one", '{"n": 2}', "three", "three"]


async def test_exceptions_are_raised_and_requests_kept() -> None:
    backend = ScriptedInference([InferenceError("busy"), "fine"])
    session = await backend.start_session("any")
    with pytest.raises(InferenceError, match="busy"):
        await session.infer(request(prompt="first"))
    assert (await session.infer(request(prompt="second"))).text == "fine"
    assert [each.prompt for each in backend.requests] == ["first", "second"]


async def test_a_coroutine_may_answer_when_it_likes() -> None:
    gate = asyncio.Event()

    async def slow(asked: InferenceRequest) -> str:
        await gate.wait()
        return f"{len(asked.frames)} frames"

    session = await ScriptedInference(slow).start_session("any")
    task = asyncio.create_task(session.infer(request(frames(count=3))))
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    assert (await task).text == "3 frames"


async def test_an_answer_that_breaks_the_schema_is_an_inference_error() -> None:
    session = await ScriptedInference([{"n": "two"}]).start_session("any")
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    with pytest.raises(InferenceError, match="integer"):
        await session.infer(request(output_schema=schema))


async def test_a_model_that_is_not_offered_is_refused() -> None:
    with pytest.raises(InferenceError, match="'c'; there are: a, b"):
        await ScriptedInference(models=["a", "b"]).start_session("c")


async def test_open_sessions_are_counted() -> None:
    backend = ScriptedInference()
    one, _ = await backend.start_session("any"), await backend.start_session("any")
    assert backend.open_sessions == 2
    await one.close()
    await one.close()
    assert backend.open_sessions == 1


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(InferenceError, match="at least one"):
        ScriptedInference([])
