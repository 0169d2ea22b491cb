"""Read by mypy and pyright, never run: the types of `overshoot.sync` and of the later SDK."""

from __future__ import annotations

from typing import Any, assert_type

from attrs import frozen

from overshoot import (
    DetectedAction,
    FileSource,
    InferenceResult,
    ModelInfo,
    Overshoot,
    RealtimeVisionConfig,
    Stream,
    StreamEnd,
)
from overshoot.sync import (
    ActionDetector,
    LocalGateway,
    OvershootHttpClient,
    OvershootStreamRelay,
    RealtimeVision,
)


@frozen
class Count:
    people: int


def answers_are_typed_in_a_for_loop() -> None:
    with RealtimeVision(RealtimeVisionConfig(prompt="?", output_schema=Count)) as vision:
        for result in vision.results():
            assert_type(result, InferenceResult[Count])
            assert_type(result.parsed, Count | None)
        assert_type(vision.wait_ended(), StreamEnd)


def the_others_are_typed(client: OvershootHttpClient, detector: ActionDetector) -> None:
    with LocalGateway() as gateway:
        assert_type(gateway, LocalGateway)
        assert_type(gateway.url, str)
    with OvershootStreamRelay(prompt="?", on_result=print, width=320) as relay:
        assert_type(relay.is_running, bool)
    assert_type(OvershootStreamRelay(prompt="?").start(), str)
    assert_type(client.keepalive("id"), dict[str, Any])
    assert_type(detector.analyze_video("video.mp4"), list[DetectedAction])


async def the_later_sdk_is_typed(client: Overshoot) -> None:
    stream = await client.streams.create(FileSource("v.mp4", loop=True), "?", print, mode="clip")
    assert_type(stream, Stream)
    assert_type(stream.is_active, bool)
    assert_type(stream.stream_id, str)
    assert_type(await client.get_models(), list[ModelInfo])
