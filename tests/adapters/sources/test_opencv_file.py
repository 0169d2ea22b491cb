from __future__ import annotations

import os
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sources.made_videos import numbered_picture, write_moving, write_video
from overshoot.adapters.sources.opencv_file import OpenCvFile
from overshoot.domain.source import VideoFileSource
from overshoot.errors import SourceError
from overshoot.testing.contracts.source import MakeSource, SourceContract, opened, read_up_to


class TestOpenCvFile(SourceContract):
    @pytest.fixture
    def make_source(self, video: Path) -> MakeSource:
        return lambda: (OpenCvFile(VideoFileSource(video)), 8)


class TestOpenCvFileLooping(SourceContract):
    @pytest.fixture
    def make_source(self, video: Path) -> MakeSource:
        return lambda: (OpenCvFile(VideoFileSource(video, loop=True)), None)


class TestOpenCvFileFromAStart(SourceContract):
    first_time = 0.3

    @pytest.fixture
    def make_source(self, video: Path) -> MakeSource:
        spec = VideoFileSource(video, start_seconds=0.25, end_seconds=0.7, real_time=False)
        return lambda: (OpenCvFile(spec), 4)


def why_not(path: Path, **how: Any) -> str:
    source = OpenCvFile(VideoFileSource(path, **how))
    with pytest.raises(SourceError) as caught:
        source.open()
    with pytest.raises(SourceError, match="not open"):
        source.read()
    source.close()
    return str(caught.value)


def test_pictures_and_times_are_those_of_the_file(video: Path) -> None:
    with opened(OpenCvFile(VideoFileSource(video))) as source:
        frames = read_up_to(source, 8)
    assert [frame.timestamp for frame in frames] == pytest.approx([n / 10 for n in range(8)])
    for number, frame in enumerate(frames):
        assert abs(frame.pixels.mean() - numbered_picture(number).mean()) < 11


def test_a_part_is_played_on_the_videos_own_clock(video: Path) -> None:
    spec = VideoFileSource(video, start_seconds=0.2, end_seconds=0.5, playback_speed=2.0)
    source = OpenCvFile(spec)
    info = source.open()
    frames = read_up_to(source, 10)
    source.close()
    assert (info.playback_speed, info.real_time, info.live) == (2.0, True, False)
    assert [frame.timestamp for frame in frames] == pytest.approx([0.2, 0.3, 0.4])
    assert [frame.index for frame in frames] == [0, 1, 2]


def test_analysis_asks_that_no_frame_be_lost(video: Path) -> None:
    source = OpenCvFile(VideoFileSource(video, real_time=False))
    assert not source.open().real_time
    source.close()


def test_a_part_is_looped_with_rising_times(video: Path) -> None:
    spec = VideoFileSource(video, start_seconds=0.2, end_seconds=0.5, loop=True)
    with opened(OpenCvFile(spec)) as source:
        frames = read_up_to(source, 7)
    times = [frame.timestamp for frame in frames]
    assert times[:3] == pytest.approx([0.2, 0.3, 0.4])
    assert np.diff(times[3:6]) == pytest.approx([0.1, 0.1])
    assert 0 < times[3] - times[2] <= 0.2
    for first, later in ((0, 3), (1, 4), (2, 5), (0, 6)):
        np.testing.assert_array_equal(frames[first].pixels, frames[later].pixels)


def test_a_part_without_a_frame_is_empty(video: Path) -> None:
    spec = VideoFileSource(video, start_seconds=0.31, end_seconds=0.39)
    with opened(OpenCvFile(spec)) as source:
        assert [source.read(), source.read()] == [None, None]
    with opened(OpenCvFile(evolve(spec, loop=True))) as source:
        assert [source.read(), source.read()] == [None, None]


@pytest.mark.parametrize("start", [0.75, 4.0, 6.0, 5000.0])
def test_a_start_behind_the_end_is_an_error(video: Path, start: float) -> None:
    assert "start_seconds" in why_not(video, start_seconds=start)


def varying(count: int) -> list[int]:
    """Times in ms whose steps vary between 1/100 s and 1/2 s."""
    steps = np.random.default_rng(3).choice([10, 33, 40, 120, 500], count - 1)
    return [0, *(int(time) for time in np.cumsum(steps))]


