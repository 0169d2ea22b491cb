"""What ``/metrics`` tells, read by Prometheus's own parser and by promtool's rules."""

from __future__ import annotations

import asyncio
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.kit import (
    Client,
    NumberedTrack,
    ScriptedBackend,
    Sender,
    create_body,
    stream_video,
)
from overshoot.domain.histogram import Histogram
from overshoot.domain.inference import ModelInfo
from overshoot.errors import InferenceError
from overshoot.gateway.exposition import Exposition

if TYPE_CHECKING:
    from overshoot.testing.manual_clock import ManualClock


class Scrape:
    """All samples of one answer, by name and labels."""

    def __init__(self, text: str) -> None:
        assert text.endswith("\n")
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }
        # Each family is told once, in one piece, with help and type before its samples.
        kinds = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
        assert len(kinds) == len(set(kinds)) == len(self.families)
        assert re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE) == [name for name, _ in kinds]
        count = sum(not line.startswith("#") for line in text.splitlines())
        assert count == len(self.samples)
        for name, kind in kinds:
            assert re.fullmatch(r"overshoot_[a-z_]+", name)
            assert (kind == "counter") == name.endswith("_total"), name

    def value(self, name: str, **labels: str) -> float:
        return self.samples["overshoot_" + name, frozenset(labels.items())]

    def total(self, name: str) -> float:
        return sum(v for (told, _), v in self.samples.items() if told == "overshoot_" + name)


