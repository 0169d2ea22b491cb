"""What a model says when it is asked again, and where two prompts differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from overshoot.domain.inference import Unsupported
    from overshoot.domain.tracking_verdict import TimedVerdict
    from overshoot.domain.verdict import AnswerFault


Disagreement: TypeAlias = Literal["detected", "confidence", "no_answer"]
"""How two findings differ: ``detected`` one saw it and the other did not; ``confidence`` both saw
it, one much surer than the other; ``no_answer`` one of them, or both, got no answer to read."""


@frozen(kw_only=True)
class Reinference:
    """The answers about a kept clip, to one prompt.

    Attributes:
        prompt: what was asked, the names of the actions filled in.
        model: who was asked.
        answers: the texts of the answers, in the order of time.
        verdicts: what could be read in them, on the clock of the first stream: where it says 12.0,
            the action's ``timestamp`` means the same.
        faults: answers, and entries of them, that cannot be used.
        unsupported: what was asked and the backend cannot see, each once.
    """

    prompt: str
    model: str
    answers: tuple[str, ...] = field(repr=False)
    verdicts: tuple[TimedVerdict, ...]
    faults: tuple[AnswerFault, ...]
    unsupported: tuple[Unsupported, ...] = ()

    def finding(self, action: str, min_confidence: float = 0.0) -> Finding:
        """What became of one action in the whole clip."""
        return finding(self.verdicts, action, min_confidence)


@frozen
class Finding:
    """What was found of one action in a whole clip.

    Attributes:
        answered: verdicts on it, of which each was on a part of the clip.
        detected: those of them that saw it, with the confidence that was asked for.
        confidence: of the surest of those; 0.0 where there is none.
    """

    answered: int
    detected: int
    confidence: float


@frozen
class Difference:
    """Where two prompts differ.

    Attributes:
        clip: name of the kept clip, ``<session>/<number>-<action>``.
        action: the action.
        kind: how.
        first: what the first prompt found.
        second: what the second one found.
    """

    clip: str
    action: str
    kind: Disagreement
    first: Finding
    second: Finding


def finding(verdicts: Iterable[TimedVerdict], action: str, min_confidence: float) -> Finding:
    """What these verdicts say of an action; one that is less sure than asked for saw nothing."""
    about = [verdict for verdict in verdicts if verdict.action == action]
    sure = [
        verdict.confidence
        for verdict in about
        if verdict.detected and verdict.confidence >= min_confidence
    ]
    return Finding(len(about), len(sure), max(sure, default=0.0))


def disagreement(first: Finding, second: Finding, tolerance: float) -> Disagreement | None:
    """How two findings differ by more than ``tolerance`` in confidence; None where they agree."""
    if not (first.answered and second.answered):
        return "no_answer"
    if bool(first.detected) != bool(second.detected):
        return "detected"
    if abs(first.confidence - second.confidence) > tolerance:
        return "confidence"
    return None


@frozen(kw_only=True)
class ReplayComparison:
    """Two prompts over the same kept clips.

    Attributes:
        clips: how many were asked about.
        agreements: pairs of clip and action in which both found the same.
        differences: the others.
        unsupported: what was asked and the backend cannot see, each once.
        tolerance: how far apart two confidences may be, 0.0 to 1.0.
    """

    clips: int
    agreements: int
    differences: tuple[Difference, ...]
    tolerance: float
    unsupported: tuple[Unsupported, ...] = ()

    @property
    def compared(self) -> int:
        """Pairs of clip and action."""
        return self.agreements + len(self.differences)


def compare(
    clip: str,
    actions: Sequence[str],
    first: Reinference,
    second: Reinference,
    *,
    min_confidence: float,
    tolerance: float,
) -> tuple[int, list[Difference]]:
    """How many actions both agree on in one clip, and where they do not."""
    agreements, differences = 0, list[Difference]()
    for action in actions:
        one, other = (each.finding(action, min_confidence) for each in (first, second))
        kind = disagreement(one, other, tolerance)
        if kind is None:
            agreements += 1
        else:
            differences.append(Difference(clip, action, kind, one, other))
    return agreements, differences
