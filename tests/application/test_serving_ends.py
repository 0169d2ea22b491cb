"""How streams of a gateway end when several reasons meet, and whether it would take a new one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.kit import ScriptedBackend
from overshoot.application.serving import Serving
from overshoot.application.serving_settings import ServingSettings
from overshoot.domain.sampling import FrameSampling
from overshoot.domain.serving import ServeRequest
from overshoot.domain.stream import StreamInferenceConfig
from overshoot.testing.manual_clock import ManualClock

REQUEST = ServeRequest(FrameSampling(1.0), StreamInferenceConfig(prompt="read", model="scripted"))


@pytest.fixture
def clock() -> Any:
    return ManualClock()


@pytest.fixture
async def serving(clock: ManualClock) -> Any:
    serving = Serving(ScriptedBackend(), clock=clock)
    yield serving
    await serving.stop()


async def test_a_client_that_deletes_and_hangs_up_has_asked_for_the_end(serving: Serving) -> None:
    stream = await serving.create("me", REQUEST)
    results = stream.subscribe()
    assert serving.delete("me", stream.id)
    await stream.finish()
    assert stream.reason == results.reason == "client_requested"


@pytest.mark.parametrize("how", ["lease", "video", "deleted"])
async def test_a_stream_without_credits_says_so_when_it_ends(
    serving: Serving, clock: ManualClock, how: str
) -> None:
    stream = await serving.create("me", REQUEST)
    stream.deny_renewal()
    if how == "video":
        await stream.finish()
    elif how == "deleted":
        serving.delete("me", stream.id)
        # The lease, and the grace time.
        await clock.until_sleepers(2)
        await clock.advance(1)
    else:
        await clock.until_sleepers(1)
        await clock.advance(90)
    await stream.wait_ended()
    wanted = "client_requested" if how == "deleted" else "insufficient_credits"
    assert stream.reason == wanted


async def test_it_is_ready_while_a_model_is_and_it_is_not_stopping(clock: ManualClock) -> None:
    backend = ScriptedBackend()
    serving = Serving(backend, clock=clock)
    assert serving.ready()
    backend.loading = True
    assert not serving.ready()
    backend.loading = False
    await serving.stop()
    assert not serving.ready()


async def test_the_cap_on_the_sides_is_a_setting(clock: ManualClock) -> None:
    settings = ServingSettings(max_long_side=640, max_short_side=360)
    serving = Serving(ScriptedBackend(), clock=clock, settings=settings)
    stream = await serving.create("me", REQUEST)
    arrival = stream.arrived(0, 1080, 1920)
    assert (arrival.out_width, arrival.out_height) == (360, 640)
    info = stream.info()
    assert (info.frame_width, info.effective_width) == (1080, 360)
    await serving.stop()
