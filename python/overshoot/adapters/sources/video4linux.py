"""Cameras of Linux and their modes, asked of the kernel (Video4Linux2, ``linux/videodev2.h``)."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from overshoot.domain.camera import Camera, CameraMode

Ioctl: TypeAlias = Callable[[int, int, bytearray], object]
"""``fcntl.ioctl`` as it is called here: it writes its answer into the buffer."""

_READ: Final = 2 << 30
_READ_WRITE: Final = 3 << 30
_CAPABILITY: Final = struct.Struct("=16s32s32s6I")
_FORMAT: Final = struct.Struct("=3I32s5I")
_SIZE: Final = struct.Struct("=11I")
_INTERVAL: Final = struct.Struct("=13I")
_QUERYCAP: Final = _READ | _CAPABILITY.size << 16 | ord("V") << 8 | 0
_ENUM_FMT: Final = _READ_WRITE | _FORMAT.size << 16 | ord("V") << 8 | 2
_ENUM_FRAMESIZES: Final = _READ_WRITE | _SIZE.size << 16 | ord("V") << 8 | 74
_ENUM_FRAMEINTERVALS: Final = _READ_WRITE | _INTERVAL.size << 16 | ord("V") << 8 | 75
_CAPTURE: Final = 0x1
_CAPTURE_MPLANE: Final = 0x1000
_HAS_DEVICE_CAPS: Final = 0x8000_0000
_TYPE_CAPTURE: Final = 1
_TYPE_CAPTURE_MPLANE: Final = 9
_DISCRETE: Final = 1
_MOST: Final = 256
"""So many answers to one list at most: a driver that never says that it ends must end."""


def cameras_of_linux(folder: Path = Path("/dev"), ioctl: Ioctl | None = None) -> list[Camera]:
    """The capture devices of ``folder``; those that give no pictures themselves are left out."""
    if ioctl is None:
        from fcntl import ioctl as system_ioctl

        ioctl = system_ioctl
    devices = sorted(folder.glob("video*"), key=lambda path: (len(path.name), path.name))
    found = (_camera(device, ioctl) for device in devices)
    return [camera for camera in found if camera is not None]


def _camera(device: Path, ioctl: Ioctl) -> Camera | None:
    try:
        # Without waiting, and without taking it from who uses it: only questions are asked.
        opened = os.open(device, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return Camera(str(device), None, problem=_why_not(error))
    try:
        return _asked(device, opened, ioctl)
    except OSError as error:
        return (
            None if error.errno == errno.ENOTTY else Camera(str(device), None, problem=str(error))
        )
    finally:
        os.close(opened)


def _why_not(error: OSError) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            "this user may not use it; add the user to the group that owns it (often 'video') and"
            " log in again"
        )
    if error.errno == errno.EBUSY:
        return "another program uses it; end that one"
    return f"it cannot be opened: {error.strerror}"


def _asked(device: Path, opened: int, ioctl: Ioctl) -> Camera | None:
    buffer = bytearray(_CAPABILITY.size)
    ioctl(opened, _QUERYCAP, buffer)
    driver, card, _, _, whole, own, *_ = _CAPABILITY.unpack(buffer)
    # What this node can do, and not what all nodes of the camera can do together.
    can = own if whole & _HAS_DEVICE_CAPS else whole
    if not can & (_CAPTURE | _CAPTURE_MPLANE):
        return None
    kind = _TYPE_CAPTURE if can & _CAPTURE else _TYPE_CAPTURE_MPLANE
    number = device.name.removeprefix("video")
    return Camera(
        device=str(device),
        source=number if number.isdecimal() else str(device),
        name=_text(card),
        driver=_text(driver),
        modes=tuple(_modes(opened, kind, ioctl)),
    )


def _modes(opened: int, kind: int, ioctl: Ioctl) -> Iterator[CameraMode]:
    for pixel_format in _formats(opened, kind, ioctl):
        name = pixel_format.to_bytes(4, "little").decode("ascii", "replace").strip()
        for width, height in _sizes(opened, pixel_format, ioctl):
            rates = sorted(_rates(opened, pixel_format, width, height, ioctl), reverse=True)
            yield CameraMode(name, width, height, tuple(rates))


def _formats(opened: int, kind: int, ioctl: Ioctl) -> Iterator[int]:
    for answer in _listed(
        opened, _ENUM_FMT, _FORMAT, lambda index: (index, kind, 0, b"", 0, 0, 0, 0, 0), ioctl
    ):
        yield answer[4]


def _sizes(opened: int, pixel_format: int, ioctl: Ioctl) -> Iterator[tuple[int, int]]:
    def question(index: int) -> tuple[int, ...]:
        return (index, pixel_format, *(0,) * 9)

    for answer in _listed(opened, _ENUM_FRAMESIZES, _SIZE, question, ioctl):
        if answer[2] == _DISCRETE:
            yield answer[3], answer[4]
            continue
        # Every size between two: the least and the most stand for them.
        least, most = (answer[3], answer[6]), (answer[4], answer[7])
        yield least
        yield most
        return


def _rates(
    opened: int, pixel_format: int, width: int, height: int, ioctl: Ioctl
) -> Iterator[float]:
    def question(index: int) -> tuple[int, ...]:
        return (index, pixel_format, width, height, *(0,) * 9)

    for answer in _listed(opened, _ENUM_FRAMEINTERVALS, _INTERVAL, question, ioctl):
        intervals = [(answer[5], answer[6])]
        if answer[4] != _DISCRETE:
            intervals.append((answer[7], answer[8]))
        for seconds, per in intervals:
            if seconds:
                yield round(per / seconds, 3)
        if answer[4] != _DISCRETE:
            return


def _listed(
    opened: int,
    request: int,
    layout: struct.Struct,
    question: Callable[[int], tuple[object, ...]],
    ioctl: Ioctl,
) -> Iterator[tuple[int, ...]]:
    """What the driver answers for each index, until it says that there are no more."""
    for index in range(_MOST):
        buffer = bytearray(layout.pack(*question(index)))
        try:
            ioctl(opened, request, buffer)
        except OSError as error:
            # EINVAL is the end; ENOTTY is a driver that keeps no such list.
            if error.errno in {errno.EINVAL, errno.ENOTTY}:
                return
            raise
        yield layout.unpack(buffer)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
