"""The limits of a gateway are settings, and whoever meets one is told which and how much."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.kit import NumberedTrack, ScriptedBackend, create_body, stream_video
from overshoot.wire import Limits


@pytest.mark.parametrize(
    ("limits", "wanted", "told"),
    [
        (
            {"effective_fps": 30.0},
            {
                "processing": {
                    "fps": 31,
                    "sampling_ratio": 1.0,
                    "clip_length_seconds": 1.0,
                    "delay_seconds": 1.0,
                }
            },
            ("30", "31"),
        ),
        (
            {"tokens_per_second": 128.0},
            {"inference": {"prompt": "read", "model": "scripted", "max_output_tokens": 129}},
            ("128",),
        ),
        ({"prompt_bytes": 3}, {}, ("3",)),
    ],
    ids=["effective fps", "tokens per second", "prompt"],
)
async def test_a_request_beyond_a_limit_is_refused_with_the_figures(
    start: Any, offer_sdp: str, limits: Any, wanted: Any, told: tuple[str, ...]
) -> None:
    body = {**create_body(offer_sdp), **wanted}
    narrow = await start(limits=Limits(**limits))
    status, answer = await narrow.call("POST", "/streams", json=body)
    assert (status, answer["error"]) == (422, "validation_error")
    for figure in told:
        assert figure in answer["message"], answer
    assert answer["details"]
    wide = await start(limits=Limits(**{name: value * 10 for name, value in limits.items()}))
    assert (await wide.call("POST", "/streams", json=body))[0] == 201


async def test_streams_of_a_key_and_of_all_keys_are_limited(start: Any, offer_sdp: str) -> None:
    client = await start(streams_per_key=2, streams=3, api_keys=("ovs_one", "ovs_two"))
    other = type(client)(client.gateway, client.http, "ovs_two")
    for _ in range(2):
        await client.create(offer_sdp)
    refused = await client.request("POST", "/streams", json=create_body(offer_sdp))
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert "at most 2 streams" in (await refused.json())["message"]
    stream_id = await other.create(offer_sdp)
    status, answer = await other.call("POST", "/streams", json=create_body(offer_sdp))
    assert status == 429
    assert "3 streams already" in answer["message"]
    await other.call("DELETE", f"/streams/{stream_id}")
    assert (await client.call("POST", "/streams", json=create_body(offer_sdp)))[0] == 429


async def test_requests_for_streams_are_limited_in_time(start: Any, offer_sdp: str) -> None:
    client = await start(creations_per_second=0.1, creation_burst=2)
    for _ in range(2):
        await client.create(offer_sdp)
    refused = await client.request("POST", "/streams", json=create_body(offer_sdp))
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 10


@pytest.mark.parametrize(
    ("settings", "shape"),
    [({}, (720, 1280, 3)), ({"max_long_side": 640, "max_short_side": 640}, (360, 640, 3))],
)
async def test_what_a_model_sees_is_limited(
    start: Any, backend: ScriptedBackend, settings: Any, shape: Any
) -> None:
    client = await start(**settings)
    track = NumberedTrack(12, 10, pace=0.03, width=1920, height=1080)
    await stream_video(client, track, interval_seconds=0.5)
    assert {request.frames[0].pixels.shape for request in backend.requests} == {shape}
