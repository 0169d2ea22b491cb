"""What a doctor looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot import bootstrap
from overshoot.domain.source import SyntheticSource

if TYPE_CHECKING:
    from overshoot.domain.backends import BackendChoice
    from overshoot.domain.checkup import CheckupPlan
    from overshoot.domain.frame import Frame
    from overshoot.ports.checkup import Check
    from overshoot.ports.clock import Clock


def checks(plan: CheckupPlan) -> list[Check]:
    """What is to be looked at, in the order in which parts depend on each other."""
    from overshoot.adapters.checkups.cameras import CameraCheck
    from overshoot.adapters.checkups.gateway import GatewayCheck
    from overshoot.adapters.checkups.ice import IceCheck
    from overshoot.adapters.checkups.media import CodecCheck, FramePathCheck, UdpCheck, WebRtcCheck
    from overshoot.application.checkups import SourceCheck, StoreCheck

    clock = bootstrap.system_clock()
    parts: list[Check] = [
        FramePathCheck(),
        CodecCheck(),
        UdpCheck(),
        WebRtcCheck(),
        IceCheck(plan.ice_servers),
    ]
    if plan.gateway is not None:
        parts.append(GatewayCheck(*plan.gateway, clock))
    if plan.backend is not None:
        parts += _backend_checks(plan.backend, plan.model, clock)
    if plan.store is not None:
        address = plan.store
        parts.append(StoreCheck(lambda: bootstrap.open_store(address)))
    parts.append(CameraCheck(bootstrap.cameras))
    if plan.source is not None:
        parts.append(SourceCheck(bootstrap.open_source(plan.source), clock))
    return parts


def _backend_checks(backend: BackendChoice, model: str, clock: Clock) -> list[Check]:
    from overshoot.adapters.checkups.model_server import ModelServerCheck
    from overshoot.application.checkups import AnswerCheck
    from overshoot.domain.backends import OpenAIInference

    parts: list[Check] = []
    if isinstance(backend, OpenAIInference):
        parts.append(ModelServerCheck(backend, model))
    parts.append(
        AnswerCheck(lambda: bootstrap.inference_backend(backend), model, drawn_picture, clock)
    )
    return parts


def drawn_picture() -> Frame:
    """What the check of a backend asks about."""
    from overshoot.adapters.sources.synthetic import SyntheticScene

    scene = SyntheticScene(SyntheticSource(duration_seconds=1.0))
    scene.open()
    try:
        frame = scene.read()
    finally:
        scene.close()
    assert frame is not None  # noqa: S101 - a scene of a second has a first frame
    return frame
