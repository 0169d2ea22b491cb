"""`overshoot.sync`: the same façades for programs without an event loop."""

from __future__ import annotations

import inspect
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import overshoot
from overshoot import (
    ConfigurationError,
    InferenceResult,
    NotFoundError,
    OvershootError,
    RealtimeVisionConfig,
    RelayResult,
    SourceError,
    StreamEndedError,
    SyntheticSource,
    UnauthorizedError,
    VideoFileSource,
    sync,
)
from overshoot.domain.inference import InferenceRequest
from overshoot.gateway import LocalGateway as AsyncGateway
from overshoot.sync.loop_thread import LoopThread
from overshoot.testing.scripted_inference import ScriptedInference
from support.frame_reader import FrameReader
from support.videos import write_scene

QUICK = {"target_fps": 10, "clip_length_seconds": 0.3, "delay_seconds": 0.3}
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [thread for thread in threading.enumerate() if thread not in before] == []


@pytest.fixture
def gateway() -> Iterator[sync.LocalGateway]:
    with sync.LocalGateway(backend=FrameReader()) as running:
        yield running


def config(
    gateway: sync.LocalGateway, seconds: float | None = None, **more: Any
) -> RealtimeVisionConfig:
    values: dict[str, Any] = {
        "api_url": gateway.url,
        "api_key": gateway.api_key,
        "prompt": "read",
        "source": SyntheticSource(duration_seconds=seconds),
        "processing": QUICK,
    }
    return RealtimeVisionConfig(**{**values, **more})


# --- the same surface ----------------------------------------------------------------------------

PAIRS: list[tuple[type[Any], type[Any]]] = [
    (overshoot.RealtimeVision, sync.RealtimeVision),
    (overshoot.OvershootStreamRelay, sync.OvershootStreamRelay),
    (overshoot.OvershootHttpClient, sync.OvershootHttpClient),
    (overshoot.ActionDetector, sync.ActionDetector),
    (AsyncGateway, sync.LocalGateway),
]


def public(kind: type[Any]) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    given = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default) for each in given]


@pytest.mark.parametrize(("kind", "same"), PAIRS)
def test_every_method_is_there_with_the_same_parameters_and_none_is_async(
    kind: type[Any], same: type[Any]
) -> None:
    assert set(public(same)) - {"settings"} == set(public(kind))  # An attribute of each gateway.
    for name, member in public(same).items():
        assert not inspect.iscoroutinefunction(member)
        if callable(member):
            assert parameters(member) == parameters(public(kind)[name]), name


@pytest.mark.parametrize(("kind", "same"), [PAIRS[0], *PAIRS[2:]])
def test_constructors_take_the_same(kind: type[Any], same: type[Any]) -> None:
    assert parameters(same.__init__) == parameters(kind.__init__)


def test_the_relay_takes_the_same_options() -> None:
    names = [name for name, *_ in parameters(overshoot.OvershootStreamRelay.__init__)]
    assert ["self", *sync.RelayOptions.__annotations__] == names


# --- a stream ------------------------------------------------------------------------------------


def test_results_come_in_a_for_loop_until_the_video_ends(gateway: sync.LocalGateway) -> None:
    vision = sync.RealtimeVision(config(gateway, seconds=1.5))
    with vision:
        assert vision.is_active()
        assert vision.get_stream_id()
        results = list(vision.results())
        assert vision.wait_ended().reason == "source_ended"
    assert len(results) >= 3
    assert [result.seq for result in results] == list(range(len(results)))
    assert all(json.loads(result.result)["prompt"] == "read" for result in results)
    assert vision.stats().results == len(results)
    assert not vision.is_active()
    assert vision.wait_ended().reason == "source_ended"


def test_a_stream_can_be_started_again(gateway: sync.LocalGateway) -> None:
    vision = sync.RealtimeVision(config(gateway))
    ids = set()
    for _ in range(2):
        with vision:
            ids.add(vision.get_stream_id())
            next(vision.results())
        vision.stop()
    assert len(ids) == 2


async def test_it_works_where_an_event_loop_runs_already(gateway: sync.LocalGateway) -> None:
    with sync.RealtimeVision(config(gateway)) as vision:
        assert next(vision.results()).ok
        vision.update_prompt("again")
        vision.submit_feedback(5, "accuracy")
        prompts = (json.loads(result.result)["prompt"] for result in vision.results())
        assert "again" in prompts


def test_stop_in_another_thread_ends_the_loop_over_results(gateway: sync.LocalGateway) -> None:
    vision = sync.RealtimeVision(config(gateway))
    vision.start()
    results = vision.results()
    next(results)
    stopping = threading.Thread(target=vision.stop)
    stopping.start()
    rest = list(results)
    stopping.join()
    assert all(result.ok for result in rest)
    assert list(results) == []


