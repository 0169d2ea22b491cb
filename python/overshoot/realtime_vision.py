"""`RealtimeVision` and `OpenCVCameraTrack`, under the name of the specification's module.

It loads aiortc, for `OpenCVCameraTrack` is one of its tracks; ``import overshoot`` does not.
"""

from overshoot.client.camera_track import OpenCVCameraTrack
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig

__all__ = ["OpenCVCameraTrack", "RealtimeVision", "RealtimeVisionConfig"]
