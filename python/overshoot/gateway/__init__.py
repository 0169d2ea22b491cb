"""The embedded Media Gateway: the API v0.2 over aiohttp, video received with aiortc."""

from overshoot.bootstrap import otel_tracing
from overshoot.domain.evidence_settings import EvidenceSettings
from overshoot.domain.frame_buffer import BufferLimits
from overshoot.domain.motion import MotionSettings
from overshoot.gateway.app import create_app
from overshoot.gateway.local import LocalGateway
from overshoot.gateway.settings import GatewaySettings, new_api_key
from overshoot.gateway.whip_profile import WhipProfile

__all__ = [
    "BufferLimits",
    "EvidenceSettings",
    "GatewaySettings",
    "LocalGateway",
    "MotionSettings",
    "WhipProfile",
    "create_app",
    "new_api_key",
    "otel_tracing",
]
