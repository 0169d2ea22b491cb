"""Functions and classes of the user's own as a backend."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from adapters.inference.remote_sessions import until
from overshoot.adapters.inference.callable import CallableBackend, workers
from overshoot.adapters.inference.callable.loading import load_callable
from overshoot.domain.backends import CallableInference
from overshoot.domain.inference import InferenceAnswer, InferenceRequest
from overshoot.errors import ConfigurationError, InferenceError
from overshoot.testing.contracts.inference import request
from support.backend_functions import Counter, fail, hang

NUMBER: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}


@asynccontextmanager
async def calling(function: Any, **settings: Any) -> AsyncIterator[CallableBackend]:
    backend = CallableBackend(CallableInference(function, **settings))
    try:
        yield backend
    finally:
        await backend.close()


async def told(returned: Any, **changes: Any) -> InferenceAnswer:
    async with calling(lambda _: returned) as backend:
        return await (await backend.start_session("any")).infer(request(**changes))


# --- what it returns ----------------------------------------------------------------------------


async def test_text_is_the_answer_and_json_is_sent_as_such() -> None:
    assert (await told("a cat")).text == "a cat"
    assert (await told({"n": 2})).text == '{"n": 2}'
    assert (await told(["ä", None, 0.5])).text == '["ä", null, 0.5]'
    assert (await told({"n": 2}, output_schema=NUMBER)).text == '{"n": 2}'
    assert (await told('I count {"n": 2}.', output_schema=NUMBER)).text == '{"n": 2}'


async def test_an_answer_is_handed_on_whole() -> None:
    answer = InferenceAnswer("wave", finish_reason="length", detected={"waving": 0.5})
    assert await told(answer) == answer


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "returned nothing .None.; it must return text, a dict or list"),
        (3, "returned a int"),
        (b"bytes", "returned a bytes"),
        ({"n": np.float32(1)}, r"JSON cannot hold: .*float32.*\.item\(\)"),
        ({"n": float("nan")}, "JSON cannot hold"),
        (InferenceAnswer(3), "text is a int"),  # type: ignore[arg-type]
        (InferenceAnswer("x", detected={"wave": 1.5}), r"detected\['wave'\] = 1.5"),
        (InferenceAnswer("x", detected={"wave": "sure"}), "must be from 0.0"),  # type: ignore[dict-item]
    ],
)
async def test_what_it_may_not_return_is_named(returned: Any, words: str) -> None:
    with pytest.raises(InferenceError, match=words):
        await told(returned)


async def test_what_the_schema_does_not_allow_is_named() -> None:
    with pytest.raises(InferenceError, match=r"schema does not allow: \$\.n: expected integer"):
        await told({"n": "two"}, output_schema=NUMBER)


async def test_a_coroutine_that_a_plain_function_returns_is_awaited() -> None:
    async def later() -> str:
        return "later"

    async with calling(lambda _: later()) as backend:
        assert (await (await backend.start_session("any")).infer(request())).text == "later"


# --- what it raises -----------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [False, True])
async def test_what_it_raises_is_an_inference_error_whose_words_stay_here(
    processes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with calling(fail, workers=1, processes=processes) as backend:
        session = await backend.start_session("any")
        for prompt, words in {
            "picky": "raised PickyError$",
            "exit": "raised (SystemExit|RuntimeError)$",
            "stop": "raised (StopIteration|RuntimeError)$",
            "refuse": "^it is too dark$",
        }.items():
            with caplog.at_level(logging.ERROR), pytest.raises(InferenceError, match=words):
                await session.infer(request(prompt=prompt))
        assert "a secret" in caplog.text
        assert (await session.infer(request())).text == "fine"


async def test_what_cannot_be_sent_to_a_process_is_told() -> None:
    async with calling(lambda _: "x", processes=True) as backend:
        session = await backend.start_session("any")
        with pytest.raises(InferenceError, match=r"another process .*at the top of a module"):
            await session.infer(request())
    async with calling(fail, workers=1, processes=True) as backend:
        session = await backend.start_session("any")
        with pytest.raises(InferenceError, match=r"another process .*return plain values"):
            await session.infer(request(prompt="unpicklable"))


# --- classes ------------------------------------------------------------------------------------


class Remembering:
    made: list[Remembering] = []  # noqa: RUF012 - the tests look at it

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.closed = 0
        self.made.append(self)

    def __call__(self, asked: InferenceRequest) -> list[str]:
        self.prompts.append(asked.prompt)
        return self.prompts

    def close(self) -> None:
        self.closed += 1


class RememberingAsync(Remembering):
    async def __call__(self, asked: InferenceRequest) -> list[str]:  # type: ignore[override]
        return Remembering.__call__(self, asked)

    async def close(self) -> None:  # type: ignore[override]
        Remembering.close(self)


@pytest.mark.parametrize("kind", [Remembering, RememberingAsync])
async def test_a_class_is_made_and_closed_once_a_stream(kind: type[Remembering]) -> None:
    kind.made.clear()
    async with calling(kind) as backend:
        one, other = [await backend.start_session("any") for _ in range(2)]
        for session, prompt in ((one, "a"), (other, "b"), (one, "c")):
            await session.infer(request(prompt=prompt))
        assert [each.prompts for each in kind.made] == [["a", "c"], ["b"]]
        await one.close()
        await one.close()
        assert [each.closed for each in kind.made] == [1, 0]
        await other.close()
        assert [each.closed for each in kind.made] == [1, 1]


async def test_a_class_in_processes_has_one_for_each_stream_and_a_new_one_when_it_dies() -> None:
    async with calling(Counter, processes=True) as backend:
        one, other = [await backend.start_session("any") for _ in range(2)]
        first, second, third = [
            json.loads((await session.infer(request())).text) for session in (one, other, one)
        ]
        assert (first["calls"], second["calls"], third["calls"]) == (1, 1, 2)
        assert first["process"] == third["process"] != second["process"]
        with pytest.raises(InferenceError, match=r"process that ran .*Counter died"):
            await one.infer(request(prompt="die"))
        again = json.loads((await one.infer(request())).text)
        assert (again["calls"], again["process"] != first["process"]) == (1, True)
        await one.close()
        await other.close()


async def test_a_constructor_that_fails_starts_no_stream() -> None:
    class Broken:
        def __init__(self) -> None:
            raise OSError("no weights")

        def __call__(self, _: InferenceRequest) -> str:
            return "never"

    async with calling(Broken) as backend:
        with pytest.raises(InferenceError, match="Broken raised OSError"):
            await backend.start_session("any")


def test_a_class_whose_objects_cannot_be_called_is_refused() -> None:
    class Mute:
        pass

    with pytest.raises(ConfigurationError, match="give the class a __call__"):
        CallableBackend(CallableInference(Mute))


@pytest.mark.parametrize("kind", [RememberingAsync, RememberingAsync.__call__])
def test_coroutine_functions_are_refused_for_processes(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match="event loop alone"):
        CallableBackend(CallableInference(kind, processes=True))


# --- what hangs ---------------------------------------------------------------------------------


class Gate:
    """Holds up calls that ask for it, for as long as a test wants."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, asked: InferenceRequest) -> str:
        if asked.prompt == "hang":
            self.entered.set()
            self.opened.wait()
        return asked.prompt


