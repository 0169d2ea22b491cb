"""What a sidecar says about the clip beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from overshoot.domain.action import DetectedAction  # noqa: TC001 - read by cattrs
from overshoot.domain.tracking_verdict import TimedVerdict  # noqa: TC001 - read by cattrs

FORMAT: Final = 1
"""Of the sidecars that are written; readers refuse later ones."""
KIND: Final = "overshoot-evidence"


@frozen(kw_only=True)
class Question:
    """What a detector asks about each clip.

    Attributes:
        prompt: the text that was sent, the names of the actions filled in.
        actions: the names that were asked for.
        output_schema: JSON schema of the answers.
        backend: as named at stream creation.
        model: as named at stream creation.
        processing: clip length, delay and rate, under the names of the ``processing`` mapping.
        min_confidence: what counted as detected, 0.0 to 1.0.
    """

    prompt: str
    actions: tuple[str, ...]
    output_schema: dict[str, Any] = field(repr=False)
    backend: str
    model: str
    processing: dict[str, Any]
    min_confidence: float


@frozen(kw_only=True)
class ClipFacts:
    """What a clip turned out to be.

    Attributes:
        start: stream time of its first picture, which is 0.0 in the file: what happened at ``t`` is
            at ``t - start`` in the clip.
        end: stream time at which its last picture ends.
        wanted_start: where it was to begin. It begins at the key picture before that, or later,
            where the video begins, changes its size, or was no more in memory.
        wanted_end: where it was to end; the video may have ended before.
        width: columns.
        height: rows.
        pictures: how many.
        codec: ``h264``, which browsers play, or ``mpeg4`` where this machine has no encoder for it.
    """

    start: float
    end: float
    wanted_start: float
    wanted_end: float
    width: int
    height: int
    pictures: int
    codec: str


@frozen(kw_only=True)
class EvidenceRecord:
    """What an action rests on.

    Attributes:
        action: the action, as it was stored.
        session_id: the run that found it.
        source: what that run watched, in words.
        clip: the clip beside the sidecar.
        has_thumbnail: whether there is a picture, too.
        verdicts: what the model said.
        question: what it was asked.
        kept_at: when this was written, seconds of UNIX time.
    """

    action: DetectedAction
    session_id: str
    source: str
    clip: ClipFacts
    has_thumbnail: bool
    verdicts: tuple[TimedVerdict, ...]
    question: Question
    kept_at: float


def without_evidence(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of an action without the places of its files, which may move."""
    return {name: value for name, value in metadata.items() if name != "evidence"}
