"""`RealtimeVision`: what it checks before it starts, and what it says when nothing runs."""

from __future__ import annotations

from typing import Any

import pytest

from overshoot import (
    ConfigurationError,
    FrameProcessingConfig,
    IceServer,
    NetworkError,
    RealtimeVision,
    RealtimeVisionConfig,
    StreamEndedError,
    StreamProcessingConfig,
    SyntheticSource,
)
from overshoot.client.realtime_vision import DEFAULT_PROCESSING
from overshoot.testing.waiting import nothing_left

KEY = "ovs_canary_key_0123456789"
GOOD: dict[str, Any] = {
    "api_url": "http://127.0.0.1:9/api/v0.2",
    "api_key": KEY,
    "prompt": "what is there?",
    "on_result": print,
    "source": SyntheticSource(),
}


def config(**changes: Any) -> RealtimeVisionConfig:
    return RealtimeVisionConfig(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("api_url", "gateway.example", "api_url"),
        ("api_url", "", "api_url"),
        ("api_url", None, "api_url"),
        ("api_key", "", "api_key"),
        ("api_key", None, "api_key"),
        ("prompt", "", "prompt"),
        ("prompt", "  \n", "prompt"),
        ("prompt", 7, "prompt"),
        ("model", "", "model"),
        ("backend", "", "backend"),
        ("source", "video.mp4", "source"),
        ("source", None, "source"),
        ("on_state", "print", "on_state"),
        ("reconnect", "yes", "reconnect"),
        ("on_result", "print", "on_result"),
        ("on_error", 3, "on_error"),
        ("output_schema", "{", "output_schema"),
        ("output_schema", [1], "output_schema"),
        ("output_schema", {"const": object()}, "output_schema"),
        ("output_schema", {"const": float("nan")}, "output_schema"),
        ("request_id", 5, "request_id"),
        ("ice_servers", "stun:host", "ice_servers"),
        ("ice_servers", ["stun:host"], "ice_servers"),
        ("ice_servers", None, "ice_servers"),
        ("processing", None, "processing"),
        ("processing", 3, "processing"),
        ("processing", {"frames": 3}, "processing"),
        ("processing", {"interval_seconds": 1, "fps": 30}, "processing"),
        ("processing", {"target_fps": 5, "sampling_ratio": 0.5}, "processing"),
        ("processing", {"sampling_ratio": -0.1}, "sampling_ratio"),
        ("processing", {"sampling_ratio": 1.1}, "sampling_ratio"),
        ("processing", {"fps": 0.5}, "fps"),
        ("processing", {"fps": 121}, "fps"),
        ("processing", {"fps": True}, "fps"),
        ("processing", {"clip_length_seconds": 0.05}, "clip_length_seconds"),
        ("processing", {"clip_length_seconds": 60.1}, "clip_length_seconds"),
        ("processing", {"delay_seconds": -1}, "delay_seconds"),
        ("processing", {"delay_seconds": float("inf")}, "delay_seconds"),
        ("processing", {"target_fps": 31}, "target_fps"),
        ("processing", {"interval_seconds": 0}, "interval_seconds"),
        ("processing", {"interval_seconds": 61}, "interval_seconds"),
    ],
)
async def test_a_wrong_value_is_named_at_the_start_and_nothing_runs(
    field: str, value: Any, named: str
) -> None:
    vision = RealtimeVision(config(**{field: value}))
    with nothing_left(), pytest.raises(ConfigurationError) as caught:
        await vision.start()
    assert caught.value.details["field"] == named
    assert isinstance(caught.value, ValueError)
    assert KEY not in str(caught.value)
    assert not vision.is_active()
    assert vision.get_stream_id() is None


@pytest.mark.parametrize(
    ("processing", "value"),
    [
        ({}, DEFAULT_PROCESSING),
        ({"delay_seconds": 2}, StreamProcessingConfig(0.1, 30, 1.0, 2)),
        ({"target_fps": 6}, StreamProcessingConfig(0.1, 30, 1.0, 1.0, 6)),
        ({"interval_seconds": 0.5}, FrameProcessingConfig(0.5)),
        (StreamProcessingConfig(), StreamProcessingConfig()),
        (FrameProcessingConfig(3), FrameProcessingConfig(3)),
    ],
)
def test_processing_takes_its_defaults_from_the_specification(
    processing: Any, value: object
) -> None:
    assert config(processing=processing).checked_processing() == value


@pytest.mark.parametrize("urls", ["host:3478", "http://host", "stun", ""])
async def test_an_ice_server_that_is_none_is_refused(urls: str) -> None:
    with nothing_left(), pytest.raises(ConfigurationError):
        await RealtimeVision(config(ice_servers=[IceServer(urls)])).start()


def test_the_key_and_the_credential_are_in_no_repr() -> None:
    server = IceServer("turn:host", "me", "hunter2")
    shown = repr(config(ice_servers=[server]))
    assert KEY not in shown
    assert "hunter2" not in shown


async def test_a_gateway_that_is_not_there_is_a_network_error_and_nothing_is_left() -> None:
    vision = RealtimeVision(config())
    with nothing_left(), pytest.raises(NetworkError) as caught:
        await vision.start()
    assert KEY not in str(caught.value)
    assert not vision.is_active()
    with nothing_left(), pytest.raises(NetworkError):
        await vision.start()


async def test_without_a_stream_there_is_nothing_to_update_or_wait_for() -> None:
    vision = RealtimeVision(config())
    assert vision.get_stream_id() is None
    assert not vision.is_active()
    await vision.stop()
    with pytest.raises(StreamEndedError):
        await vision.update_prompt("new")
    with pytest.raises(StreamEndedError):
        await vision.submit_feedback(5, "accuracy")
    with pytest.raises(StreamEndedError):
        await vision.wait_ended()


@pytest.mark.parametrize("prompt", ["", " ", None, 3])
async def test_an_empty_new_prompt_is_named(prompt: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await RealtimeVision(config()).update_prompt(prompt)
    assert caught.value.details["field"] == "prompt"


@pytest.mark.parametrize(
    ("rating", "category", "named"),
    [
        (0, "x", "rating"),
        (6, "x", "rating"),
        (True, "x", "rating"),
        (2.5, "x", "rating"),
        (3, "", "category"),
        (3, None, "category"),
    ],
)
async def test_wrong_feedback_is_named(rating: Any, category: Any, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await RealtimeVision(config()).submit_feedback(rating, category)
    assert caught.value.details["field"] == named
