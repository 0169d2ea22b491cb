"""What the kernel says of cameras, by a made-up one with the layouts of linux/videodev2.h."""

from __future__ import annotations

import errno
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from overshoot.adapters.sources import listed_cameras
from overshoot.adapters.sources.video4linux import cameras_of_linux
from overshoot.domain.camera import Camera, CameraMode

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the interface of Linux")

# As `strace` of v4l2-ctl shows them on x86-64 and aarch64.
QUERYCAP, ENUM_FMT = 0x80685600, 0xC0405602
ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC02C564A, 0xC034564B
CAPTURE, MPLANE, META, DEVICE_CAPS = 0x1, 0x1000, 0x800000, 0x80000000
YUYV, MJPG = b"YUYV", b"MJPG"
Size = tuple[int, int]
Fraction = tuple[int, int]


@frozen
class Kernel:
    """A camera: formats with their sizes, and sizes with their intervals in seconds."""

    own: int = DEVICE_CAPS | CAPTURE
    whole: int = DEVICE_CAPS | CAPTURE | META
    formats: dict[bytes, Sequence[Size]] = field(factory=dict[bytes, Sequence[Size]])
    intervals: Sequence[Fraction] = ((1, 30), (1, 15))
    stepwise: bool = False
    fault: int = 0

    def ioctl(self, _: int, request: int, buffer: bytearray) -> int:
        if self.fault:
            raise OSError(self.fault, "made up")
        answer = {
            QUERYCAP: self._capability,
            ENUM_FMT: self._format,
            ENUM_FRAMESIZES: self._size,
            ENUM_FRAMEINTERVALS: self._interval,
        }[request]
        answer(buffer)
        return 0

    def _capability(self, buffer: bytearray) -> None:
        assert len(buffer) == 104
        struct.pack_into(
            "16s32s32sI", buffer, 0, b"uvcvideo", "Webcam é".encode(), b"usb-1", 0x60C00
        )
        struct.pack_into("II", buffer, 84, self.whole, self.own)

    def _format(self, buffer: bytearray) -> None:
        index, kind = struct.unpack_from("II", buffer)
        assert kind == (9 if self.own & MPLANE else 1)
        struct.pack_into("I32s4s", buffer, 8, 0, b"a format", self._nth(list(self.formats), index))

    def _size(self, buffer: bytearray) -> None:
        (index,) = struct.unpack_from("I", buffer)
        sizes = self.formats[bytes(buffer[4:8])]
        if self.stepwise:
            (least, most) = self._nth([(sizes[0], sizes[-1])], index)
            struct.pack_into("7I", buffer, 8, 3, least[0], most[0], 8, least[1], most[1], 8)
        else:
            struct.pack_into("3I", buffer, 8, 1, *self._nth(sizes, index))

    def _interval(self, buffer: bytearray) -> None:
        index, _, width, height = struct.unpack_from("I4s2I", buffer)
        assert width >= height
        struct.pack_into("3I", buffer, 16, 1, *self._nth(self.intervals, index))

    @staticmethod
    def _nth(items: Sequence[Any], index: int) -> Any:
        if index >= len(items):
            raise OSError(errno.EINVAL, "no more")
        return items[index]


@pytest.fixture
def plugged_in(tmp_path: Path) -> Callable[..., list[Camera]]:
    def plug_in(kernel: Kernel, *names: str) -> list[Camera]:
        for name in names or ("video0",):
            (tmp_path / name).touch()
        return cameras_of_linux(tmp_path, kernel.ioctl)

    return plug_in


def test_a_camera_is_listed_with_its_modes(plugged_in: Callable[..., list[Camera]]) -> None:
    kernel = Kernel(formats={YUYV: [(640, 480)], MJPG: [(640, 480), (1280, 720)]})
    (camera,) = plugged_in(kernel)
    assert (camera.source, camera.name, camera.driver) == ("0", "Webcam é", "uvcvideo")
    assert camera.modes == (
        CameraMode("YUYV", 640, 480, (30.0, 15.0)),
        CameraMode("MJPG", 640, 480, (30.0, 15.0)),
        CameraMode("MJPG", 1280, 720, (30.0, 15.0)),
    )
    assert camera.problem == ""


