"""Real-time AI inference on video.

Frames come from a camera, a file or another program, travel over WebRTC to a Media Gateway, and
come back as typed results. See `RealtimeVision` for the start, `overshoot.errors` for what can be
raised, `overshoot.gateway.LocalGateway` for a gateway of one's own, `overshoot.sync` for
programs without an event loop.
"""

from overshoot.application.following import Follower
from overshoot.client.action_detector import ActionDetector
from overshoot.client.action_store import ActionStore
from overshoot.client.detector_config import ActionDetectorConfig
from overshoot.client.evidence_folder import EvidenceFolder, KeptClip
from overshoot.client.http_client import OvershootHttpClient
from overshoot.client.realtime_vision import RealtimeVision, RealtimeVisionConfig
from overshoot.client.relay_result import RelayResult
from overshoot.client.service_sdk import Overshoot, Stream
from overshoot.client.stream_relay import OvershootStreamRelay
from overshoot.domain.action import DetectedAction
from overshoot.domain.backends import CallableInference, GeminiInference, OpenAIInference
from overshoot.domain.ending import StreamEnd
from overshoot.domain.evidence import EvidenceConfig
from overshoot.domain.inference import (
    InferenceResult,
    ModelInfo,
    StreamInferenceResult,
    Unsupported,
)
from overshoot.domain.latency import Percentiles
from overshoot.domain.ledger import FrameCounts, StreamStats
from overshoot.domain.progress import AnalysisProgress
from overshoot.domain.pushed import AsyncFramesSource, FrameSource, PushSource
from overshoot.domain.reconnection import ReconnectionPolicy
from overshoot.domain.reinference import Reinference, ReplayComparison
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
from overshoot.domain.stored import ActionPage, ActionSummary, IntervalCount, StoredAction
from overshoot.domain.stream import (
    DEFAULT_ICE_SERVERS,
    FrameProcessingConfig,
    IceServer,
    StreamInferenceConfig,
    StreamProcessingConfig,
    WebRtcOffer,
)
from overshoot.domain.tracking import ActionTracker
from overshoot.domain.tracking_event import ActionEnded, ActionStarted
from overshoot.domain.tracking_rule import TrackingOverrides, TrackingRule
from overshoot.domain.tracking_verdict import TimedVerdict
from overshoot.errors import (
    AnswerError,
    ApiError,
    AuthenticationError,
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
    StoreError,
    StreamClosedError,
    StreamEndedError,
    UnauthorizedError,
    ValidationError,
)

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_ICE_SERVERS",
    "ActionDetector",
    "ActionDetectorConfig",
    "ActionEnded",
    "ActionPage",
    "ActionStarted",
    "ActionStore",
    "ActionSummary",
    "ActionTracker",
    "AnalysisProgress",
    "AnswerError",
    "ApiError",
    "AsyncFramesSource",
    "AuthenticationError",
    "CallableInference",
    "CallbackError",
    "CameraSource",
    "ConfigurationError",
    "DetectedAction",
    "EvidenceConfig",
    "EvidenceFolder",
    "FileSource",
    "Follower",
    "FrameCounts",
    "FrameError",
    "FrameProcessingConfig",
    "FrameSource",
    "GeminiInference",
    "IceServer",
    "ImageFolderSource",
    "InferenceError",
    "InferenceResult",
    "InsufficientCreditsError",
    "IntervalCount",
    "KeptClip",
    "ModelInfo",
    "ModelsMissingError",
    "NetworkError",
    "NotFoundError",
    "OpenAIInference",
    "Overshoot",
    "OvershootError",
    "OvershootHttpClient",
    "OvershootStreamRelay",
    "Percentiles",
    "ProtocolError",
    "PushSource",
    "RateLimitError",
    "RealtimeVision",
    "RealtimeVisionConfig",
    "ReconnectionPolicy",
    "Reinference",
    "RelayResult",
    "ReplayComparison",
    "ServerError",
    "SourceError",
    "StoreError",
    "StoredAction",
    "Stream",
    "StreamClosedError",
    "StreamEnd",
    "StreamEndedError",
    "StreamInferenceConfig",
    "StreamInferenceResult",
    "StreamProcessingConfig",
    "StreamSource",
    "StreamStats",
    "StreamStatus",
    "SyntheticSource",
    "TimedVerdict",
    "TrackingOverrides",
    "TrackingRule",
    "UnauthorizedError",
    "Unsupported",
    "UrlSource",
    "ValidationError",
    "VideoFileSource",
    "WebRtcOffer",
]
