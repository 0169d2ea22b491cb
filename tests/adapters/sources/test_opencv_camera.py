from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from overshoot.adapters.sources.opencv_camera import (
    OpenCvCamera,
    cameras_of_this_machine,
    open_camera,
    why_no_camera,
)
from overshoot.domain.source import CameraSource
from overshoot.errors import SourceError
from overshoot.testing.contracts.source import (
    PATIENCE_SECONDS,
    MakeSource,
    SourceContract,
    opened,
    threads,
)

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels


class MadeUpCamera:
    """Shaped like cv2.VideoCapture. It gives ``pictures`` pictures, then waits as a stalled camera
    does: ``read`` says no after a while, or raises, or hangs until it is released."""

    def __init__(self, pictures: float = float("inf"), *, then: str = "no") -> None:
        self.pictures = pictures
        self.then = then
        self.asked: dict[int, float] = {}
        self.given = 0
        self.released = 0
        self.ahead = threading.Event()
        self.hanging = threading.Event()
        self.go_on = threading.Event()

    def isOpened(self) -> bool:  # noqa: N802
        return self.then != "absent"

    def read(self) -> tuple[bool, Pixels | None]:
        assert not self.released, "read after release crashes the process in OpenCV"
        if self.given < self.pictures:
            self.given += 1
            if self.given == 3:
                self.ahead.set()
            return True, np.full((48, 64, 3), self.given % 256, dtype=np.uint8)
        if self.then == "raise":
            raise cv2.error("device gone")
        if self.then == "hang":
            self.hanging.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
        return False, None

    def get(self, propId: int, /) -> float:  # noqa: N803
        return self.asked.get(propId, 30.0 if propId == cv2.CAP_PROP_FPS else 0.0)

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803
        self.asked[propId] = value
        return True

    def release(self) -> None:
        self.released += 1


def camera(made_up: MadeUpCamera, spec: CameraSource | None = None) -> OpenCvCamera:
    return OpenCvCamera(spec or CameraSource(), lambda _index: made_up, stall_seconds=0.1)


class TestOpenCvCamera(SourceContract):
    @pytest.fixture
    def make_source(self) -> MakeSource:
        return lambda: (camera(MadeUpCamera()), None)


def test_it_is_live_and_was_asked_for_size_and_rate() -> None:
    made_up = MadeUpCamera()
    source = camera(made_up, CameraSource(width=1280, height=720, fps=15))
    info = source.open()
    source.close()
    assert info.live
    assert (info.width, info.height) == (64, 48)  # What it gives, not what it was asked for.
    assert info.fps == 15
    assert made_up.asked == {
        cv2.CAP_PROP_FRAME_WIDTH: 1280,
        cv2.CAP_PROP_FRAME_HEIGHT: 720,
        cv2.CAP_PROP_FPS: 15,
    }


def test_nothing_is_asked_of_it_that_was_not_given() -> None:
    made_up = MadeUpCamera()
    with opened(camera(made_up)):
        assert made_up.asked == {}


def test_it_is_released_once() -> None:
    made_up = MadeUpCamera()
    source = camera(made_up)
    with opened(source):
        source.read()
    source.close()
    assert made_up.released == 1


def test_close_ends_a_thread_that_is_ahead_of_its_reader() -> None:
    before = threads()
    made_up = MadeUpCamera()
    with opened(camera(made_up)):
        # One picture was taken by open, one waits for read, and there is no room for the third.
        assert made_up.ahead.wait(PATIENCE_SECONDS)
    assert threads() <= before
    assert made_up.given == 3


def test_a_camera_that_stops_delivering_is_an_error_after_its_good_frames() -> None:
    made_up = MadeUpCamera(pictures=3)
    source = camera(made_up)
    with opened(source):
        frames = [source.read() for _ in range(3)]
        assert all(frames)
        with pytest.raises(SourceError, match="stopped delivering pictures"):
            source.read()
    assert made_up.released == 1


def test_a_camera_that_fails_in_opencv_is_our_error() -> None:
    source = camera(MadeUpCamera(pictures=1, then="raise"))
    with opened(source):
        assert source.read() is not None
        with pytest.raises(SourceError, match="device gone"):
            source.read()


