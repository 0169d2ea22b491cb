"""The Gemini API as its library speaks to it, against a server of the tests."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from adapters.inference.remote_sessions import KEY, gemini_stream
from overshoot.errors import InferenceError
from overshoot.testing.contracts.inference import frames, request
from support.model_server import (
    cut_at_once,
    cut_in_the_middle,
    gemini_answer,
    gigantic,
    says_no,
    sends,
    silence,
)

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}
EXHAUSTED: dict[str, Any] = {
    "error": {
        "code": 429,
        "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED",
    }
}
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}


def error(code: int, message: str, status: str) -> str:
    return json.dumps({"error": {"code": code, "message": message, "status": status}})


async def test_frames_go_inline_each_after_its_time() -> None:
    async with gemini_stream(image_side=64) as stream:
        answer = await stream.session.infer(request(frames(count=2), max_output_tokens=9))
        assert answer.text == "a gray room with a moving square"
        (asked,) = stream.server.asked
        assert asked.path.endswith("/models/gemini-x:generateContent")
        assert asked.headers["x-goog-api-key"] == KEY
        assert asked.texts[1:] == ["t=0.00 s", "<jpeg>", "t=0.12 s", "<jpeg>", request().prompt]
        assert {picture.shape for picture in asked.pictures} == {(48, 64, 3)}
        assert asked.body["generationConfig"] == {"maxOutputTokens": 9}


async def test_the_schema_is_enforced_by_the_api() -> None:
    async with gemini_stream() as stream:
        stream.server.says = lambda _: '{"n": 2}'
        assert (await stream.session.infer(request(output_schema=SCHEMA))).text == '{"n": 2}'
        assert stream.server.asked[0].body["generationConfig"] == {
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
        }


async def test_a_schema_that_the_api_does_not_take_is_put_in_words_from_then_on() -> None:
    said = error(400, "Invalid value at 'generation_config.response_json_schema'", "INVALID")
    async with gemini_stream() as stream:
        stream.server.faults.append(says_no(400, said))
        stream.server.says = lambda _: '{"n": 2}'
        for _ in range(2):
            await stream.session.infer(request(output_schema=SCHEMA))
        configured = [asked.body["generationConfig"] for asked in stream.server.asked]
        assert ["responseJsonSchema" in each for each in configured] == [True, False, False]
        assert json.dumps(SCHEMA) in stream.server.asked[1].prompt


async def test_an_answer_beside_the_schema_is_told_to_the_model_once() -> None:
    said = iter(['{"n": "two"}', '{"n": 2}'])
    async with gemini_stream() as stream:
        stream.server.says = lambda _: next(said)
        assert (await stream.session.infer(request(output_schema=SCHEMA))).text == '{"n": 2}'
        told = stream.server.asked[1].body["contents"]
        assert [each["role"] for each in told] == ["user", "model", "user"]
        assert "expected integer" in told[2]["parts"][0]["text"]


BLOCKED = json.dumps({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
WITHHELD = json.dumps({"candidates": [{"finishReason": "SAFETY", "index": 0}]})


@pytest.mark.parametrize("body", [BLOCKED, WITHHELD, json.dumps(gemini_answer("So", "SPII"))])
async def test_what_is_withheld_is_a_filtered_answer_in_words_and_an_error_for_a_schema(
    body: str,
) -> None:
    async with gemini_stream() as stream:
        stream.server.faults.extend([sends(body)] * 2)
        assert (await stream.session.infer(request())).finish_reason == "content_filter"
        with pytest.raises(InferenceError, match=r"withheld the answer: .*(PROHIB|SAFETY|SPII)"):
            await stream.session.infer(request(output_schema=SCHEMA))


async def test_an_answer_that_is_cut_at_the_limit_says_so() -> None:
    async with gemini_stream() as stream:
        stream.server.finish = "MAX_TOKENS"
        assert (await stream.session.infer(request())).finish_reason == "length"


async def test_thoughts_are_no_answer() -> None:
    body = gemini_answer("yes")
    body["candidates"][0]["content"]["parts"].insert(0, {"text": "hm …", "thought": True})
    async with gemini_stream() as stream:
        stream.server.faults.append(sends(json.dumps(body)))
        assert (await stream.session.infer(request())).text == "yes"


@pytest.mark.parametrize(("details", "wait"), [([RETRY_INFO], 3.0), ([], 0.5)])
async def test_a_busy_api_is_asked_again_when_it_wants(details: list[Any], wait: float) -> None:
    body = json.dumps({"error": {**EXHAUSTED["error"], "details": details}})
    async with gemini_stream() as stream:
        stream.server.faults.append(says_no(429, body))
        task = asyncio.create_task(stream.session.infer(request()))
        await stream.clock.until_sleepers(2)
        await stream.clock.advance(wait - 0.01)
        assert len(stream.server.asked) == 1
        await stream.clock.advance(0.02)
        assert (await task).text


async def test_a_failing_api_is_asked_again_and_then_told() -> None:
    body = error(503, "The model is overloaded.", "UNAVAILABLE")
    async with gemini_stream(attempts=2) as stream:
        stream.server.faults.extend([says_no(503, body)] * 2)
        with pytest.raises(InferenceError, match=r"503: The model is overloaded.*asked 2 times"):
            await stream.after(0.5, stream.session.infer(request()))
        assert stream.backend.models()[0].status == "saturated"


@pytest.mark.parametrize("fault", [cut_at_once, cut_in_the_middle])
async def test_a_cut_connection_is_tried_again(fault: Any) -> None:
    async with gemini_stream() as stream:
        stream.server.faults.append(fault)
        assert (await stream.after(0.5, stream.session.infer(request()))).text
        assert len(stream.server.asked) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (sends('{"candidates": [{"cont'), "broken or cut off"),
        (sends("<html>Welcome!</html>", "text/html"), "broken or cut off"),
        (sends("{}"), "sent no candidates"),
        (sends('{"candidates": [{"content": {"parts": [{"text": 3}]}}]}'), "no answer of it"),
        (sends("[]"), "sent no candidates"),
        (gigantic, "sent more than 1048576 bytes"),
        (says_no(404, error(404, "models/gemini-x is not found", "NOT_FOUND")), "404: models/gem"),
        (says_no(500, '{"error": {"cod'), "broken or cut off"),
        (says_no(400, error(400, "API key not valid.", "INVALID_ARGUMENT")), "refuses the key"),
        (says_no(400, error(400, f"what is {KEY}?", "INVALID")), r"what is \*\*\*\?"),
        (says_no(302, "", Location="http://127.0.0.1:9/"), "sends us elsewhere"),
    ],
)
async def test_what_is_no_answer_is_told_at_once(fault: Any, words: str) -> None:
    async with gemini_stream() as stream:
        stream.server.faults.append(fault)
        with pytest.raises(InferenceError, match=words) as caught:
            await stream.session.infer(request())
        assert KEY not in caught.value.message
        assert len(stream.server.asked) == 1


async def test_silence_ends_with_the_deadline() -> None:
    async with gemini_stream(timeout_seconds=10) as stream:
        stream.server.faults.append(silence)
        task = asyncio.create_task(stream.session.infer(request()))
        await stream.server.until_asked()
        await stream.clock.advance(10)
        with pytest.raises(InferenceError, match="the Gemini API did not answer within 10 s"):
            await task


async def test_a_contact_sheet_may_be_asked_for() -> None:
    async with gemini_stream(contact_sheet=True) as stream:
        await stream.session.infer(request(frames(count=4)))
        assert len(stream.server.asked[0].pictures) == 1
        assert KEY not in repr(stream.backend)
