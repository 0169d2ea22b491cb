"""From a detector's configuration to what keeps the evidence of its actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from overshoot import bootstrap
from overshoot.client.assembly import clock_of
from overshoot.domain.evidence import MOST_FPS
from overshoot.domain.evidence_record import Question
from overshoot.domain.sampling import ClipSampling, sampling_of
from overshoot.domain.source import every_frame_counts

if TYPE_CHECKING:
    from overshoot.application.evidence import EvidenceKeeper
    from overshoot.client.realtime_vision import RealtimeVisionConfig
    from overshoot.domain.evidence import EvidenceConfig
    from overshoot.errors import OvershootError


def evidence_keeper(
    config: EvidenceConfig,
    vision: RealtimeVisionConfig[Any],
    *,
    actions: Sequence[str],
    min_confidence: float,
    session_id: str,
    source: str,
    on_error: Callable[[OvershootError], None],
) -> EvidenceKeeper:
    """The keeper of one run that asks what ``vision`` says; it is not started yet.

    Args:
        config: how much is kept.
        vision: the stream; its schema is a mapping.
        actions: the names that are asked for.
        min_confidence: what counts as detected.
        session_id: the run; letters, digits, ``-`` and ``_``, else `ConfigurationError`.
        source: what it watches, in words.
        on_error: told of what cannot be kept.
    """
    from overshoot.application.evidence import EvidenceKeeper

    config = _as_often_as_shown(config, vision)
    # Such a source waits for the answers anyway, and gives frames faster than they can be encoded.
    patient = every_frame_counts(vision.source)
    return EvidenceKeeper(
        config,
        recorder=bootstrap.clip_recorder(config, patient=patient),
        shelf=bootstrap.evidence_shelf(config, session_id),
        question=question_of(vision, actions, min_confidence),
        session_id=session_id,
        source=source,
        now=clock_of(vision).wall,
        on_error=on_error,
    )


def question_of(
    vision: RealtimeVisionConfig[Any], actions: Sequence[str], min_confidence: float
) -> Question:
    """What a stream asks about each clip, to be asked again one day."""
    schema: Any = vision.output_schema
    return Question(
        prompt=vision.prompt,
        actions=tuple(actions),
        output_schema=dict(schema),
        backend=vision.backend,
        model=vision.model,
        processing=vision.checked_processing().to_dict(),
        min_confidence=min_confidence,
    )


def _as_often_as_shown(config: EvidenceConfig, vision: RealtimeVisionConfig[Any]) -> EvidenceConfig:
    """So many pictures that the model can be shown as many again."""
    sampling = sampling_of(vision.checked_processing())
    if not isinstance(sampling, ClipSampling) or sampling.target_fps <= config.max_fps:
        return config
    return evolve(config, max_fps=min(sampling.target_fps, MOST_FPS))