async def scrape(client: Client) -> Scrape:
    async with client.http.get(root(client) + "/metrics", headers=client.headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Scrape(await response.text())


async def ended(client: Client, reason: str) -> Scrape:
    """What is told once a stream has ended for that reason."""
    while not (told := await scrape(client)).value("streams_ended_total", reason=reason):
        pass
    return told


def root(client: Client) -> str:
    return f"http://127.0.0.1:{client.gateway.port}"


async def test_a_gateway_without_streams_tells_zeros(client: Client) -> None:
    told = await scrape(client)
    assert told.value("frames_received_total") == 0
    assert told.value("streams", state="active") == 0
    assert told.value("received_bytes_total") == 0
    assert {"version", "backend"} == set(told.families["overshoot_build_info"].samples[0].labels)
    assert "overshoot_credits_charged_cents" not in told.families


async def test_everything_adds_up_while_it_runs_and_after(
    client: Client, backend: ScriptedBackend
) -> None:
    sender, track = Sender(), NumberedTrack(45, 15)
    try:
        offer = await sender.offer(track)
        body = create_body(
            offer, fps=15, sampling_ratio=0.5, clip_length_seconds=1, delay_seconds=0.5
        )
        status, made = await client.call("POST", "/streams", json=body)
        assert status == 201
        await sender.accept(made["webrtc"]["sdp"])
        await track.finished.wait()
        await asyncio.sleep(0.1)
        running = await scrape(client)
        _, info = await client.call("GET", f"/streams/{made['stream_id']}/info")
        agrees_with_info(running, info)
        assert running.value("streams", state="active") == 1
        stream_bytes = running.value("received_bytes_total")
        assert stream_bytes > 3000
    finally:
        await sender.close()
    after = await ended(client, "webrtc_disconnected")
    adds_up(after)
    assert after.value("frames_waiting") == after.value("clips_pending") == 0
    assert after.value("frames_received_total") >= 44
    assert after.value("clips_total", outcome="answered") == len(backend.requests) >= 4
    assert after.total("streams") == 0
    assert after.value("streams_created_total") == 1
    who = {"model": "scripted", "backend": "scripted"}
    assert after.value("end_to_end_seconds_count", **who) == len(backend.requests)
    assert after.value("inference_seconds_count", **who, outcome="answered") == len(
        backend.requests
    )
    assert after.value("inference_seconds_count", **who, outcome="failed") == 0
    # What was counted does not go back when its stream ends.
    assert after.value("received_bytes_total") >= stream_bytes
    assert (await scrape(client)).value("received_bytes_total") >= stream_bytes


def adds_up(told: Scrape) -> None:
    frames = ("frames_sampled_total", "frames_unsampled_total", "frames_waiting")
    assert told.value("frames_received_total") == (
        sum(map(told.value, frames)) + told.total("frames_dropped_total")
    )
    outcomes = told.total("clips_total")
    assert told.value("clips_made_total") == outcomes + told.value("clips_pending")


def agrees_with_info(told: Scrape, info: dict[str, Any]) -> None:
    adds_up(told)
    assert info["frames_received"] == (
        info["frames_kept"]
        + info["frames_unsampled"]
        + info["frames_waiting"]
        + sum(info["frames_dropped"].values())
    )
    for name, field in [
        ("frames_received_total", "frames_received"),
        ("frames_sampled_total", "frames_kept"),
        ("frames_unsampled_total", "frames_unsampled"),
        ("frames_waiting", "frames_waiting"),
        ("clips_made_total", "clips_made"),
        ("clips_pending", "clips_pending"),
        ("clips_waiting", "clips_waiting"),
        ("results_dropped_total", "results_dropped"),
        ("buffered_bytes", "bytes_buffered"),
        ("subscribers", "subscribers"),
    ]:
        assert told.value(name) == info[field], name
    assert told.value("clips_total", outcome="answered") == info["inferences_completed"]


async def test_failures_and_what_was_abandoned_have_their_counts(
    client: Client, backend: ScriptedBackend
) -> None:
    backend.failure = InferenceError("no")
    await stream_video(client, NumberedTrack(20, 10), interval_seconds=1.0)
    backend.gate.clear()
    sender, track = Sender(), NumberedTrack(40, 10)
    try:
        status, made = await client.call(
            "POST", "/streams", json=create_body(await sender.offer(track), interval_seconds=1.0)
        )
        assert status == 201
        await sender.accept(made["webrtc"]["sdp"])
        await track.finished.wait()
        await client.call("DELETE", f"/streams/{made['stream_id']}")
        told = await ended(client, "client_requested")
    finally:
        await sender.close()
    adds_up(told)
    assert told.value("clips_total", outcome="failed") == 2
    assert told.value("clips_total", outcome="abandoned") >= 1
    assert told.value("clips_total", outcome="skipped") >= 1
    who = {"model": "scripted", "backend": "scripted"}
    assert told.value("inference_seconds_count", **who, outcome="failed") == 2


async def test_names_that_a_client_makes_up_are_no_labels(
    client: Client, backend: ScriptedBackend
) -> None:
    for name in ("scripted", "made-up-1", "made-up-2"):
        track = NumberedTrack(12, 10)
        sender = Sender()
        body = create_body(await sender.offer(track), interval_seconds=1.0)
        body["inference"]["model"] = name
        _, made = await client.call("POST", "/streams", json=body)
        socket = await client.open_socket(made["stream_id"])
        await sender.accept(made["webrtc"]["sdp"])
        await socket.receive()
        await sender.close()
        await client.http.get(root(client) + f"/{name}/{made['stream_id']}")
    assert ModelInfo("scripted", ready=True, status="ready").model == backend.models()[0].model
    told = await scrape(client)
    labels = {key: value for _, each in told.samples for key, value in each}
    models = {dict(each)["model"] for _, each in told.samples if "model" in dict(each)}
    assert models == {"scripted", "other"}
    assert "stream_id" not in labels
    operations = {d["operation"] for _, each in told.samples if "operation" in (d := dict(each))}
    assert operations == {"create", "results", "unknown"}
    assert told.value("http_requests_total", operation="unknown", status="404") == 3


async def test_credits_are_told_where_there_are_any(
    start: Any, clock: ManualClock, offer_sdp: str
) -> None:
    client = await start(clock=clock, credit_cents=25, cents_per_minute=10, connect_seconds=3600.0)
    stream_id = await client.create(offer_sdp)
    await clock.advance(60)
    await client.call("POST", f"/streams/{stream_id}/keepalive")
    told = await scrape(client)
    assert told.value("credits_charged_cents_total") == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize(
    ("metrics", "with_key", "status"),
    [("key", False, 401), ("key", True, 200), ("open", False, 200), ("off", True, 404)],
)
async def test_who_may_read_is_a_setting(
    start: Any, metrics: str, with_key: bool, status: int
) -> None:
    client = await start(metrics=metrics)
    headers = client.headers if with_key else {}
    async with client.http.get(root(client) + "/metrics", headers=headers) as response:
        assert response.status == status


async def test_gateways_of_one_process_count_for_themselves(start: Any, offer_sdp: str) -> None:
    one, other = await start(), await start()
    await one.create(offer_sdp)
    assert (await scrape(one)).value("streams_created_total") == 1
    assert (await scrape(other)).value("streams_created_total") == 0


def test_labels_may_hold_anything_and_bounds_are_cumulative() -> None:
    told = Exposition()
    odd = 'a"b\\c\nd'
    told.gauge("level", 'back\\slash\nand "quotes"', 1.5, {"who": odd})
    histogram = Histogram((0.5, 1.0))
    for value in (0.1, 0.5, 0.7, 9.0):
        histogram.add(value)
    told.histograms("waits", "Waits.", [({"who": "x"}, histogram)])
    read = Scrape(told.text)
    assert read.value("level", who=odd) == 1.5
    assert [read.value("waits_bucket", who="x", le=le) for le in ("0.5", "1", "+Inf")] == [2, 3, 4]
    assert math.isclose(read.value("waits_sum", who="x"), 10.3)
    assert read.value("waits_count", who="x") == 4
