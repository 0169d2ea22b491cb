"""`OvershootStreamRelay` over real WebRTC: what applications do with it, and what they may not."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from overshoot import OvershootStreamRelay, RelayResult
from overshoot.adapters.sources.synthetic import ScenePainter
from overshoot.domain.scene import Scene
from overshoot.errors import ConfigurationError, FrameError, StreamEndedError, UnauthorizedError
from overshoot.gateway import LocalGateway
from support.frame_reader import FrameReader

EPOCH = 1_769_000_000.0
"""Seconds since 1970, as callers' timestamps are."""


class Pictures:
    """RGB pictures that carry their numbers."""

    def __init__(self, width: int = 640, height: int = 480) -> None:
        self._scene = Scene(width, height)
        self._painter = ScenePainter(self._scene)

    def rgb(self, number: int) -> NDArray[np.uint8]:
        bgr = self._painter.paint(self._scene.at(number))
        return np.ascontiguousarray(bgr[..., ::-1])


def relay_to(gateway: LocalGateway, **changes: Any) -> OvershootStreamRelay:
    values: dict[str, Any] = {
        "api_url": gateway.url,
        "api_key": gateway.api_key,
        "prompt": "Describe what you see",
        "on_result": lambda r: None,
    }
    return OvershootStreamRelay(**{**values, **changes})


async def feed(relay: OvershootStreamRelay, pictures: Pictures, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        relay.push_frame(pictures.rgb(number), EPOCH + number / 15)
        await asyncio.sleep(1 / 15)


async def test_results_carry_the_pushed_timestamp_and_frames(gateway: LocalGateway) -> None:
    results: list[RelayResult] = []
    relay = relay_to(gateway, on_result=results.append)
    assert not relay.is_running
    stream_id = await relay.start()
    assert stream_id
    assert relay.is_running
    await feed(relay, Pictures(), 45)
    await relay.stop()
    assert not relay.is_running
    assert len(results) >= 3
    for result in results:
        assert result.get("type") == "inference"
        read = json.loads(result["result"])["numbers"]
        assert (result["frame_start"], result["frame_end"]) == (read[0], read[-1])
        assert result["timestamp"] == pytest.approx(EPOCH + read[-1] / 15, abs=1e-3)
        assert result.timestamp == result["timestamp"]
        assert json.loads(json.dumps(result))["stream_id"] == stream_id
    counts = relay.stats().frames
    assert counts.captured == 45
    assert counts.captured == counts.sent + sum(counts.dropped.values())


async def test_the_local_side_is_ready_before_the_cloud_side(
    gateway: LocalGateway, backend: FrameReader
) -> None:
    relay = relay_to(gateway, prompt="first")
    await relay.prepare()
    assert relay.is_running
    pictures = Pictures()
    relay.push_frame(pictures.rgb(0), EPOCH)
    await relay.update_prompt("second")
    connecting = asyncio.create_task(relay.connect())
    await feed(relay, pictures, 20, first=1)
    assert await connecting
    await feed(relay, pictures, 10, first=21)
    await relay.stop()
    assert {seen.prompt for seen in backend.requests} == {"second"}


async def test_a_connection_that_fails_may_be_followed_by_stop(gateway: LocalGateway) -> None:
    relay = relay_to(gateway, api_key="wrong")
    await relay.prepare()
    with pytest.raises(UnauthorizedError):
        await relay.connect()
    assert not relay.is_running
    relay.push_frame(Pictures().rgb(0), EPOCH)
    await relay.stop()
    await relay.stop()


async def test_stop_may_follow_a_connect_that_never_came(gateway: LocalGateway) -> None:
    relay = relay_to(gateway)
    await relay.prepare()
    await relay.stop()
    with pytest.raises(StreamEndedError):
        await relay.connect()


async def test_pushing_never_raises_for_a_relay_that_does_not_run(gateway: LocalGateway) -> None:
    relay = relay_to(gateway)
    picture = Pictures().rgb(0)
    relay.push_frame(picture)
    async with relay:
        relay.push_frame(picture)
    relay.push_frame(picture)
    counts = relay.stats().frames
    assert counts.dropped.get("not_running", 0) >= 2
    assert counts.captured == counts.sent + sum(counts.dropped.values()) == 3


async def test_every_kind_of_picture_is_taken(gateway: LocalGateway, backend: FrameReader) -> None:
    pictures = Pictures()
    rgb = [pictures.rgb(number) for number in range(7)]
    read_only = np.frombuffer(rgb[1].tobytes(), np.uint8).reshape(rgb[1].shape)
    strided = np.empty((480, 1280, 3), np.uint8)[:, ::2]
    strided[:] = rgb[2]
    _, jpeg = cv2.imencode(".jpg", rgb[6][..., ::-1])
    given: list[tuple[Any, dict[str, Any]]] = [
        (rgb[0], {}),
        (read_only, {}),
        (strided, {}),
        (rgb[3][..., ::-1], {"order": "bgr"}),
        (np.dstack([rgb[4], np.full((480, 640), 255, np.uint8)]), {"order": "rgba"}),
        (cv2.cvtColor(rgb[5], cv2.COLOR_RGB2GRAY), {"order": "gray"}),
        (jpeg.tobytes(), {"encoding": "jpeg"}),
    ]
    relay = relay_to(gateway, fps=30, sampling_ratio=1.0)
    async with relay:
        for number, (picture, how) in enumerate(given):
            relay.push_frame(picture, number / 5, **how)
            await asyncio.sleep(0.2)
        for later in (1.45, 1.9, 2.4):  # A receiver hands out a picture when the next one begins.
            relay.push_frame(rgb[0], later)
            await asyncio.sleep(0.3)
    read = {number for seen in backend.requests for number in seen.numbers}
    # The first frame is at time 0, which no clip covers.
    assert read - {None} >= {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((480, 640, 3), np.float32),
        np.zeros((480, 640), np.uint8),
        np.zeros((0, 640, 3), np.uint8),
        "a picture",
        b"\xff\xd8 raw bytes",
    ],
)
async def test_what_can_never_be_a_frame_is_refused_to_whoever_pushes_it(
    gateway: LocalGateway, picture: Any
) -> None:
    async with relay_to(gateway) as relay:
        with pytest.raises(FrameError):
            relay.push_frame(picture)
        with pytest.raises(FrameError):
            relay.push_frame(np.zeros((48, 64, 3), np.uint8), float("nan"))


