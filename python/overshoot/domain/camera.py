"""A camera of this machine, and what it can deliver."""

from __future__ import annotations

from attrs import frozen


@frozen
class CameraMode:
    """One way in which a camera delivers pictures.

    Attributes:
        format: as the camera names it, such as ``MJPG`` or ``YUYV``.
        width: columns.
        height: rows.
        fps: frames per second that it offers, the most first; empty where it does not say.
    """

    format: str
    width: int
    height: int
    fps: tuple[float, ...] = ()


@frozen
class Camera:
    """A camera.

    Attributes:
        device: how its system names it, such as ``/dev/video0``.
        source: what to give as a source; None where it cannot be used now.
        name: for people.
        driver: of the system; ``""`` where it does not say.
        modes: what it delivers; empty where the system does not say.
        problem: why it cannot be used, and what to do about it; ``""`` where it can.
    """

    device: str
    source: str | None
    name: str = ""
    driver: str = ""
    modes: tuple[CameraMode, ...] = ()
    problem: str = ""
