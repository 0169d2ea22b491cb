"""From the configuration of an `ActionDetector` to a run that is not started yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from overshoot.application.action_making import EachVerdict, Joined
from overshoot.application.detection import Detection, DetectionCallbacks
from overshoot.application.progress_report import ProgressReport
from overshoot.client.assembly import clock_of
from overshoot.client.detection_run import DetectionRun
from overshoot.domain.source import CameraSource, StreamSource, VideoFileSource

if TYPE_CHECKING:
    from overshoot.application.evidence import EvidenceKeeper
    from overshoot.client.detector_config import ActionDetectorConfig, OnProgress
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.domain.action import DetectedAction
    from overshoot.errors import OvershootError
    from overshoot.ports.clock import Clock


def detection_run(
    config: ActionDetectorConfig,
    source: StreamSource,
    found: list[DetectedAction] | None,
    on_progress: OnProgress | None,
) -> DetectionRun:
    """A run over ``source``; its actions go to the store, and to ``found`` where it is given."""
    vision = config.vision(source)
    session_id, name = uuid4().hex, _name_of(source)

    def report(error: OvershootError) -> None:
        detection.report(error)

    keeper = _keeper(config, vision, session_id, name, report)
    clock = clock_of(vision)
    origin = {"session_id": session_id, "source": name, "prompt": vision.prompt}
    detection = _detection(config, origin, clock, found, keeper)
    progress = None
    if on_progress is not None:
        progress = ProgressReport(on_progress, report, clock, lambda: len(found or ()))
    return DetectionRun(vision, detection, progress, keeper)


def _detection(
    config: ActionDetectorConfig,
    origin: Mapping[str, str],
    clock: Clock,
    found: list[DetectedAction] | None,
    keeper: EvidenceKeeper | None,
) -> Detection:
    rule = config.rule
    return Detection(
        config.actions,
        EachVerdict(config.min_confidence, origin)
        if rule is None
        else Joined(config.actions, rule, origin),
        keep=config.store.add_many,
        callbacks=DetectionCallbacks(
            on_action=config.on_action,
            on_action_started=config.on_action_started,
            on_action_ended=config.on_action_ended,
            on_error=config.on_error,
        ),
        clock=clock,
        found=None if found is None else found.append,
        evidence=None if keeper is None else keeper.keep,
    )


def _keeper(
    config: ActionDetectorConfig,
    vision: RealtimeVisionConfig[Any],
    session_id: str,
    source: str,
    on_error: Callable[[OvershootError], None],
) -> EvidenceKeeper | None:
    if config.evidence is None:
        return None
    from overshoot.client.evidence_keeping import evidence_keeper

    rule = config.rule
    return evidence_keeper(
        config.evidence,
        vision,
        actions=config.actions,
        min_confidence=config.min_confidence if rule is None else rule.enter_confidence,
        session_id=session_id,
        source=source,
        on_error=on_error,
    )


def _name_of(source: StreamSource) -> str:
    """What a person calls it; addresses may have credentials in them and are not shown."""
    if isinstance(source, VideoFileSource):
        return str(source.file_path)
    if isinstance(source, CameraSource):
        return f"camera {source.device_index}"
    return type(source).__name__