def test_several_threads_may_wait_at_once(gateway: sync.LocalGateway) -> None:
    seen: list[str] = []
    with sync.RealtimeVision(config(gateway, seconds=1)) as vision:
        threads = [
            threading.Thread(target=lambda: seen.append(vision.wait_ended().reason))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == ["source_ended"] * 3


def test_callbacks_run_on_the_streams_own_thread(gateway: sync.LocalGateway) -> None:
    names: set[str] = set()
    refused: list[OvershootError] = []

    def on_result(result: InferenceResult[Any]) -> None:
        names.add(threading.current_thread().name)
        assert vision.stats().results > 0
        try:
            vision.update_prompt("never")
        except OvershootError as error:
            refused.append(error)

    vision = sync.RealtimeVision(config(gateway, seconds=1, on_result=on_result))
    with vision:
        vision.wait_ended()
    assert names == {"overshoot-sync-RealtimeVision"}
    assert "callback" in refused[0].message


def test_a_callback_may_stop_its_own_stream(gateway: sync.LocalGateway) -> None:
    seen: list[InferenceResult[Any]] = []

    def on_result(result: InferenceResult[Any]) -> None:
        seen.append(result)
        vision.stop()

    vision = sync.RealtimeVision(config(gateway, on_result=on_result))
    vision.start()
    assert vision.wait_ended().reason == "client_requested"
    vision.stop()
    assert len(seen) == 1
    with vision:
        assert vision.is_active()


async def _awaited(result: InferenceResult[Any], into: list[Any]) -> None:
    into.append(result.result)


def test_an_async_callback_is_awaited(gateway: sync.LocalGateway) -> None:
    seen: list[Any] = []
    with sync.RealtimeVision(
        config(gateway, seconds=1, on_result=lambda r: _awaited(r, seen))
    ) as vision:
        vision.wait_ended()
    assert len(seen) == vision.stats().results > 0


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"api_key": "another"}, UnauthorizedError),
        ({"prompt": ""}, ConfigurationError),
        ({"source": VideoFileSource("/no/such/file.mp4")}, SourceError),
    ],
)
def test_errors_come_through_and_leave_no_thread(
    gateway: sync.LocalGateway, wrong: dict[str, Any], kind: type[OvershootError]
) -> None:
    running = set(threading.enumerate())
    with pytest.raises(kind) as caught:
        sync.RealtimeVision(config(gateway, **wrong)).start()
    assert type(caught.value) is kind
    assert set(threading.enumerate()) == running


def test_what_needs_a_stream_says_so_without_one(gateway: sync.LocalGateway) -> None:
    vision = sync.RealtimeVision(config(gateway))
    vision.stop()
    for call in (vision.wait_ended, vision.stats, vision.results):
        with pytest.raises(StreamEndedError, match="start"):
            call()
    with pytest.raises(StreamEndedError):
        vision.update_prompt("new")
    with pytest.raises(ConfigurationError):
        vision.update_prompt("")


def test_a_second_start_is_refused_and_the_first_goes_on(gateway: sync.LocalGateway) -> None:
    with sync.RealtimeVision(config(gateway)) as vision:
        with pytest.raises(StreamEndedError, match="already"):
            vision.start()
        assert next(vision.results()).ok


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own answer to Ctrl-C, which a shell switches off for what it runs in background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _interrupt(_: object) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to threads on POSIX only")
@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("wait", ["wait_ended", "results"])
def test_ctrl_c_ends_a_wait_and_the_stream_is_released(
    gateway: sync.LocalGateway, wait: str
) -> None:
    vision = sync.RealtimeVision(config(gateway, seconds=30))

    def until_interrupted() -> None:
        with vision:
            timer.start()
            if wait == "wait_ended":
                vision.wait_ended()
            for _ in vision.results():
                continue

    timer = threading.Timer(0.5, _interrupt, [None])
    with pytest.raises(KeyboardInterrupt):
        until_interrupted()
    timer.join()
    assert not vision.is_active()
    assert vision.wait_ended().reason == "client_requested"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to threads on POSIX only")
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_cancels_what_it_interrupts() -> None:
    import asyncio

    seen: list[str] = []

    async def work() -> None:
        threading.Timer(0.0, _interrupt, [None]).start()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    thread = LoopThread("overshoot-test", lambda: asyncio.sleep(0))
    with pytest.raises(KeyboardInterrupt):
        thread.begin(work)
    assert seen == ["cancelled"]


def test_a_thread_that_cannot_begin_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    def no_loop() -> Any:
        raise OSError("too many open files")

    monkeypatch.setattr("asyncio.Runner.__enter__", lambda self: no_loop())
    thread = LoopThread("overshoot-test", lambda: asyncio.sleep(0))
    with pytest.raises(OSError, match="too many"):
        thread.begin(lambda: asyncio.sleep(0))
    thread.close()