KINDS = {
    "steady.mp4": ([40 * n for n in range(400)], "libx264", 50),
    "varying.mp4": (varying(200), "libx264", 12),
    "varying.mkv": (varying(200), "libx264", 40),
    "varying.ts": (varying(200), "libx264", 25),
    "one_key_frame.mkv": ([40 * n for n in range(400)], "libx264", 1000),
    "old.avi": ([40 * n for n in range(400)], "mpeg4", 30),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_start_is_exact_in_every_kind_of_file(tmp_path: Path, name: str) -> None:
    times, codec, gop = KINDS[name]
    path = write_moving(tmp_path / name, times, codec=codec, gop=gop)
    with opened(OpenCvFile(VideoFileSource(path))) as source:
        whole = read_up_to(source, 1000)
    assert len(whole) == len(times)
    for chosen in (3, 60, 130, 155, 180, len(times) - 1):
        start = whole[chosen].timestamp
        spec = VideoFileSource(path, start_seconds=start, real_time=False)
        with opened(OpenCvFile(spec)) as source:
            part = read_up_to(source, 12)
        expected = whole[chosen : chosen + 12]
        assert [frame.timestamp for frame in part] == pytest.approx(
            [frame.timestamp for frame in expected], abs=1e-6
        )
        for frame, same in zip(part, expected, strict=True):
            np.testing.assert_array_equal(frame.pixels, same.pixels)


def test_an_interrupt_ends_the_way_to_the_start(video: Path) -> None:
    source = OpenCvFile(VideoFileSource(video, start_seconds=0.5))
    source.interrupt()
    with opened(source):
        assert source.read() is None


def test_a_loop_goes_on_counting(video: Path) -> None:
    with opened(OpenCvFile(VideoFileSource(video, loop=True))) as source:
        frames = read_up_to(source, 20)
    assert [frame.index for frame in frames] == list(range(20))
    steps = np.diff([frame.timestamp for frame in frames])
    assert steps.min() > 0.05
    assert steps.max() < 0.2
    np.testing.assert_array_equal(frames[0].pixels, frames[8].pixels)
    np.testing.assert_array_equal(frames[3].pixels, frames[19].pixels)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.integers(1, 2500), min_size=3, max_size=12))
def test_variable_frame_rates_keep_their_times(steps: list[int], tmp_path: Path) -> None:
    times = [sum(steps[:n]) for n in range(len(steps) + 1)]
    path = write_video(tmp_path / "vfr.mkv", times)
    with opened(OpenCvFile(VideoFileSource(path))) as source:
        frames = read_up_to(source, len(times) + 1)
    got = [frame.timestamp for frame in frames]
    assert got == pytest.approx([time / 1000 for time in times], abs=2e-3)
    assert all(later > earlier for earlier, later in pairwise(got))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    why = why_not(tmp_path / "gone.mp4")
    assert "gone.mp4" in why
    assert "does not exist" in why


def test_a_folder_is_pointed_to_the_right_source(tmp_path: Path) -> None:
    assert "ImageFolderSource" in why_not(tmp_path)


def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    assert "named pipe" in why_not(pipe)


def test_a_link_to_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link.mp4"
    link.symlink_to(pipe)
    assert "named pipe" in why_not(link)


def test_a_device_is_refused() -> None:
    assert "device" in why_not(Path("/dev/zero"))


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # The path of a socket may be about 100 characters long.
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s.mp4")
        assert "socket" in why_not(Path("s.mp4"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "empty" in why_not(path)


@pytest.mark.parametrize("content", [b"hello", bytes(5000), b"\xff" * 5000, b"<html></html>"])
def test_what_is_not_a_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert "not a video" in why_not(path)


def test_a_file_without_its_index_is_refused(video: Path) -> None:
    data = video.read_bytes()
    video.write_bytes(data[: data.index(b"moov") - 4])
    assert "cut short" in why_not(video)


PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXTINF:1,\n{video}\n",
    "bom.mp4": "\ufeff#EXTM3U\n#EXTINF:1,\n{video}\n",
    "list.ffconcat": "ffconcat version 1.0\nfile '{video}'\n",
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash.mpd": '<?xml version="1.0"?>\n<MPD><Period><BaseURL>{video}</BaseURL></Period></MPD>',
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_is_refused_whatever_its_name(tmp_path: Path, video: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].format(video=video), encoding="utf-8")
    assert "not a video; give the video it points to" in why_not(path)


def test_a_picture_is_no_video_and_does_not_reach_a_decoder(tmp_path: Path) -> None:
    # FFmpeg would play a picture as a video of one frame, however large it is once decoded.
    path = tmp_path / "film.mp4"
    assert cv2.imwrite(str(tmp_path / "picture.png"), numbered_picture(1))
    (tmp_path / "picture.png").rename(path)
    assert "not a video" in why_not(path)


def test_a_video_too_large_to_handle_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "wide.mkv", [0, 100], width=8448, height=16, codec="ffv1")
    assert "8448x16" in why_not(path)


