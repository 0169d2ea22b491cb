"""What goes wrong on the way to an OpenAI-compatible server, and what is said and done about it."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import Any

import pytest

from adapters.inference.remote_sessions import KEY, openai_stream, until
from overshoot.adapters.inference.openai import OpenAIBackend
from overshoot.domain.backends import OpenAIInference
from overshoot.errors import InferenceError
from overshoot.testing.contracts.inference import frames, request
from overshoot.testing.manual_clock import ManualClock
from support.model_server import (
    cut_at_once,
    cut_in_the_middle,
    gigantic,
    model_server,
    says_no,
    sends,
    silence,
)

BUSY = '{"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit"}}'


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "3"}, 3.0),
        ({"Retry_After": formatdate(1_700_000_000 + 7, usegmt=True)}, 7.0),
        ({"Retry_After_Ms": "1500", "Retry_After": "9"}, 1.5),
        ({"Retry_After": "soon"}, 0.5),
        ({}, 0.5),
    ],
)
async def test_a_busy_server_is_asked_again_when_it_wants(
    headers: dict[str, str], wait: float
) -> None:
    async with openai_stream() as stream:
        stream.server.faults.append(says_no(429, BUSY, **headers))
        task = asyncio.create_task(stream.session.infer(request()))
        await stream.clock.until_sleepers(2)
        await stream.clock.advance(wait - 0.01)
        assert len(stream.server.asked) == 1
        await stream.clock.advance(0.02)
        assert (await task).text
        assert len(stream.server.asked) == 2


async def test_waits_grow_and_end_with_the_attempts() -> None:
    async with openai_stream(attempts=3) as stream:
        stream.server.faults.extend([says_no(500, "oops")] * 3)
        task = asyncio.create_task(stream.session.infer(request()))
        for count, wait in enumerate([0.5, 1.0], start=1):
            await stream.clock.until_sleepers(2)
            assert len(stream.server.asked) == count
            await stream.clock.advance(wait)
        with pytest.raises(InferenceError, match=r"answered 500: oops \(asked 3 times\)"):
            await task
        assert [model.status for model in stream.backend.models()] == ["unavailable"]


async def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    async with openai_stream(timeout_seconds=10) as stream:
        stream.server.faults.append(says_no(429, BUSY, Retry_After="60"))
        with pytest.raises(
            InferenceError, match=r"429: Rate limit.*60\.0 s more would be too late"
        ):
            await stream.session.infer(request())
        (model,) = stream.backend.models()
        assert (model.ready, model.status) == (False, "saturated")
        await stream.session.infer(request())
        assert stream.backend.models()[0].ready


async def test_an_empty_account_is_told_at_once() -> None:
    said = '{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}'
    async with openai_stream() as stream:
        stream.server.faults.append(says_no(429, said))
        with pytest.raises(InferenceError, match="insufficient_quota"):
            await stream.session.infer(request())
        assert len(stream.server.asked) == 1


async def test_a_server_that_cannot_see_is_told_at_once() -> None:
    said = '{"error":{"code":500,"message":"image input is not supported","type":"server_error"}}'
    async with openai_stream("llama.cpp") as stream:
        stream.server.faults.append(says_no(500, said))
        with pytest.raises(InferenceError, match="500: image input is not supported"):
            await stream.session.infer(request())


async def test_silence_ends_with_the_deadline_and_says_what_was_before() -> None:
    async with openai_stream(timeout_seconds=10) as stream:
        stream.server.faults.extend([says_no(503, "loading"), silence])
        task = asyncio.create_task(stream.session.infer(request()))
        await stream.clock.until_sleepers(2)
        await stream.clock.advance(0.5)
        await stream.server.until_asked(2)
        await stream.clock.advance(9.5)
        with pytest.raises(InferenceError, match=r"within 10 s; before that: .*503: loading"):
            await task


@pytest.mark.parametrize(
    ("fault", "words"),
    [(cut_at_once, "before it answered"), (cut_in_the_middle, "in the middle of its answer")],
)
async def test_a_cut_connection_is_tried_again_and_then_told(fault: Any, words: str) -> None:
    async with openai_stream(attempts=2) as stream:
        stream.server.faults.append(fault)
        assert (await stream.after(0.5, stream.session.infer(request()))).text
        stream.server.faults.extend([fault, fault])
        with pytest.raises(InferenceError, match=f"cut the connection {words}"):
            await stream.after(0.5, stream.session.infer(request()))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (sends('{"choices": [{"message": {"cont'), "broken or cut off after 31 bytes"),
        (sends("<html>Welcome!</html>", "text/html"), "answered with text/html where JSON was"),
        (sends('{"object": "list"}'), "sent no choices"),
        (sends('{"choices": []}'), "sent no choices"),
        (sends("[]"), "sent no choices"),
        (sends("[" * 100_000), "broken or cut off"),
        (sends('{"error": "overloaded"}'), "sent an error in place of an answer"),
        (gigantic, "sent more than 1048576 bytes"),
        (says_no(404, "<html>nginx</html>"), ": 404$"),
        (says_no(404, '{"detail": "Not Found"}'), "404: Not Found"),
        (says_no(413, '{"message": "too large"}'), "413: too large"),
        (says_no(422, '{"detail": [{"loc": ["body"]}]}'), r'422: \[{"loc": \["body"\]}\]'),
        (says_no(418, "[]"), ": 418$"),
        (says_no(400, '{"error": "bad picture image"}'), "400: bad picture"),
        (says_no(302, "", Location="http://127.0.0.1:9/"), "sends us elsewhere"),
    ],
)
async def test_what_is_no_answer_is_told_at_once(fault: Any, words: str) -> None:
    async with openai_stream() as stream:
        stream.server.faults.append(fault)
        with pytest.raises(InferenceError, match=words):
            await stream.session.infer(request())
        assert len(stream.server.asked) == 1
        assert (await stream.session.infer(request(frames(4)))).text


async def test_a_key_is_in_no_error_and_no_repr() -> None:
    async with openai_stream() as stream:
        for fault in (says_no(401, f"bad key {KEY}"), says_no(400, f"no {KEY}!")):
            stream.server.faults.append(fault)
            with pytest.raises(InferenceError) as caught:
                await stream.session.infer(request())
            assert KEY not in caught.value.message
        assert KEY not in repr(stream.backend)


@pytest.mark.parametrize(("key", "words"), [(KEY, "refuses the key"), (None, "wants a key")])
async def test_a_wrong_or_missing_key_is_told_as_such(key: str | None, words: str) -> None:
    async with openai_stream(api_key=key) as stream:
        stream.server.faults.append(says_no(401, "no"))
        with pytest.raises(InferenceError, match=words):
            await stream.session.infer(request())


async def test_a_server_that_is_not_there_is_named() -> None:
    async with model_server("vllm") as server:
        url = server.url
    clock = ManualClock()
    backend = OpenAIBackend(OpenAIInference(url=url, model="m", attempts=1), clock)
    session = await backend.start_session("any")
    with pytest.raises(InferenceError, match=f"{url} cannot be reached.*that it runs"):
        await session.infer(request())
    await backend.close()


async def test_no_more_requests_are_under_way_than_allowed() -> None:
    gate, under_way, most = asyncio.Event(), 0, 0

    async def slow(_: Any) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await gate.wait()
        under_way -= 1
        return await sends('{"choices": [{"message": {"content": "ok"}}]}')(_)

    async with openai_stream(concurrency=2) as stream:
        stream.server.faults.extend([slow] * 5)
        sessions = [await stream.backend.start_session("any") for _ in range(5)]
        tasks = [asyncio.create_task(session.infer(request())) for session in sessions]
        await stream.server.until_asked(2)
        gate.set()
        assert {answer.text for answer in await asyncio.gather(*tasks)} == {"ok"}
        assert most == 2


async def test_waiting_for_others_is_told_when_time_is_up() -> None:
    async with openai_stream(concurrency=1, timeout_seconds=5) as stream:
        stream.server.faults.append(silence)
        tasks = [asyncio.create_task(stream.session.infer(request()))]
        await stream.server.until_asked()
        tasks.append(asyncio.create_task(stream.session.infer(request())))
        await stream.clock.until_sleepers(2)
        await stream.clock.advance(5)
        first, second = await asyncio.gather(*tasks, return_exceptions=True)
        assert "did not answer within 5 s" in str(first)
        assert "it waited for requests of other streams" in str(second)


async def test_a_backend_that_is_closed_ends_what_is_under_way() -> None:
    async with openai_stream() as stream:
        stream.server.faults.append(silence)
        task = asyncio.create_task(stream.session.infer(request()))
        await stream.server.until_asked()
        await stream.backend.close()
        await stream.clock.advance(1)
        with pytest.raises(InferenceError):
            await asyncio.wait_for(task, 20)


# --- models -------------------------------------------------------------------------------------


async def test_a_stream_gets_the_model_it_names_else_the_only_one() -> None:
    async with model_server("vllm") as server:
        backend = OpenAIBackend(OpenAIInference(url=server.url), ManualClock())
        await (await backend.start_session("Qwen/anything")).infer(request())
        server.models = ["a", "b"]
        await (await backend.start_session("b")).infer(request())
        named = [asked.body["model"] for asked in server.asked if asked.body]
        assert named == ["qwen3-vl-8b", "b"]
        with pytest.raises(InferenceError, match="no model 'c'; it lists: a, b; name one"):
            await backend.start_session("c")
        await backend.close()


async def test_the_list_of_models_is_asked_for_in_the_background() -> None:
    async with model_server("vllm") as server:
        clock = ManualClock()
        backend = OpenAIBackend(OpenAIInference(url=server.url), clock)
        assert backend.models() == ()
        await until(backend.models)
        assert [model.model for model in backend.models()] == ["qwen3-vl-8b"]
        assert len(server.asked) == 1
        await clock.advance(60)
        server.faults.append(says_no(500))
        await until(lambda: not backend.models()[0].ready)
        assert backend.models()[0].status == "unavailable"
        await backend.close()


async def test_a_server_that_does_not_list_its_models_is_told() -> None:
    async with model_server("vllm") as server:
        clock = ManualClock()
        backend = OpenAIBackend(OpenAIInference(url=server.url), clock)
        server.faults.append(silence)
        task = asyncio.create_task(backend.start_session("x"))
        await server.until_asked()
        await clock.advance(10)
        with pytest.raises(InferenceError, match="did not list its models within 10 s"):
            await task
        await backend.close()
