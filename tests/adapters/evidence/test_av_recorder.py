"""The recorder with PyAV: the contract, and what is its own."""

from __future__ import annotations

import threading
from pathlib import Path

import av
import numpy as np
import pytest

from overshoot.adapters.evidence import av_recorder
from overshoot.adapters.evidence.av_recorder import WAITING_FRAMES, AvRecorder
from overshoot.adapters.evidence.encoder import CODECS, SegmentEncoder, best_codec
from overshoot.domain.evidence import EvidenceConfig, Stretch
from overshoot.domain.frame import Frame, PlanarFrame
from overshoot.errors import StoreError
from overshoot.testing.contracts.evidence import ClipRecorderContract, MakeRecorder
from overshoot.testing.films import film, levels

CONFIG = EvidenceConfig(folder="unused")
EVERYTHING = Stretch(0.0, 1000.0)


class TestAvRecorder(ClipRecorderContract):
    @pytest.fixture(params=CODECS, ids=lambda codec: codec.name)
    def make_recorder(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> MakeRecorder:
        monkeypatch.setattr(av_recorder, "best_codec", lambda: request.param)
        return lambda: AvRecorder(CONFIG, patient=True)


def recorded(frames: list[Frame], path: Path, config: EvidenceConfig = CONFIG) -> list[float]:
    """The times of the pictures of a clip of all of them."""
    recorder = AvRecorder(config, patient=True)
    recorder.start()
    for frame in frames:
        recorder.frame(frame)
    facts = recorder.cut(EVERYTHING, 0.0, path, None)
    recorder.close()
    return [round(facts.start + time, 3) for time, _ in levels(path)]


def test_the_clip_plays_in_a_browser_while_it_is_loaded(tmp_path: Path) -> None:
    recorded(film(2), tmp_path / "a.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.start_time == 0


def test_without_x264_there_is_still_a_codec() -> None:
    assert best_codec(["libx264", "mpeg4"]).name == "h264"
    assert best_codec(["mpeg4", "vp9"]).name == "mpeg4"
    assert best_codec().encoder in av.codecs_available


def test_the_rate_is_thinned_to_what_is_kept(tmp_path: Path) -> None:
    times = recorded(film(2, fps=60), tmp_path / "a.mp4")
    assert len(times) == 30
    config = EvidenceConfig(folder="unused", max_fps=5)
    assert recorded(film(2), tmp_path / "b.mp4", config) == [index / 5 for index in range(10)]


def test_an_uneven_rate_keeps_its_times(tmp_path: Path) -> None:
    given = film(4)
    uneven = [frame for frame in given if frame.index % 7 not in {2, 3}]
    assert recorded(uneven, tmp_path / "a.mp4") == [frame.timestamp for frame in uneven]


def test_large_pictures_are_kept_smaller_in_their_shape(tmp_path: Path) -> None:
    config = EvidenceConfig(folder="unused", largest_side=320)
    recorder = AvRecorder(config, patient=True)
    recorder.start()
    for frame in film(1, size=(641, 361)):
        recorder.frame(frame)
    facts = recorder.cut(EVERYTHING, 0.0, tmp_path / "a.mp4", tmp_path / "a.jpg")
    recorder.close()
    assert (facts.width, facts.height) == (320, 180)
    with av.open(str(tmp_path / "a.jpg")) as picture:
        assert picture.streams.video[0].width == 320


def test_colours_come_back(tmp_path: Path) -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32], pixels[:, 32:] = (200, 60, 30), (20, 90, 220)
    rgb = np.ascontiguousarray(pixels[..., ::-1])
    frames = [Frame(rgb, index / 10, index, "rgb") for index in range(10)]
    recorded(frames, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="bgr24")
    assert np.abs(shown[:, :28].astype(int) - pixels[:, :28]).max() < 12
    assert np.abs(shown[:, 36:].astype(int) - pixels[:, 36:]).max() < 12


def test_pixels_that_are_no_picture_are_counted_and_the_rest_goes_on(tmp_path: Path) -> None:
    recorder = AvRecorder(CONFIG, patient=True)
    recorder.start()
    for frame in film(1):
        recorder.frame(frame)
    recorder.frame(Frame(np.zeros((4, 4, 3), np.float32), 1.0, 10))
    recorder.frame(Frame(np.zeros((4, 4, 3), np.uint8), float("nan"), 10))
    for frame in film(1, start=2.0):
        recorder.frame(frame)
    assert recorder.cut(EVERYTHING, 0.0, tmp_path / "a.mp4", None).pictures == 20
    assert recorder.dropped == 1
    recorder.close()


def test_a_slow_encoder_costs_frames_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, encode = threading.Event(), SegmentEncoder.encode

    def slowly(self: SegmentEncoder, frame: PlanarFrame, ticks: int) -> object:
        gate.wait(20)
        return encode(self, frame, ticks)

    monkeypatch.setattr(SegmentEncoder, "encode", slowly)
    recorder = AvRecorder(CONFIG)
    recorder.start()
    given = film(3)
    for frame in given:
        recorder.frame(frame)
    gate.set()
    kept = recorder.cut(EVERYTHING, 0.0, tmp_path / "a.mp4", None).pictures
    recorder.close()
    assert WAITING_FRAMES <= kept <= WAITING_FRAMES + 1
    assert recorder.dropped == len(given) - kept


def test_an_encoder_that_fails_is_told_with_each_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: SegmentEncoder, frame: PlanarFrame, ticks: int) -> object:
        raise ValueError("no")

    monkeypatch.setattr(SegmentEncoder, "encode", fail)
    recorder = AvRecorder(CONFIG, patient=True)
    recorder.start()
    for frame in film(2):
        recorder.frame(frame)
    with pytest.raises(StoreError, match="cannot be encoded: ValueError: no"):
        recorder.cut(EVERYTHING, 0.0, tmp_path / "a.mp4", None)
    recorder.close()
