"""What applications written on this API import, and the way its first ones went."""

from __future__ import annotations

import asyncio
import gc
import importlib
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

import overshoot
from overshoot import (
    CallbackError,
    CameraSource,
    OvershootHttpClient,
    SourceError,
    StreamInferenceConfig,
    StreamProcessingConfig,
    SyntheticSource,
    VideoFileSource,
)
from overshoot.gateway import LocalGateway
from overshoot.realtime_vision import OpenCVCameraTrack
from overshoot.rtc import close_peer, create_peer, gather_on
from overshoot.testing.waiting import nothing_left
from support.fake_camera import FakeCamera
from support.frame_reader import FrameReader

APPLICATION_LINE = (
    "from overshoot import ApiError, OvershootHttpClient, OvershootStreamRelay, ActionDetector,"
    " ActionDetectorConfig, ActionStore, DetectedAction, StreamProcessingConfig,"
    " StreamInferenceConfig, StreamInferenceResult, CameraSource, VideoFileSource"
)
TOP = (
    "RealtimeVision RealtimeVisionConfig OvershootStreamRelay ActionDetector ActionDetectorConfig"
    " ActionStore DetectedAction OvershootHttpClient StreamProcessingConfig StreamInferenceConfig"
    " StreamInferenceResult CameraSource VideoFileSource ApiError ValidationError UnauthorizedError"
    " NotFoundError ServerError NetworkError StreamSource WebRtcOffer DEFAULT_ICE_SERVERS"
    " FileSource FrameSource AuthenticationError InsufficientCreditsError StreamClosedError"
    " Overshoot Stream"
)
MODULES = {
    "constants": "DEFAULT_MODEL DEFAULT_BACKEND DEFAULT_ICE_SERVERS",
    "exceptions": "ApiError ValidationError UnauthorizedError NotFoundError ServerError"
    " NetworkError AuthenticationError",
    "types": "DetectedAction StreamProcessingConfig StreamInferenceConfig StreamInferenceResult"
    " CameraSource VideoFileSource RealtimeVisionConfig WebRtcOffer",
    "http_client": "OvershootHttpClient",
    "realtime_vision": "RealtimeVision RealtimeVisionConfig OpenCVCameraTrack",
    "stream_relay": "OvershootStreamRelay",
    "action_detector": "ActionDetector ActionDetectorConfig",
    "action_store": "ActionStore",
}


# --- names ---------------------------------------------------------------------------------------


def test_the_import_line_of_a_real_application_runs() -> None:
    subprocess.run([sys.executable, "-c", APPLICATION_LINE], check=True, timeout=30)


@pytest.mark.parametrize("name", TOP.split())
def test_a_name_is_importable_from_the_package(name: str) -> None:
    assert name in overshoot.__all__
    assert hasattr(overshoot, name)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_specification_has_its_names(module: str) -> None:
    found = importlib.import_module(f"overshoot.{module}")
    assert set(MODULES[module].split()) <= set(found.__all__)
    for name in found.__all__:
        assert getattr(found, name) is getattr(overshoot, name, getattr(found, name))


def test_every_error_is_in_the_module_of_the_exceptions() -> None:
    from overshoot import errors, exceptions

    assert set(errors.__all__) - set(exceptions.__all__) == {"api_error"}


def test_the_aliases_mean_what_they_are_named_for() -> None:
    assert overshoot.AuthenticationError is overshoot.UnauthorizedError
    assert overshoot.StreamClosedError is overshoot.StreamEndedError
    assert overshoot.StreamInferenceResult is overshoot.InferenceResult
    assert overshoot.DEFAULT_ICE_SERVERS == ()
    offer = overshoot.WebRtcOffer(sdp="v=0")
    assert offer.to_dict() == {"type": "offer", "sdp": "v=0"}
    with pytest.raises(overshoot.ConfigurationError):
        overshoot.WebRtcOffer(sdp="")


# --- the first applications' way -----------------------------------------------------------------


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeCamera]]:
    monkeypatch.setattr("cv2.VideoCapture", FakeCamera)
    monkeypatch.setattr(FakeCamera, "opened", [])
    yield FakeCamera
    assert all(made.released for made in FakeCamera.opened)


async def test_an_application_brings_its_own_peer_connection(camera: type[FakeCamera]) -> None:
    with nothing_left():
        async with LocalGateway(backend=FrameReader()) as gateway:
            client = OvershootHttpClient(gateway.url, gateway.api_key)
            track = OpenCVCameraTrack(CameraSource())
            peer = create_peer()
            results = await _walk(client, peer, track)
            track.stop()
            await track.aclose()
            await close_peer(peer)
            await client.close()
    assert [result["ok"] for result in results] == [True, True, True]
    numbers = [json.loads(result["result"])["numbers"] for result in results]
    assert all(None not in shown for shown in numbers)
    assert numbers == sorted(numbers)
    assert len(camera.opened) == 1


