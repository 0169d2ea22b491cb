"""Real-time AI inference on video.

Frames come from a camera, a file or another program, travel over WebRTC to a Media Gateway, and
come back as typed results. See `RealtimeVision` for the start, `overshoot.errors` for what can be
raised, `overshoot.gateway.LocalGateway` for a gateway of one's own.
"""

from overshoot.client.http_client import OvershootHttpClient
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.client.relay_result import RelayResult
from overshoot.client.stream_relay import OvershootStreamRelay
from overshoot.domain.ending import StreamEnd
from overshoot.domain.inference import InferenceResult, StreamInferenceResult, Unsupported
from overshoot.domain.latency import Percentiles
from overshoot.domain.ledger import FrameCounts, StreamStats
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.source import (
    CameraSource,
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
)
from overshoot.errors import (
    ApiError,
    CallbackError,
    ConfigurationError,
    FrameError,
    InferenceError,
    InsufficientCreditsError,
    ModelsMissingError,
    NetworkError,
    NotFoundError,
    OvershootError,
    ProtocolError,
    RateLimitError,
    ServerError,
    SourceError,
    StreamEndedError,
    UnauthorizedError,
    ValidationError,
)

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "CallbackError",
    "CameraSource",
    "ConfigurationError",
    "FrameCounts",
    "FrameError",
    "FrameProcessingConfig",
    "IceServer",
    "ImageFolderSource",
    "InferenceError",
    "InferenceResult",
    "InsufficientCreditsError",
    "ModelsMissingError",
    "NetworkError",
    "NotFoundError",
    "OvershootError",
    "OvershootHttpClient",
    "OvershootStreamRelay",
    "Percentiles",
    "ProtocolError",
    "RateLimitError",
    "RealtimeVision",
    "RealtimeVisionConfig",
    "ReconnectionPolicy",
    "RelayResult",
    "ServerError",
    "SourceError",
    "StreamEnd",
    "StreamEndedError",
    "StreamInferenceConfig",
    "StreamInferenceResult",
    "StreamProcessingConfig",
    "StreamSource",
    "StreamStats",
    "StreamStatus",
    "SyntheticSource",
    "UnauthorizedError",
    "Unsupported",
    "UrlSource",
    "ValidationError",
    "VideoFileSource",
]
