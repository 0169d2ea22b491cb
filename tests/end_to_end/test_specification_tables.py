"""Every row of the specification's tables: its name, its default, and what it does."""

from __future__ import annotations

import csv
import inspect
import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from attrs import NOTHING, fields_dict

import overshoot
from overshoot import (
    ActionDetector,
    ActionStore,
    CallbackError,
    ConfigurationError,
    DetectedAction,
    NotFoundError,
    OvershootHttpClient,
    OvershootStreamRelay,
    RealtimeVision,
    RealtimeVisionConfig,
    RelayResult,
    SyntheticSource,
)
from overshoot.gateway import LocalGateway
from overshoot.testing.scripted_inference import ScriptedInference
from overshoot.testing.waiting import until
from support.picture_stream import frames, rgb_picture
from support.specification import exchanged, program
from support.specification_blocks import FIRST_EXAMPLE
from support.specification_tables import (
    COMPONENTS,
    CONFIGURATION,
    DETECTOR_METHODS,
    RELAY_METHODS,
    RELAY_PARAMETERS,
    STORE_METHODS,
    VISION_METHODS,
    rows,
)
from support.stream_fakes import Inbox

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
SCHEMA = {"type": "object", "properties": {"count": {"type": "integer"}}}
QUICK = {"target_fps": 10, "clip_length_seconds": 0.5, "delay_seconds": 0.5}
METHODS = [
    (owner, row[0])
    for owner, table in (
        (RealtimeVision, VISION_METHODS),
        (ActionDetector, DETECTOR_METHODS),
        (ActionStore, STORE_METHODS),
        (OvershootStreamRelay, RELAY_METHODS),
    )
    for row in rows(table, 2)
]
ELSEWHERE = {"api_url", "api_key", "on_result"}
"""Required, but not necessarily here: the environment may say, or `results()` is read."""
AWAITED: dict[type[Any], set[str]] = {
    RealtimeVision: {"start", "stop", "update_prompt", "submit_feedback"},
    ActionDetector: {"start", "stop", "analyze_video"},
    ActionStore: set(),
    OvershootStreamRelay: {"start", "stop", "update_prompt"},
}


@pytest.fixture
def backend() -> ScriptedInference:
    return ScriptedInference([{"count": 1}])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.mark.parametrize("name", [row[0] for row in rows(COMPONENTS, 2)])
def test_a_component_is_importable(name: str) -> None:
    assert inspect.isclass(getattr(overshoot, name))
    assert name in overshoot.__all__


@pytest.mark.parametrize("package", ["aiohttp", "aiortc", "opencv-python", "numpy"])
def test_a_required_package_comes_with_the_installation(package: str) -> None:
    needed = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    assert package in {re.split(r"[<>=~!; ]", each)[0] for each in needed}


@pytest.mark.parametrize(("name", "kind", "required", "purpose"), rows(CONFIGURATION, 4))
def test_a_row_of_the_configuration(name: str, kind: str, required: str, purpose: str) -> None:
    attribute = fields_dict(RealtimeVisionConfig)[name]
    if name in ELSEWHERE:
        assert attribute.default is None
    else:
        assert (attribute.default is NOTHING) == (required == "Yes")
    if kind == "bool":
        assert attribute.default is False


