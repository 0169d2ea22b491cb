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

from gateway.kit import Client, ScriptedBackend, read_number, running
from gateway.test_watch_socket import STILL, WAVES, until, watch
from overshoot.adapters.stores.memory import MemoryStore
from overshoot.domain.action import DetectedAction
from overshoot.domain.action_question import action_schema
from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.tracking_rule import TrackingRule
from overshoot.errors import StoreError

SOON = TrackingRule(max_gap_seconds=0.4)
SHORT = EvidenceSettings(pre_roll_seconds=0.5, post_roll_seconds=0.5)


def in_folder(folder: Path, pattern: str = "*") -> list[Path]:
    return list(folder.glob(pattern))


def mode_of(path: Path) -> int:
    return path.stat().st_mode


async def one_action(client: Client, backend: ScriptedBackend, *, clip: bool = True) -> Any:
    """A stream that is seen to wave for a while; the action, once it is over."""
    backend.text = STILL
    async with running(
        client, inference={"output_schema_json": dict(action_schema(["wave"]))}
    ) as stream_id:
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
    start: Any, backend: ScriptedBackend
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
    # Browsers begin to play where the index stands before the pictures.
    assert clip.index(b"moov") < clip.index(b"mdat")
    with av.open(io.BytesIO(clip), "r") as container:
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


async def test_a_store_and_a_folder_outlive_the_gateway_and_its_key(
    start: Any, backend: ScriptedBackend, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        "store": f"sqlite:///{tmp_path}/actions.db",
        "tracking": SOON,
        "evidence": EvidenceSettings(folder=tmp_path / "clips", post_roll_seconds=0.1),
    }
    client = await start(**settings)
    ended = await one_action(client, backend)
    await client.gateway.stop()
    later = await start(**settings)
    status, found = await later.call("GET", "/actions")
    assert status == 200
    (kept,) = found["actions"]
    assert kept == {**ended, "has_evidence": True}
    assert str(tmp_path) not in json.dumps(found)
    response = await later.request("GET", f"/actions/{ended['id']}/evidence")
    assert response.status == 200
    summary = (await later.call("GET", "/actions/summary"))[1]
    assert (summary["total"], summary["actions"][0]["action"]) == (1, "wave")