def test_a_camera_without_pictures_is_an_error_at_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overshoot.adapters.sources.opencv_camera.FIRST_FRAME_SECONDS", 5.1)
    made_up = MadeUpCamera(pictures=0)
    before = threads()
    source = camera(made_up)
    with pytest.raises(SourceError, match="delivers no picture"):
        source.open()
    assert made_up.released == 1
    assert threads() <= before
    source.close()


def test_interrupt_ends_a_read_that_waits_in_foreign_code() -> None:
    made_up = MadeUpCamera(pictures=1, then="hang")
    source = OpenCvCamera(CameraSource(), lambda _index: made_up, stall_seconds=PATIENCE_SECONDS)
    results: list[object] = []
    source.open()
    assert source.read() is not None
    reader = threading.Thread(target=lambda: results.append(source.read()))
    reader.start()
    assert made_up.hanging.wait(PATIENCE_SECONDS)
    source.interrupt()
    reader.join(PATIENCE_SECONDS)
    assert results == [None]
    before = made_up.released
    made_up.go_on.set()
    source.close()
    assert (before, made_up.released) == (0, 1)  # Releasing it while it hangs would crash.


def test_a_camera_that_is_absent_is_an_error_at_open() -> None:
    made_up = MadeUpCamera(then="absent")
    source = camera(made_up, CameraSource(device_index=7))
    with pytest.raises(SourceError, match="camera 7"):
        source.open()
    assert made_up.released == 1


def test_opencv_itself_says_so_at_once_and_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    source = OpenCvCamera(CameraSource(device_index=1000))
    with pytest.raises(SourceError, match=r"there is no camera 1000|camera 1000 cannot be opened"):
        source.open()
    assert capfd.readouterr() == ("", "")
    source.close()


def test_a_path_that_is_no_camera_is_refused_before_opencv_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    file = tmp_path / "film.mp4"
    file.touch()
    asked: list[object] = []

    def opens(device: int | str) -> MadeUpCamera:
        asked.append(device)
        return MadeUpCamera()

    for path, why in ((file, "not a device"), (tmp_path / "video9", "No such file")):
        with pytest.raises(SourceError, match=why) as caught:
            OpenCvCamera(CameraSource(device_index=path), opens).open()
        assert str(path) in caught.value.message
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SourceError, match="give its number"):
        OpenCvCamera(CameraSource(device_index="/dev/video0"), opens).open()
    assert asked == []


def test_a_device_is_opened_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    asked: list[object] = []

    def opens(device: int | str) -> MadeUpCamera:
        asked.append(device)
        return MadeUpCamera()

    with opened(OpenCvCamera(CameraSource(device_index="/dev/null"), opens)) as source:
        assert source.read() is not None
    assert asked == ["/dev/null"]
    absent = MadeUpCamera(then="absent")
    with pytest.raises(SourceError, match="camera /dev/null cannot be opened: another program"):
        OpenCvCamera(CameraSource(device_index="/dev/null"), lambda _: absent).open()


def test_the_default_opens_with_opencv() -> None:
    capture = open_camera(1000)
    assert not capture.isOpened()
    capture.release()


@pytest.mark.parametrize(
    ("cameras", "expected"),
    [
        ({}, "no /dev/video* device"),
        ({"/dev/video0": True}, "this machine has /dev/video0: choose"),
        ({"/dev/video0": True, "/dev/video2": False}, "group that owns it"),
        ({"/dev/video0": True, "/dev/video2": True}, "another program uses it"),
        (None, "privacy settings"),
    ],
)
def test_the_error_says_what_to_do(cameras: dict[str, bool] | None, expected: str) -> None:
    message = why_no_camera(2, cameras)
    assert expected in message
    assert "camera 2" in message


def test_cameras_are_listed_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("video10", "video2", "audio0"):
        (tmp_path / name).touch()
    assert cameras_of_this_machine(tmp_path) == {
        str(tmp_path / "video2"): True,
        str(tmp_path / "video10"): True,
    }