@pytest.mark.parametrize("missing", ["api_url", "api_key", "prompt"])
async def test_address_key_and_prompt_are_required(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OVERSHOOT_API_URL", "OVERSHOOT_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {
        "api_url": "http://127.0.0.1:9/api/v0.2",
        "api_key": "k",
        "prompt": "?",
    }
    del given[missing]
    source = SyntheticSource()
    with pytest.raises((ConfigurationError, TypeError), match=missing):
        await RealtimeVision(RealtimeVisionConfig(**given, source=source)).start()
    with pytest.raises((ConfigurationError, TypeError), match=missing):
        await OvershootStreamRelay(**given).start()


async def test_the_rows_of_the_configuration_do_what_they_say(
    gateway: LocalGateway, backend: ScriptedInference, inbox: Inbox
) -> None:
    def fail_once(result: Any) -> None:
        inbox.on_result(result)
        if len(inbox.results) == 1:
            raise LookupError("of the caller's")

    config = RealtimeVisionConfig(
        api_url=gateway.url,
        api_key=gateway.api_key,
        prompt="How many?",
        on_result=fail_once,
        source=SyntheticSource(width=320, height=240),
        backend="gemini",
        model="some-model",
        output_schema=SCHEMA,
        on_error=inbox.on_error,
        processing=QUICK,
    )
    async with RealtimeVision(config) as vision:
        await inbox.until(lambda: len(inbox.results) >= 2)
        told = await told_by_the_gateway(gateway, vision.get_stream_id())
    asked = backend.requests[1]
    assert (asked.prompt, asked.model, asked.output_schema) == ("How many?", "some-model", SCHEMA)
    assert (asked.frames[0].width, asked.frames[0].height) == (320, 240)
    assert 4 <= len(asked.frames) <= 6  # Half a second of ten frames a second.
    assert (told["backend"], told["model"], told["output_schema_json"]) == (
        "gemini",
        "some-model",
        SCHEMA,
    )
    (error,) = inbox.errors
    assert isinstance(error, CallbackError)
    assert isinstance(error.cause, LookupError)


async def told_by_the_gateway(gateway: LocalGateway, stream_id: str | None) -> dict[str, Any]:
    """How the gateway was asked to answer, which it repeats when the prompt is changed."""
    assert stream_id is not None
    async with OvershootHttpClient(gateway.url, gateway.api_key) as client:
        return await client.update_prompt(stream_id, "How many now?")


async def test_debug_logs_what_happens_and_no_key(gateway: LocalGateway, tmp_path: Path) -> None:
    text = exchanged(FIRST_EXAMPLE, gateway).replace("asyncio.sleep(2.5)", "asyncio.sleep(0)")
    text = text.replace("prompt=", "debug=True,\n        prompt=")
    out, err = await program(text, tmp_path)
    assert "DEBUG" in err
    assert gateway.api_key not in out + err


@pytest.mark.parametrize(("name", "kind", "default", "purpose"), rows(RELAY_PARAMETERS, 4))
def test_a_row_of_the_relays_parameters(name: str, kind: str, default: str, purpose: str) -> None:
    parameter = inspect.signature(OvershootStreamRelay).parameters[name]
    if name in ELSEWHERE:
        assert parameter.default is None
    elif default == "Required":
        assert parameter.default is inspect.Parameter.empty
    else:
        assert parameter.default == (None if default == "None" else json.loads(default))


async def test_the_relays_parameters_do_what_they_say(
    gateway: LocalGateway, backend: ScriptedInference, inbox: Inbox
) -> None:
    def fail_once(result: Any) -> None:
        inbox.on_result(result)
        if len(inbox.results) == 1:
            raise LookupError("of the caller's")

    relay = OvershootStreamRelay(
        api_url=gateway.url,
        api_key=gateway.api_key,
        prompt="How many?",
        on_result=fail_once,
        on_error=inbox.on_error,
        model="some-model",
        backend="overshoot",
        output_schema=SCHEMA,
        width=320,
        height=240,
        fps=20,
        sampling_ratio=0.25,
        clip_length_seconds=0.8,
        delay_seconds=0.4,
    )
    async with relay:
        async for picture in frames(150):
            relay.push_frame(picture)
            if len(backend.requests) >= 4:
                break
        told = await told_by_the_gateway(gateway, relay.get_stream_id())
    third = backend.requests[2]
    assert (third.prompt, third.model, third.output_schema) == ("How many?", "some-model", SCHEMA)
    assert (third.frames[0].width, third.frames[0].height) == (320, 240)
    assert 3 <= len(third.frames) <= 5  # 0.8 seconds of 20 frames a second, of which a quarter.
    newest = [clip.frames[-1].timestamp for clip in backend.requests]
    apart = (newest[-1] - newest[0]) / (len(newest) - 1)
    assert apart == pytest.approx(0.4, abs=0.12)
    assert told["backend"] == "overshoot"
    (error,) = inbox.errors
    assert isinstance(error, CallbackError)


@pytest.mark.parametrize(("owner", "call"), METHODS)
def test_a_method_is_called_as_its_table_says(owner: type[Any], call: str) -> None:
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", call).groups()  # type: ignore[union-attr]
    method = inspect.getattr_static(owner, name)
    takes = list(inspect.signature(method).parameters.values())[1:]
    wanted = [each for each in arguments.split(", ") if each]
    assert [str(each).split(":")[0].split("=")[0] for each in takes[: len(wanted)]] == wanted
    left = [each for each in takes[len(wanted) :] if each.default is inspect.Parameter.empty]
    assert left == []
    assert inspect.iscoroutinefunction(method) == (name in AWAITED[owner])


async def test_the_methods_of_the_stream_do_what_they_say(
    gateway: LocalGateway, inbox: Inbox
) -> None:
    config = RealtimeVisionConfig(
        api_url=gateway.url,
        api_key=gateway.api_key,
        prompt="first",
        on_result=inbox.on_result,
        source=SyntheticSource(),
        processing=QUICK,
    )
    vision = RealtimeVision(config)
    assert (vision.is_active(), vision.get_stream_id()) == (False, None)
    await vision.start()
    stream_id = vision.get_stream_id()
    assert stream_id is not None
    assert vision.is_active()
    async with OvershootHttpClient(gateway.url, gateway.api_key) as client:
        assert (await client.keepalive(stream_id))["stream_id"] == stream_id
        await vision.update_prompt("second")
        await inbox.until(lambda: bool(inbox.results) and inbox.results[-1].prompt == "second")
        await vision.submit_feedback(rating=5, category="accuracy", feedback="Good")
        (given,) = await client.get_all_feedback()
        assert (given["stream_id"], given["rating"], given["category"], given["feedback"]) == (
            stream_id,
            5,
            "accuracy",
            "Good",
        )
        await vision.stop()
        assert (vision.is_active(), vision.get_stream_id()) == (False, None)
        with pytest.raises(NotFoundError):
            await client.keepalive(stream_id)


async def test_the_methods_of_the_relay_do_what_they_say(
    gateway: LocalGateway, backend: ScriptedInference
) -> None:
    results: list[RelayResult] = []
    relay = OvershootStreamRelay(
        api_url=gateway.url,
        api_key=gateway.api_key,
        prompt="first",
        on_result=results.append,
    )
    stream_id = await relay.start()
    assert stream_id == relay.get_stream_id()
    await relay.update_prompt("second")
    async for picture in frames(150):
        relay.push_frame(picture, timestamp=time.time())
        if results:
            break
    await relay.stop()
    assert not relay.is_running
    assert {request.prompt for request in backend.requests} == {"second"}
    relay.push_frame(rgb_picture(0))
    assert relay.stats().frames.dropped["not_running"] >= 1


async def test_the_methods_of_the_detector_do_what_they_say(tmp_path: Path) -> None:
    seen = {"detected_actions": [{"action": "pointing", "confidence": 0.8, "detected": True}]}
    found: list[DetectedAction] = []

    async with LocalGateway(backend=ScriptedInference([seen])) as gateway:
        detector = ActionDetector(
            api_url=gateway.url,
            api_key=gateway.api_key,
            actions=["pointing"],
            source=SyntheticSource(),
            on_action=found.append,
        )
        await detector.start()
        await until(lambda: len(found) >= 2)
        await detector.stop()
    assert detector.get_actions() == detector.actions == found
    assert detector.get_actions(end_time=found[0].timestamp) == found[:1]
    assert detector.summary() == {"pointing": len(found)}
    for format in ("json", "csv"):
        detector.export(tmp_path / format, format)
    assert len(json.loads((tmp_path / "json").read_text())) == len(found)
    with (tmp_path / "csv").open(newline="", encoding="utf-8") as file:
        assert [row["action"] for row in csv.DictReader(file)] == ["pointing"] * len(found)
    detector.clear()
    assert (detector.actions, detector.summary()) == ([], {})


def test_the_methods_of_the_store_do_what_they_say(tmp_path: Path) -> None:
    first, second, third = (
        DetectedAction(name, 1.0 * at, at, 0.9) for at, name in enumerate("aba")
    )
    store = ActionStore()
    store.add(second)
    store.add_many([third, first])
    assert store.get_actions() == [first, second, third]
    assert store.get_actions(action="a", start_time=1.0) == [third]
    assert store.summary() == {"a": 2, "b": 1}
    store.export_json(tmp_path / "json")
    store.export_csv(tmp_path / "csv")
    assert [each["timestamp"] for each in json.loads((tmp_path / "json").read_text())] == [0, 1, 2]
    assert len((tmp_path / "csv").read_text().splitlines()) == 4
    store.clear()
    assert len(store) == 0