async def test_without_a_folder_nothing_of_it_stays(
    start: Any, backend: ScriptedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = await start(tracking=SOON, evidence=SHORT)
    await one_action(client, backend)
    (folder,) = in_folder(tmp_path)
    assert mode_of(folder) & 0o077 == 0
    assert in_folder(folder, "*/*.mp4")
    await client.gateway.stop()
    assert not in_folder(tmp_path)


async def test_an_action_that_goes_on_when_its_stream_ends_is_kept_with_its_clip(
    start: Any, backend: ScriptedBackend
) -> None:
    client = await start()
    backend.text = WAVES
    async with running(client) as stream_id:
        async with await watch(client, stream_id) as socket:
            await until(socket, "action", event="updated")
            (open_one,) = (await client.call("GET", "/actions"))[1]["actions"]
            assert (open_one["open"], open_one["has_evidence"]) == (True, False)
            assert (await client.call("GET", "/actions", params={"action": "nod"}))[1][
                "actions"
            ] == []
            status, fault = await client.call("GET", f"/actions/{open_one['id']}/evidence")
            assert (status, fault["error"]) == (404, "action_not_found")
    for _ in range(500):
        (kept,) = (await client.call("GET", "/actions"))[1]["actions"]
        if kept["has_evidence"]:
            break
        await asyncio.sleep(0.02)
    assert (kept["id"], kept["open"]) == (open_one["id"], False)
    assert kept["metadata"]["ended_by"] == "stream_end"
    assert (await client.request("GET", f"/actions/{kept['id']}/evidence")).status == 200


async def test_without_evidence_actions_are_kept_all_the_same(
    start: Any, backend: ScriptedBackend
) -> None:
    client = await start(tracking=SOON, evidence=EvidenceSettings(enabled=False))
    ended = await one_action(client, backend, clip=False)
    (kept,) = (await client.call("GET", "/actions"))[1]["actions"]
    assert kept == ended
    for part in ("evidence", "thumbnail"):
        status, fault = await client.call("GET", f"/actions/{ended['id']}/{part}")
        assert (status, fault["error"]) == (404, "no_evidence")


async def counted(client: Client, *names: str) -> list[float]:
    """What the gateway tells Prometheus."""
    url = client.gateway.url.replace("/api/v0.2", "/metrics")
    async with client.http.get(url, headers=client.headers) as response:
        lines = (await response.text()).splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return [float(told[f"overshoot_{name}_total"]) for name in names]


class Broken(MemoryStore):
    """A store whose disk is gone."""

    def add(self, actions: Any) -> None:
        raise StoreError("the disk is gone")

    def select(self, query: Any) -> Any:
        raise StoreError("/secret/place is gone")

    summarize = select


async def test_a_store_that_fails_harms_no_stream(start: Any, backend: ScriptedBackend) -> None:
    client = await start(tracking=SOON, own_store=Broken())
    await one_action(client, backend, clip=False)
    assert await counted(client, "actions_found", "actions_failures") == [1, 1]
    for path in ("/actions", "/actions/summary", "/actions/export", "/actions/x/evidence"):
        status, fault = await client.call("GET", path)
        assert (status, fault["error"]) == (503, "store_failed")
        assert "/secret" not in fault["message"]


async def test_a_folder_that_cannot_be_written_harms_no_stream(
    start: Any, backend: ScriptedBackend
) -> None:
    # No folder can be made below a file.
    blocked = EvidenceSettings(folder=Path(__file__) / "clips", post_roll_seconds=0.1)
    client = await start(tracking=SOON, evidence=blocked)
    ended = await one_action(client, backend, clip=False)
    (kept,) = (await client.call("GET", "/actions"))[1]["actions"]
    assert (kept["id"], kept["has_evidence"]) == (ended["id"], False)
    found, clips, troubles = await counted(client, "actions_found", "clips_kept", "clips_failures")
    assert (found, clips) == (1, 0)
    assert troubles >= 1


def seeded() -> MemoryStore:
    """Five actions of one key, and one of another."""
    store = MemoryStore()
    for number, (name, owner) in enumerate(
        [("wave", "key-0"), ("nod", "key-0"), ("wave", "key-1"), ("wave", "key-0"),
         ("thumbs up", "key-0"), ("=nod", "key-0")]
    ):  # fmt: skip
        metadata = {
            "source": f"{owner}/webrtc",
            "session_id": f"s{number % 2}",
            "action_id": f"a{number}",
            "prompt": "who waves at the DOOR?",
            "evidence": {"sidecar": "/etc/passwd"},
        }
        confidence = number / 10 + 0.3
        store.add([DetectedAction(name, float(number), number, confidence, 1.0, metadata)])
    return store


def ids(listed: Any) -> list[str]:
    return [each["id"] for each in listed["actions"]]


async def test_lists_are_filtered_paged_and_ordered(start: Any) -> None:
    client = await start(own_store=seeded())

    async def found(**query: Any) -> list[str]:
        status, listed = await client.call("GET", "/actions", params=query)
        assert status == 200, listed
        return ids(listed)

    assert await found() == ["a5", "a4", "a3", "a1", "a0"]
    assert await found(order="asc") == ["a0", "a1", "a3", "a4", "a5"]
    assert await found(order="-confidence", limit=2) == ["a5", "a4"]
    assert await found(action="wave") == ["a3", "a0"]
    assert await found(stream_id="s1") == ["a5", "a3", "a1"]
    assert await found(start_time=1, end_time=3.5) == ["a3", "a1"]
    assert await found(min_confidence=0.65) == ["a5", "a4"]
    assert await found(min_duration=1.5) == []
    # A part of a name; where no name has it, of the prompt.
    assert await found(text="WAV") == ["a3", "a0"]
    assert await found(text="door") == ["a5", "a4", "a3", "a1", "a0"]
    assert await found(text="nod", action="nod") == ["a1"]
    assert await found(text="window") == []
    assert await found(action="", text="") == ["a5", "a4", "a3", "a1", "a0"]
    pages, cursor = [], ""
    while cursor is not None:
        listed = (await client.call("GET", "/actions", params={"limit": 2, "cursor": cursor}))[1]
        pages.append(ids(listed))
        cursor = listed["next_cursor"]
    assert pages == [["a5", "a4"], ["a3", "a1"], ["a0"]]
    summary = (await client.call("GET", "/actions/summary", params={"text": "w"}))[1]
    assert [(s["action"], s["count"]) for s in summary["actions"]] == [("wave", 2)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"start_time": "soon"}, "start_time"),
        ({"start_time": "nan"}, "start_time"),
        ({"start_time": "2", "end_time": "1"}, "start_time"),
        ({"min_confidence": "1.1"}, "min_confidence"),
        ({"min_duration": "-1"}, "min_duration"),
        ({"order": "sideways"}, "order"),
        ({"cursor": "x"}, "after"),
        ({"cursor": "confidence~1.0~1"}, "after"),
        ({"action": "a" * 129}, "action"),
        ({"text": "a" * 129}, "text"),
    ],
)
async def test_a_query_that_does_not_fit_names_its_field(
    start: Any, query: dict[str, str], field: str
) -> None:
    client = await start(own_store=seeded())
    status, fault = await client.call("GET", "/actions", params=query)
    assert (status, fault["details"]["field"]) == (422, field)


