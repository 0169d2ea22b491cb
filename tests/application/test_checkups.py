"""All parts are looked at side by side, and told in their order; one that breaks hides no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from overshoot import ConfigurationError, InferenceError, StoreError, SyntheticSource, bootstrap
from overshoot.adapters.clocks import SystemClock
from overshoot.application.checkups import AnswerCheck, SourceCheck, StoreCheck, check_all
from overshoot.bootstrap.checkups import drawn_picture
from overshoot.domain.checkup import Finding, broken, fine
from overshoot.domain.inference import ModelInfo, Unsupported
from overshoot.ports.checkup import Check
from overshoot.testing.scripted_inference import ScriptedInference


class Part:
    """A check that does what it is given, after it has told one hop."""

    def __init__(self, name: str, then: Callable[[], Any] = lambda: None) -> None:
        self.name = name
        self._then = then

    async def findings(self) -> AsyncIterator[Finding]:
        yield fine(self.name, "well so far")
        made = self._then()
        if asyncio.iscoroutine(made):
            await made


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


async def found(check: Check) -> list[Finding]:
    told: list[Finding] = []
    assert await check_all([check], told.append) == told
    return told


async def test_parts_are_told_in_their_order_whoever_is_first() -> None:
    second = asyncio.Event()

    async def let_first_go() -> None:
        second.set()

    told: list[Finding] = []
    checks = [Part("a", second.wait), Part("b", let_first_go)]
    await check_all(checks, told.append)
    assert [each.hop for each in told] == ["a", "b"]


async def test_a_part_that_breaks_hides_no_other() -> None:
    told: list[Finding] = []
    checks = [
        Part("known", raising(StoreError("the disk is gone"))),
        Part("unknown", raising(KeyError("sk-secret"))),
        Part("well"),
    ]
    await check_all(checks, told.append)
    assert [(each.hop, each.outcome) for each in told] == [
        ("known", "ok"), ("known", "failed"), ("unknown", "ok"), ("unknown", "failed"),
        ("well", "ok"),
    ]  # fmt: skip
    assert told[1].told == "the disk is gone"
    assert "KeyError" in told[3].told
    assert "sk-secret" not in str(told)


async def test_a_part_that_hangs_is_told() -> None:
    told: list[Finding] = []
    await check_all([Part("slow", asyncio.Event().wait)], told.append, most_seconds=0.01)
    assert (told[-1].outcome, told[-1].told) == ("failed", "there was no outcome in 0.01 s")


async def test_who_gives_up_leaves_nothing_running() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    looking = asyncio.create_task(check_all([Part("slow", hang)], lambda _: None))
    await began.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert ended.is_set()


async def test_a_store_is_read_and_closed(tmp_path: Path) -> None:
    (finding,) = await found(StoreCheck(bootstrap.memory_store))
    assert (finding.outcome, finding.facts) == ("ok", {"actions": 0})
    broken_file = tmp_path / "a.db"
    broken_file.write_text("no database")
    (finding,) = await found(StoreCheck(lambda: bootstrap.open_store(f"sqlite:////{broken_file}")))
    assert finding.outcome == "failed"


async def test_a_source_gives_its_first_picture() -> None:
    source = bootstrap.open_source(SyntheticSource(duration_seconds=1))
    (finding,) = await found(SourceCheck(source, SystemClock()))
    assert "640x480" in finding.told
    missing = bootstrap.open_source(SyntheticSource(duration_seconds=1))
    missing.open()
    missing.close()
    (finding,) = await found(SourceCheck(missing, SystemClock()))
    assert finding.outcome == "failed"


class Lacking(ScriptedInference):
    def models(self) -> tuple[ModelInfo, ...]:
        lack = Unsupported("waving", "no networks", "overshoot models pull")
        return (ModelInfo("m", ready=True, status="degraded", missing=(lack,)),)


async def test_a_backend_is_asked_and_what_it_lacks_is_told() -> None:
    backend = Lacking(["a room"])
    findings = await found(answer_of(backend))
    assert [each.outcome for each in findings] == ["ok", "warning"]
    assert findings[1].remedy == "overshoot models pull"
    assert backend.closed
    assert backend.open_sessions == 0


@pytest.mark.parametrize(
    "backend",
    [ScriptedInference([InferenceError("the model is broken")]), ScriptedInference(models=["b"])],
)
async def test_a_backend_that_does_not_answer_is_told(backend: ScriptedInference) -> None:
    (finding,) = await found(answer_of(backend))
    assert (finding.hop, finding.outcome) == ("answer", "failed")
    assert "model" in finding.told
    assert backend.closed


async def test_a_backend_that_cannot_be_opened_is_told() -> None:
    def fail() -> ScriptedInference:
        raise ConfigurationError("an extra is missing")

    check = AnswerCheck(fail, "m", drawn_picture, SystemClock())
    assert await found(check) == [broken("answer", "an extra is missing", "")]


def answer_of(backend: ScriptedInference) -> AnswerCheck:
    return AnswerCheck(lambda: backend, "m", drawn_picture, SystemClock())
