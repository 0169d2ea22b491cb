"""A gateway that goes away and comes back, as the caller sees it."""

from __future__ import annotations

import asyncio
from typing import Any

from overshoot import RealtimeVision, RealtimeVisionConfig, SyntheticSource
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.status import StreamStatus
from overshoot.errors import NetworkError
from overshoot.gateway import GatewaySettings, LocalGateway
from support.frame_reader import FrameReader

KEY = "ovs_the_same_before_and_after"


def configured(port: int, **changes: Any) -> RealtimeVisionConfig:
    values: dict[str, Any] = {
        "api_url": f"http://127.0.0.1:{port}/api/v0.2",
        "api_key": KEY,
        "prompt": "first",
        "source": SyntheticSource(),
        "processing": {"target_fps": 15, "clip_length_seconds": 0.4, "delay_seconds": 0.4},
    }
    return RealtimeVisionConfig(**{**values, **changes})


def gateway(port: int = 0) -> LocalGateway:
    settings = GatewaySettings(api_keys=(KEY,))
    return LocalGateway(settings=settings, backend=FrameReader(), port=port)


async def test_results_go_on_in_order_after_a_restart_of_the_gateway() -> None:
    told: list[StreamStatus] = []
    first = gateway()
    await first.start()
    vision = RealtimeVision(configured(first.port, on_state=told.append))
    async with vision:
        results = vision.results()
        before = [await asyncio.wait_for(anext(results), 10) for _ in range(3)]
        await vision.update_prompt("second")
        port = first.port
        await first.stop()
        async with gateway(port):
            after = [await asyncio.wait_for(anext(results), 20) for _ in range(3)]
            while after[-1].epoch == 0:
                after.append(await asyncio.wait_for(anext(results), 20))
            stats = vision.stats()
    seqs = [result.seq for result in [*before, *after]]
    assert seqs == list(range(len(seqs)))
    times = [result.timestamp for result in [*before, *after] if result.timestamp is not None]
    assert times == sorted(times)
    assert len(times) == len(seqs)
    assert (after[-1].epoch, after[-1].prompt, after[-1].prompt_version) == (1, "second", 1)
    assert stats.reconnections >= 1
    states = [status.state for status in told]
    assert states[:2] == ["opening", "active"]
    assert "reconnecting" in states
    assert states[states.index("reconnecting") :].count("active") == 1
    assert states[-1] == "closed"


async def test_it_gives_up_when_the_time_is_over() -> None:
    errors: list[Exception] = []
    async with gateway() as running:
        policy = ReconnectionPolicy(give_up_seconds=1.0)
        config = configured(running.port, reconnect=policy, on_error=errors.append)
        vision = RealtimeVision(config)
        await vision.start()
    end = await asyncio.wait_for(vision.wait_ended(), 20)
    assert end.reason == "connection_lost"
    assert isinstance(end.error, NetworkError)
    assert errors == [end.error]
    assert not vision.is_active()


async def test_stop_while_reconnecting_ends_it_at_once() -> None:
    waiting = asyncio.Event()

    def watch(status: StreamStatus) -> None:
        if status.state == "reconnecting":
            waiting.set()

    async with gateway() as running:
        vision = RealtimeVision(configured(running.port, on_state=watch))
        await vision.start()
    await asyncio.wait_for(waiting.wait(), 10)
    assert vision.is_active()
    await asyncio.wait_for(vision.stop(), 10)
    end = await vision.wait_ended()
    assert (end.reason, end.error) == ("client_requested", None)