QUIETLY = """
import sys, cv2
from overshoot.adapters.sources.opencv_file import OpenCvFile
from overshoot.domain.source import VideoFileSource
from overshoot.errors import SourceError

level = cv2.utils.logging.getLogLevel()
try:
    OpenCvFile(VideoFileSource(sys.argv[1])).open()
except SourceError:
    assert cv2.utils.logging.getLogLevel() == level
    sys.exit(3)
"""


def test_opening_prints_nothing(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"nothing of value")
    # A process of its own: FFmpeg keeps the log level that its first user in a process has set.
    done = subprocess.run(
        [sys.executable, "-c", QUIETLY, str(path)], capture_output=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")


def test_the_users_ffmpeg_options_are_put_back(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;udp")
    with opened(OpenCvFile(VideoFileSource(video))):
        assert os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] == "rtsp_transport;udp"
    monkeypatch.delenv("OPENCV_FFMPEG_CAPTURE_OPTIONS")
    with opened(OpenCvFile(VideoFileSource(video))):
        assert "OPENCV_FFMPEG_CAPTURE_OPTIONS" not in os.environ


def test_a_file_that_goes_away_while_looping_is_an_error(video: Path) -> None:
    with opened(OpenCvFile(VideoFileSource(video, loop=True))) as source:
        read_up_to(source, 4)
        video.unlink()
        with pytest.raises(SourceError, match="not a video"):
            read_up_to(source, 20)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    places=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=30),
    value=st.integers(0, 255),
)
def test_a_damaged_file_plays_or_raises_our_error(
    video: Path, tmp_path: Path, places: list[float], value: int
) -> None:
    data = bytearray(video.read_bytes())
    for place in places:
        data[int(place * len(data))] = value
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    source = OpenCvFile(VideoFileSource(damaged))
    try:
        source.open()
        frames = read_up_to(source, 2000)
    except SourceError:
        return
    finally:
        source.close()
    assert [frame.index for frame in frames] == list(range(len(frames)))


class TestRealClips:
    def test_a_rotated_clip_is_upright(self, media: Path) -> None:
        source = OpenCvFile(VideoFileSource(media / "bad" / "rotation90.mov"))
        info = source.open()
        frames = read_up_to(source, 10)
        source.close()
        assert (info.width, info.height) == (320, 568)
        assert {frame.pixels.shape for frame in frames} == {(568, 320, 3)}
        assert len(frames) == 3

    @pytest.mark.parametrize("name", ["rotation90.mov", "unordered_pts.mov", "corrupted.mp4"])
    def test_a_start_in_a_bad_clip_is_exact(self, media: Path, name: str) -> None:
        path = media / "bad" / name
        with opened(OpenCvFile(VideoFileSource(path))) as source:
            whole = read_up_to(source, 25)
        start = whole[2].timestamp
        with opened(OpenCvFile(VideoFileSource(path, start_seconds=start))) as source:
            part = read_up_to(source, len(whole) - 2)
        for frame, same in zip(part, whole[2:], strict=True):
            assert frame.timestamp == same.timestamp
            np.testing.assert_array_equal(frame.pixels, same.pixels)

    def test_unordered_timestamps_come_out_rising(self, media: Path) -> None:
        with opened(OpenCvFile(VideoFileSource(media / "bad" / "unordered_pts.mov"))) as source:
            times = [frame.timestamp for frame in read_up_to(source, 10)]
        assert times == pytest.approx([n / 32 for n in range(4)], abs=1e-3)

    def test_a_damaged_clip_plays_to_its_end(self, media: Path) -> None:
        with opened(OpenCvFile(VideoFileSource(media / "bad" / "corrupted.mp4"))) as source:
            frames = read_up_to(source, 100)
        times = [frame.timestamp for frame in frames]
        assert times[:28] == pytest.approx([n / 10 for n in range(28)], abs=1e-3)
        assert len(frames) > 40  # It goes on after the damage behind frame 28.
        assert all(later > earlier for earlier, later in pairwise(times))

    @pytest.mark.parametrize(("name", "count"), [("carphone.mp4", 120), ("bikes.mp4", 250)])
    def test_whole_clips_come_through(self, media: Path, name: str, count: int) -> None:
        with opened(OpenCvFile(VideoFileSource(media / "clips" / name))) as source:
            assert len(read_up_to(source, 1000)) == count