def test_opening_running_and_closing_may_meet_in_any_order() -> None:
    import asyncio

    async def work() -> int:
        await asyncio.sleep(0.001)
        return 7

    loop = LoopThread("overshoot-test", lambda: asyncio.sleep(0))
    turns: list[Callable[[], Any]] = [
        loop.open,
        lambda: loop.begin(work),
        lambda: loop.run(work),
        loop.close,
    ]
    seen: list[Any] = []

    def turn(first: int) -> None:
        for number in range(40):
            seen.append(turns[(first + number * 3) % 4]())

    threads = [threading.Thread(target=turn, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loop.close()
    assert seen.count(7) == 80


# --- the others ----------------------------------------------------------------------------------


def frame() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.full((480, 640, 3), 128, np.uint8)


def push_until(relay: sync.OvershootStreamRelay, done: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not done() and time.monotonic() - began < 20:
        relay.push_frame(frame(), time.monotonic())
        threading.Event().wait(1 / 30)


def test_frames_are_pushed_without_waiting(gateway: sync.LocalGateway) -> None:
    seen: list[RelayResult] = []
    relay = sync.OvershootStreamRelay(
        api_url=gateway.url, api_key=gateway.api_key, prompt="?", on_result=seen.append
    )
    relay.push_frame(frame())
    with relay:
        assert relay.is_running
        push_until(relay, lambda: len(seen) >= 2)
    assert not relay.is_running
    relay.push_frame(frame())
    assert [result["type"] for result in seen[:2]] == ["inference", "inference"]
    counts = relay.stats().frames
    assert counts.captured == counts.sent + sum(counts.dropped.values())


def test_a_relay_is_prepared_and_then_connected(gateway: sync.LocalGateway) -> None:
    relay = sync.OvershootStreamRelay(api_url=gateway.url, api_key=gateway.api_key, prompt="?")
    relay.prepare()
    assert relay.is_running
    relay.push_frame(frame())
    relay.update_prompt("second")
    assert relay.connect() == relay.get_stream_id()
    relay.stop()
    relay.stop()


def test_a_relay_that_cannot_connect_leaves_nothing(gateway: sync.LocalGateway) -> None:
    running = set(threading.enumerate())
    relay = sync.OvershootStreamRelay(api_url=gateway.url, api_key="another", prompt="?")
    relay.prepare()
    with pytest.raises(UnauthorizedError):
        relay.connect()
    assert set(threading.enumerate()) == running
    relay.stop()


def test_requests_are_made_one_by_one(gateway: sync.LocalGateway) -> None:
    with sync.OvershootHttpClient(gateway.url, gateway.api_key) as client:
        assert json.loads(client.health_check())["status"] == "ok"
        assert client.get_all_feedback() == []
        with pytest.raises(NotFoundError):
            client.keepalive("00000000-0000-0000-0000-000000000000")
        with pytest.raises(ConfigurationError):
            client.create_stream("v=0")
        assert client.get_websocket_url("s").startswith("ws://")
    assert "ok" in client.health_check()
    client.close()
    client.close()


def test_a_detector_finds_actions_in_a_video(tmp_path: Path) -> None:
    def verdict(request: InferenceRequest) -> dict[str, Any]:
        return {"detected_actions": [{"action": "waving", "confidence": 0.9, "detected": True}]}

    video = write_scene(tmp_path / "scene.mp4", seconds=1.5)
    with sync.LocalGateway(backend=ScriptedInference(verdict)) as gateway:
        detector = sync.ActionDetector(
            api_url=gateway.url, api_key=gateway.api_key, actions=["waving"]
        )
        found = detector.analyze_video(video)
        with pytest.raises(SourceError):
            detector.analyze_video(tmp_path / "none.mp4")
        names = [thread.name for thread in threading.enumerate()]
        assert "overshoot-sync-detector" not in names
    assert found == detector.actions == detector.get_actions(action="waving")
    assert detector.summary() == {"waving": len(found)}
    detector.clear()
    assert detector.actions == []


def test_a_gateway_is_started_once(gateway: sync.LocalGateway) -> None:
    url = gateway.url
    assert gateway.start().url == url
    with sync.OvershootHttpClient(url, gateway.api_key) as client:
        assert "ok" in client.health_check()


PROGRAM = """
from overshoot import RealtimeVisionConfig, SyntheticSource
from overshoot.sync import LocalGateway, RealtimeVision

vision = RealtimeVision(
    RealtimeVisionConfig(
        api_url={url!r}, api_key={key!r}, prompt="read", source=SyntheticSource(),
        processing={{"target_fps": 10, "clip_length_seconds": 0.3, "delay_seconds": 0.3}},
    )
)
vision.start()
next(vision.results())
print(vision.get_stream_id())
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_program_that_forgets_to_stop_ends_and_its_stream_too(
    gateway: sync.LocalGateway, host: str
) -> None:
    program = PROGRAM.format(url=gateway.url.replace("127.0.0.1", host), key=gateway.api_key)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    stream_id = done.stdout.strip()
    with sync.OvershootHttpClient(gateway.url, gateway.api_key) as client:
        with pytest.raises(NotFoundError):
            client.keepalive(stream_id)


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, overshoot.sync; print([m for m in ('cv2','aiortc') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