async def test_an_owner_sees_his_own_and_of_others_nothing(start: Any) -> None:
    client = await start(own_store=seeded(), api_keys=("ovs_one", "ovs_two"))
    other = Client(client.gateway, client.http, key="ovs_two")
    assert ids((await other.call("GET", "/actions"))[1]) == ["a2"]
    assert (await other.call("GET", "/actions/summary"))[1]["total"] == 1
    exported = await other.request("GET", "/actions/export")
    assert [each["metadata"]["action_id"] for each in await exported.json()] == ["a2"]
    for part in ("evidence", "thumbnail"):
        status, fault = await other.call("GET", f"/actions/a0/{part}")
        assert (status, fault["error"]) == (404, "action_not_found")
        # What a store says of files on this machine is not believed.
        status, fault = await other.call("GET", f"/actions/a2/{part}")
        assert (status, fault["error"]) == (404, "no_evidence")


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "vtt", "srt"])
async def test_actions_go_out_as_files(start: Any, format: str) -> None:
    client = await start(own_store=seeded())
    query = {"format": format, "order": "asc"}
    response = await client.request("GET", "/actions/export", params=query)
    assert response.status == 200
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert disposition.endswith(f'.{format}"')
    text = await response.text()
    names = ["wave", "nod", "wave", "thumbs up", "=nod"]
    places = [text.index(name) for name in ("wave", "thumbs up", "=nod")]
    assert places == sorted(places)
    assert "key-0" not in text
    assert "passwd" not in text
    if format == "json":
        assert [each["action"] for each in json.loads(text)] == names
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert rows[-1]["action"] == "'=nod"
    if format == "vtt":
        assert text.startswith("WEBVTT")


async def test_a_ticket_fetches_one_file(start: Any) -> None:
    client = await start(own_store=seeded())
    ticket = (await client.call("POST", "/tickets"))[1]["ticket"]
    url = f"{client.gateway.url}/actions/export?ticket={ticket}"
    for status in (200, 401):
        async with client.http.get(url) as response:
            assert response.status == status
            assert ticket not in await response.text()