async def _walk(
    client: OvershootHttpClient, peer: RTCPeerConnection, track: OpenCVCameraTrack
) -> list[dict[str, Any]]:
    peer.addTrack(track)
    gather_on(peer, ("127.0.0.1",))
    await peer.setLocalDescription(await peer.createOffer())
    created = await client.create_stream(
        offer_sdp=peer.localDescription.sdp,
        processing=StreamProcessingConfig(1.0, 15, 0.5, 0.3),
        inference=StreamInferenceConfig(prompt="read", model="frame-reader"),
    )
    answer = RTCSessionDescription(created["webrtc"]["sdp"], created["webrtc"]["type"])
    await peer.setRemoteDescription(answer)
    stream_id = created["stream_id"]
    results: list[dict[str, Any]] = []
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(client.get_websocket_url(stream_id)) as socket:
            await socket.send_json({"api_key": client.api_key})
            assert (await client.keepalive(stream_id))["status"] == "ok"
            while len(results) < 3:
                results.append(await socket.receive_json(timeout=20))
            assert (await client.update_prompt(stream_id, "again"))["prompt"] == "again"
            prompts = [await _prompt(socket)]
            while prompts[-1] != "again":
                prompts.append(await _prompt(socket))
            await client.close_stream(stream_id)
    return results


async def _prompt(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return json.loads((await socket.receive_json(timeout=20))["result"])["prompt"]


async def _all_of(track: OpenCVCameraTrack, into: list[VideoFrame]) -> None:
    while True:
        into.append(await track.recv())


# --- the track -----------------------------------------------------------------------------------


async def test_a_track_gives_each_frame_until_the_end_of_its_source() -> None:
    with nothing_left():
        track = OpenCVCameraTrack(SyntheticSource(fps=100, duration_seconds=0.2))
        assert isinstance(track, MediaStreamTrack)
        assert track.kind == "video"
        assert track.counts is None
        frames: list[VideoFrame] = []
        with pytest.raises(MediaStreamError):
            await _all_of(track, frames)
        assert track.readyState == "ended"
        with pytest.raises(MediaStreamError):
            await track.recv()
        await track.aclose()
    times = [frame.pts for frame in frames]
    assert all(a is not None and b is not None and a < b for a, b in itertools.pairwise(times))
    assert {(frame.width, frame.height) for frame in frames} == {(640, 480)}
    counts = track.counts
    assert counts is not None
    assert counts.captured == 20 == counts.sent + sum(counts.dropped.values())


async def test_stop_releases_the_camera_and_ends_a_wait(camera: type[FakeCamera]) -> None:
    with nothing_left():
        track = OpenCVCameraTrack()
        await track.open()
        await track.open()
        await track.recv()
        waiting = asyncio.create_task(_all_of(track, []))
        await asyncio.sleep(0)
        track.stop()
        track.stop()
        with pytest.raises(MediaStreamError):
            await waiting
        await track.aclose()
    assert [made.released for made in camera.opened] == [True]


async def test_a_track_that_was_never_opened_has_nothing_to_release(
    camera: type[FakeCamera],
) -> None:
    with nothing_left():
        track = OpenCVCameraTrack()
        await track.aclose()
        with pytest.raises(MediaStreamError):
            await track.recv()
    assert camera.opened == []


async def test_stop_while_the_source_is_being_opened(camera: type[FakeCamera]) -> None:
    with nothing_left():
        track = OpenCVCameraTrack()
        waiting = asyncio.create_task(track.recv())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await track.aclose()
        with pytest.raises(MediaStreamError):
            await waiting


async def test_a_source_that_cannot_be_opened_is_told() -> None:
    told: list[overshoot.OvershootError] = []
    with nothing_left():
        track = OpenCVCameraTrack(VideoFileSource("/no/such/file.mp4"), on_error=told.append)
        with pytest.raises(SourceError):
            await track.open()
        assert track.readyState == "ended"
        await track.aclose()
        waiting = OpenCVCameraTrack(VideoFileSource("/no/such/file.mp4"), on_error=told.append)
        with pytest.raises(MediaStreamError):
            await waiting.recv()
        await waiting.aclose()
    assert [type(error) for error in told] == [SourceError, SourceError]


async def test_a_processor_that_fails_is_told_and_its_frames_are_counted() -> None:
    told: list[overshoot.OvershootError] = []

    def spoil(pixels: Any) -> Any:
        raise ValueError("no")

    source = SyntheticSource(fps=100, duration_seconds=0.1, frame_processor=spoil)
    track = OpenCVCameraTrack(source, on_error=told.append)
    with nothing_left():
        with pytest.raises(MediaStreamError):
            await track.recv()
        await track.aclose()
    assert [type(error) for error in told] == [CallbackError]
    assert track.counts is not None
    assert track.counts.dropped == {"processor_failed": 10}


def test_stop_after_the_loop_has_ended_lets_the_thread_go(camera: type[FakeCamera]) -> None:
    async def begin() -> OpenCVCameraTrack:
        track = OpenCVCameraTrack()
        await track.recv()
        return track

    before = set(threading.enumerate())
    track = asyncio.run(begin())
    track.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
    del track
    gc.collect()
