"""Kept actions: lists, counts, files and clips, each for its owner alone."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from gateway.kit import Client, ScriptedBackend, read_number
from gateway.test_watch_socket import STILL, WAVES, running, until, watch
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import action_schema
from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.errors import StoreError

SOON = TrackingRule(max_gap_seconds=0.4)
SHORT = EvidenceSettings(pre_roll_seconds=0.5, post_roll_seconds=0.5)


async def one_action(client: Client, backend: ScriptedBackend, *, clip: bool = True) -> Any:
    """A stream that is seen to wave for a while; the action, once it is over."""
    backend.text = STILL
    async with running(client, output_schema_json=dict(action_schema(["wave"]))) as stream_id:
        async with await watch(client, stream_id) as socket:
            await until(socket, "result")
            backend.text = WAVES
            await until(socket, "action", event="updated")
            backend.text = STILL
            ended = (await until(socket, "action", event="ended"))["action"]
            if clip:
                kept = (await until(socket, "action", event="updated"))["action"]
                assert (kept["id"], kept["has_evidence"]) == (ended["id"], True)
            return ended


async def test_the_clip_of_an_action_shows_it_and_what_was_around_it(
    start: Any, backend: ScriptedBackend, tmp_path: Path
) -> None:
    client = await start(tracking=SOON, evidence=SHORT)
    ended = await one_action(client, backend)
    path = f"/actions/{ended['id']}"
    async with client.http.get(
        f"{client.gateway.url}{path}/evidence", headers=client.headers
    ) as response:
        assert response.status == 200
        assert response.content_type == "video/mp4"
        clip = await response.read()
    (tmp_path / "clip.mp4").write_bytes(clip)
    # Browsers begin to play where the index stands before the pictures.
    assert clip.index(b"moov") < clip.index(b"mdat")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        pictures = [picture.to_ndarray(format="bgr24") for picture in container.decode(video=0)]
        length = float(container.duration or 0) / av.time_base
    numbers = [read_number(picture) for picture in pictures]
    assert numbers == sorted(set(numbers))
    # One picture a quarter of a second, from half a second before the action to half after it.
    lasted = ended["duration"]
    assert lasted + 0.5 <= length <= lasted + 1.6
    async with client.http.get(
        f"{client.gateway.url}{path}/thumbnail", headers=client.headers
    ) as response:
        picture = cv2.imdecode(np.frombuffer(await response.read(), np.uint8), cv2.IMREAD_COLOR)
        assert read_number(picture) in numbers
    for wanted, shown, about in [
        ("bytes=0-9", clip[:10], f"bytes 0-9/{len(clip)}"),
        ("bytes=-5", clip[-5:], f"bytes {len(clip) - 5}-{len(clip) - 1}/{len(clip)}"),
        ("bytes=8-", clip[8:], f"bytes 8-{len(clip) - 1}/{len(clip)}"),
    ]:
        async with client.http.get(
            f"{client.gateway.url}{path}/evidence", headers={**client.headers, "Range": wanted}
        ) as response:
            assert (response.status, await response.read()) == (206, shown)
            assert response.headers["Content-Range"] == about
    async with client.http.get(
        f"{client.gateway.url}{path}/evidence",
        headers={**client.headers, "Range": f"bytes={len(clip)}-"},
    ) as response:
        assert response.status == 416