async def hung(session: Any, gate: Gate) -> None:
    """A call that hangs, and is given up."""
    task = asyncio.create_task(session.infer(request(prompt="hang")))
    await asyncio.to_thread(gate.entered.wait)
    gate.entered.clear()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_a_call_that_hangs_keeps_its_own_stream_waiting_and_no_other() -> None:
    gate = Gate()
    async with calling(gate, workers=1) as backend:
        one, other = [await backend.start_session("any") for _ in range(2)]
        await hung(one, gate)
        assert (await other.infer(request(prompt="b"))).text == "b"
        waiting = asyncio.create_task(one.infer(request(prompt="a")))
        assert (await other.infer(request(prompt="c"))).text == "c"
        assert not waiting.done()
        gate.opened.set()
        assert (await waiting).text == "a"


async def test_calls_that_never_come_back_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_LOST", 2)
    gate = Gate()
    async with calling(gate) as backend:
        for _ in range(2):
            await hung(await backend.start_session("any"), gate)
        session = await backend.start_session("any")
        with pytest.raises(InferenceError, match=r"2 calls of .* have not come back"):
            await session.infer(request(prompt="a"))
        gate.opened.set()
        await until(lambda: "overshoot-callable" not in {t.name for t in threading.enumerate()})
        assert (await session.infer(request(prompt="a"))).text == "a"


async def test_closing_waits_for_no_call_that_hangs() -> None:
    gate = Gate()
    async with calling(gate) as backend:
        session = await backend.start_session("any")
        task = asyncio.create_task(session.infer(request(prompt="hang")))
        await asyncio.to_thread(gate.entered.wait)
        await session.close()
        await backend.close()
        with pytest.raises(InferenceError, match="is closed"):
            await task
    gate.opened.set()


async def test_an_object_with_a_call_that_hangs_is_not_closed_under_it() -> None:
    gate = Gate()

    class Hanging(Remembering):
        def __call__(self, asked: InferenceRequest) -> Any:
            return gate(asked)

    Remembering.made.clear()
    async with calling(Hanging) as backend:
        session = await backend.start_session("any")
        await hung(session, gate)
        await session.close()
        assert [each.closed for each in Remembering.made] == [0]
        gate.opened.set()


@pytest.mark.parametrize("function", [hang, Counter])
async def test_a_process_that_hangs_is_ended(function: Any) -> None:
    async with calling(function, workers=1, processes=True) as backend:
        session = await backend.start_session("any")
        await session.infer(request())
        task = asyncio.create_task(session.infer(request(prompt="hang")))
        await asyncio.sleep(0)
        while not task.done():
            await asyncio.sleep(0)
            task.cancel()
        assert (await session.infer(request())).text
        await session.close()


async def test_no_more_calls_are_under_way_than_allowed() -> None:
    barrier = threading.Barrier(2)
    under_way: set[int] = set()
    most = 0

    def count(asked: InferenceRequest) -> str:
        nonlocal most
        under_way.add(id(asked))
        barrier.wait()
        most = max(most, len(under_way))
        barrier.wait()
        under_way.discard(id(asked))
        return "ok"

    async with calling(count, workers=2) as backend:
        sessions = [await backend.start_session("any") for _ in range(4)]
        answers = await asyncio.gather(*(session.infer(request()) for session in sessions))
        assert [answer.text for answer in answers] == ["ok"] * 4
        assert most == 2


# --- by name ------------------------------------------------------------------------------------


def test_a_function_is_found_by_its_name() -> None:
    assert load_callable("support.backend_functions:Counter.__call__") is Counter.__call__


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("json:", "names no function"),
        ("no_such_module:f", "no module 'no_such_module'"),
        ("json.no_such:f", "no module 'json.no_such'"),
        ("json:nothing", "'json' has no 'nothing'"),
        ("support.backend_functions:NOT_CALLABLE", "is a int, which cannot be called"),
    ],
)
def test_a_name_that_means_nothing_is_told(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_callable(text)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1 / 0", "cannot be imported: ZeroDivisionError"),
        ("import no_such_thing", "needs the module 'no_such_thing', which is not installed"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(
    source: str, words: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_detector.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigurationError, match=words):
        load_callable("broken_detector:f")