async def test_frames_of_any_size_and_a_phone_that_is_turned(
    gateway: LocalGateway, backend: FrameReader
) -> None:
    wide, tall = Pictures(1280, 720), Pictures(720, 1280)
    async with relay_to(gateway) as relay:
        await feed(relay, wide, 20)
        await feed(relay, tall, 25, first=20)
    numbers = [number for seen in backend.requests for number in seen.numbers]
    assert None not in numbers
    assert max(number for number in numbers if number is not None) > 25
    counts = relay.stats().frames
    assert counts.captured == counts.sent + sum(counts.dropped.values()) == 45


async def test_eight_threads_push_as_fast_as_they_can(gateway: LocalGateway) -> None:
    picture = Pictures().rgb(0)
    done = threading.Event()
    pushed = [0] * 8

    async with relay_to(gateway) as relay:

        def push(slot: int) -> None:
            while not done.is_set():
                relay.push_frame(picture, time.time())
                pushed[slot] += 1

        threads = [threading.Thread(target=push, args=(slot,)) for slot in range(8)]
        for thread in threads:
            thread.start()
        await asyncio.sleep(1.0)
        done.set()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    counts = relay.stats().frames
    assert counts.captured == sum(pushed)
    assert counts.captured == counts.sent + sum(counts.dropped.values())
    assert counts.sent >= 1
    assert counts.waiting == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", 8), ("height", 480.5), ("fps", 0), ("sampling_ratio", 1.5), ("delay_seconds", -1)],
)
async def test_a_wrong_value_is_named_at_the_start(
    gateway: LocalGateway, name: str, value: Any
) -> None:
    relay = relay_to(gateway, **{name: value})
    with pytest.raises(ConfigurationError) as caught:
        await relay.start()
    assert caught.value.details["field"] == name
    assert not relay.is_running


async def test_a_task_that_the_callback_starts_is_left_to_itself(gateway: LocalGateway) -> None:
    got: list[Any] = []

    async def forward(result: RelayResult) -> None:
        await asyncio.sleep(0)
        got.append(json.loads(json.dumps(result)))

    relay = relay_to(gateway, on_result=lambda r: asyncio.create_task(forward(r)))
    async with relay:
        await feed(relay, Pictures(), 25)
    assert len(got) >= 2
