"""The cameras of this machine, as far as its system tells."""

from __future__ import annotations

import sys
from typing import Final

from overshoot.domain.camera import Camera

_INTERFACES: Final = {"darwin": "avfoundation", "win32": "dshow"}
"""Where FFmpeg lists cameras by name; it tells no modes there."""


def list_cameras() -> list[Camera]:
    """On Linux with modes; on macOS and Windows by name, in the order of their numbers."""
    if sys.platform == "linux":
        from overshoot.adapters.sources.video4linux import cameras_of_linux

        return cameras_of_linux()
    interface = _INTERFACES.get(sys.platform)
    return [] if interface is None else _named_by_ffmpeg(interface)


def _named_by_ffmpeg(interface: str) -> list[Camera]:
    from av.device import enumerate_input_devices
    from av.error import FFmpegError

    try:
        devices = enumerate_input_devices(interface)
    except (FFmpegError, ValueError, OSError):
        return []  # A build of FFmpeg without this interface.
    cameras = [device for device in devices if "video" in device.media_types]
    return [
        Camera(device=device.name, source=str(index), name=device.description)
        for index, device in enumerate(cameras)
    ]
