"""The values that callers give and get, under the name of the specification's module."""

from overshoot.client.detector_config import ActionDetectorConfig
from overshoot.client.realtime_vision import RealtimeVisionConfig
from overshoot.client.relay_result import RelayResult
from overshoot.domain.action import DetectedAction
from overshoot.domain.ending import StreamEnd
from overshoot.domain.inference import (
    InferenceResult,
    ModelInfo,
    StreamInferenceResult,
    Unsupported,
)
from overshoot.domain.latency import Percentiles
from overshoot.domain.ledger import FrameCounts, StreamStats
from overshoot.domain.pushed import AsyncFramesSource, FrameSource, PushSource
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.source import (
    CameraSource,
    FileSource,
    ImageFolderSource,
    StreamSource,
    SyntheticSource,
    UrlSource,
    VideoFileSource,
)
from overshoot.domain.status import StreamStatus
from overshoot.domain.stream import (
    FrameProcessingConfig,
    IceServer,
    StreamInferenceConfig,
    StreamProcessingConfig,
    WebRtcOffer,
)

__all__ = [
    "ActionDetectorConfig",
    "AsyncFramesSource",
    "CameraSource",
    "DetectedAction",
    "FileSource",
    "FrameCounts",
    "FrameProcessingConfig",
    "FrameSource",
    "IceServer",
    "ImageFolderSource",
    "InferenceResult",
    "ModelInfo",
    "Percentiles",
    "PushSource",
    "RealtimeVisionConfig",
    "ReconnectionPolicy",
    "RelayResult",
    "StreamEnd",
    "StreamInferenceConfig",
    "StreamInferenceResult",
    "StreamProcessingConfig",
    "StreamSource",
    "StreamStats",
    "StreamStatus",
    "SyntheticSource",
    "Unsupported",
    "UrlSource",
    "VideoFileSource",
    "WebRtcOffer",
]