def test_devices_are_in_the_order_of_their_numbers(plugged_in: Callable[..., list[Camera]]) -> None:
    cameras = plugged_in(Kernel(), "video10", "video2", "video0")
    assert [camera.source for camera in cameras] == ["0", "2", "10"]


def test_a_node_that_gives_no_pictures_itself_is_left_out(
    plugged_in: Callable[..., list[Camera]],
) -> None:
    assert plugged_in(Kernel(own=DEVICE_CAPS | META)) == []


def test_an_old_driver_says_it_for_the_whole(plugged_in: Callable[..., list[Camera]]) -> None:
    (camera,) = plugged_in(Kernel(own=0, whole=CAPTURE))
    assert camera.source == "0"


def test_planes_of_their_own_are_asked_for(plugged_in: Callable[..., list[Camera]]) -> None:
    kernel = Kernel(own=DEVICE_CAPS | MPLANE, formats={YUYV: [(64, 48)]})
    assert len(plugged_in(kernel)[0].modes) == 1


def test_a_range_of_sizes_is_its_least_and_its_most(
    plugged_in: Callable[..., list[Camera]],
) -> None:
    kernel = Kernel(formats={YUYV: [(160, 120), (1920, 1080)]}, stepwise=True)
    modes = plugged_in(kernel)[0].modes
    assert [(mode.width, mode.height) for mode in modes] == [(160, 120), (1920, 1080)]


def test_an_interval_of_nothing_is_passed_over(plugged_in: Callable[..., list[Camera]]) -> None:
    kernel = Kernel(formats={YUYV: [(64, 48)]}, intervals=((0, 30), (1001, 30000)))
    assert plugged_in(kernel)[0].modes[0].fps == (29.97,)


def test_what_is_no_camera_at_all_is_left_out(plugged_in: Callable[..., list[Camera]]) -> None:
    assert plugged_in(Kernel(fault=errno.ENOTTY)) == []


def test_a_driver_that_fails_is_told(plugged_in: Callable[..., list[Camera]]) -> None:
    (camera,) = plugged_in(Kernel(fault=errno.EIO))
    assert camera.source is None
    assert "made up" in camera.problem


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "often 'video'"), (errno.EBUSY, "another program"), (errno.EIO, "opened")],
)
def test_a_device_that_cannot_be_opened_is_told(
    number: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "video0").touch()

    def refuse(*_: object) -> int:
        raise OSError(number, "refused")

    monkeypatch.setattr("os.open", refuse)
    (camera,) = cameras_of_linux(tmp_path, Kernel().ioctl)
    assert camera.source is None
    assert words in camera.problem


def test_files_that_are_no_devices_are_asked_and_left_out(tmp_path: Path) -> None:
    """The real call."""
    (tmp_path / "video0").touch()
    assert cameras_of_linux(tmp_path) == []


def test_other_systems_list_names(monkeypatch: pytest.MonkeyPatch) -> None:
    @frozen
    class Device:
        name: str
        description: str
        media_types: list[str]

    devices = [
        Device("a", "Microphone", ["audio"]),
        Device("b", "FaceTime", ["video"]),
        Device("c", "Capture card", ["video", "audio"]),
    ]
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("av.device.enumerate_input_devices", lambda _: devices)
    assert [(each.source, each.name) for each in listed_cameras.list_cameras()] == [
        ("0", "FaceTime"), ("1", "Capture card"),
    ]  # fmt: skip


def test_a_system_that_tells_nothing_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert listed_cameras.list_cameras() == []  # This FFmpeg has no avfoundation.
    monkeypatch.setattr(sys, "platform", "plan9")
    assert listed_cameras.list_cameras() == []
