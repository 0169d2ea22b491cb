"""Read by mypy and pyright, never run: the types that callers rely on."""

from __future__ import annotations

from typing import Any, assert_type

from overshoot import (
    CameraSource,
    InferenceResult,
    OvershootHttpClient,
    RealtimeVision,
    RealtimeVisionConfig,
    StreamEnd,
    VideoFileSource,
)


async def answers_are_typed(result: InferenceResult[int]) -> None:
    assert_type(result.result, str)
    assert_type(result.ok, bool)
    assert_type(result.timestamp, float | None)
    assert_type(result.parsed, int | None)
    assert_type(result["result"], Any)


async def keep(result: InferenceResult[Any]) -> None:
    print(result.result)


def callbacks_may_be_sync_async_or_lambdas() -> None:
    RealtimeVisionConfig(api_url="", api_key="", prompt="", on_result=lambda r: print(r.result))
    RealtimeVisionConfig(api_url="", api_key="", prompt="", on_result=keep)
    RealtimeVisionConfig(api_url="", api_key="", prompt="", on_result=print)


async def the_stream_is_typed(config: RealtimeVisionConfig) -> None:
    async with RealtimeVision(config) as vision:
        assert_type(vision, RealtimeVision)
        assert_type(vision.get_stream_id(), str | None)
        assert_type(vision.is_active(), bool)
        assert_type(await vision.wait_ended(), StreamEnd)


async def the_client_is_typed(client: OvershootHttpClient) -> None:
    assert_type(await client.keepalive("id"), dict[str, Any])
    assert_type(client.get_websocket_url("id"), str)
    assert_type(await client.health_check(), str)


def sources_are_values() -> None:
    assert CameraSource() == CameraSource(device_index=0)
    VideoFileSource(file_path="/path/to/video.mp4")
