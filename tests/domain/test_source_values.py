"""Which sources can be named, and what is refused with which words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from overshoot.domain.pushed import AsyncFramesSource, FrameSource, PushCounts, PushSource
from overshoot.domain.source import CameraSource, FileSource, UrlSource, VideoFileSource
from overshoot.errors import ConfigurationError


async def nothing() -> AsyncIterator[object]:
    return
    yield


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0, 0), (3, 3), ("/dev/video2", "/dev/video2"), (Path("/dev/video2"), "/dev/video2")],
)
def test_a_camera_is_named_by_number_or_path(given: Any, kept: int | str) -> None:
    assert CameraSource(device_index=given).device_index == kept


@pytest.mark.parametrize("wrong", [-1, 1025, True, 1.0, "0", "video2", "", "/dev/\0", None, b"/"])
def test_what_names_no_camera_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="/dev/video2"):
        CameraSource(device_index=wrong)


def test_the_specifications_calls_stay_as_they_are() -> None:
    assert CameraSource() == CameraSource(device_index=0)
    spec = VideoFileSource(file_path="/path/to/video.mp4")
    assert (spec.start_seconds, spec.end_seconds, spec.playback_speed) == (0.0, None, 1.0)
    assert spec.real_time
    assert not spec.loop
    assert isinstance(FileSource("/path/to/video.mp4", loop=True), VideoFileSource)
    assert FileSource(path="/path/to/video.mp4").file_path == spec.file_path


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"start_seconds": -0.1}, "start_seconds"),
        ({"start_seconds": float("nan")}, "start_seconds"),
        ({"end_seconds": 0.0}, "end_seconds"),
        ({"start_seconds": 2.0, "end_seconds": 2.0}, "end_seconds"),
        ({"start_seconds": 2.0, "end_seconds": 1.0}, "end_seconds"),
        ({"playback_speed": 0.0}, "playback_speed"),
        ({"playback_speed": float("inf")}, "playback_speed"),
        ({"playback_speed": "fast"}, "playback_speed"),
        ({"real_time": 1}, "real_time"),
        ({"loop": None}, "loop"),
    ],
)
def test_a_file_cannot_be_played_like_that(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VideoFileSource("film.mp4", **values)
    assert caught.value.details["field"] == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reconnect_seconds": -1}, "reconnect_seconds"),
        ({"reconnect_seconds": None}, "reconnect_seconds"),
        ({"allow_playlists": "yes"}, "allow_playlists"),
    ],
)
def test_a_url_cannot_be_read_like_that(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        UrlSource("rtsp://camera/live", **values)
    assert caught.value.details["field"] == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"width": 640}, "height"),
        ({"height": 480}, "height"),
        ({"width": 15, "height": 480}, "width"),
        ({"width": 640, "height": 8193}, "height"),
        ({"fps": 0}, "fps"),
        ({"order": "yuv"}, "order"),
        ({"order": None}, "order"),
        ({"frame_processor": "none"}, "frame_processor"),
    ],
)
@pytest.mark.parametrize("kind", [PushSource, FrameSource, AsyncFramesSource])
def test_frames_cannot_be_taken_like_that(kind: Any, values: dict[str, Any], field: str) -> None:
    given = {"frames": nothing()} if kind is AsyncFramesSource else {}
    with pytest.raises(ConfigurationError) as caught:
        kind(**given, **values)
    assert caught.value.details["field"] == field


@pytest.mark.parametrize("wrong", [None, [1, 2], nothing, iter(())])
def test_what_cannot_be_iterated_over_asynchronously_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="async iterable"):
        AsyncFramesSource(wrong)


def test_a_source_that_no_stream_reads_counts_and_looks_at_nothing() -> None:
    source = PushSource()
    for picture in (None, "rubbish", b""):
        source.push_frame(picture)  # type: ignore[arg-type]  # what callers without a checker do
    source.end()
    assert source.counts == PushCounts(pushed=3, not_open=3)


def test_the_later_sdks_source_takes_rgba() -> None:
    assert FrameSource(width=640, height=480).order == "rgba"
