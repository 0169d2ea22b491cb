"""`ActionRecord`: what is known of an action that is being watched, in bounded space."""

from __future__ import annotations

from typing import Any, Final, Self, TypeAlias

from attrs import evolve, frozen

from overshoot.domain.tracking_verdict import TimedVerdict  # noqa: TC001 - states are read by the types of the fields

MOST_VERDICTS_SHOWN: Final = 64
MOST_PROVENANCES: Final = 16

ShownVerdict: TypeAlias = tuple[float, float, float, bool]
"""start, end, confidence, detected."""
Provenance: TypeAlias = tuple[str, int | None, int | None]
"""model, prompt_version, schema_version."""


@frozen
class ActionRecord:
    """The clips from the one with which an action begins; a sight is one in which it was seen.

    Attributes:
        first: the verdict it begins with.
        end: seconds; the latest end of its sights.
        frame_end: index of the last frame of the sight that ends last.
        clips: how many clips, with those between sights.
        sights: how many sights.
        confidence_sum: of all sights, for the mean.
        peak: confidence of the surest sight.
        peak_at: seconds; where that sight starts.
        stride: every so manieth clip is shown.
        shown: of the clips, evenly, at most `MOST_VERDICTS_SHOWN`.
        provenances: who answered what, each once, the newest `MOST_PROVENANCES` of them.
    """

    first: TimedVerdict
    end: float
    frame_end: int | None
    clips: int
    sights: int
    confidence_sum: float
    peak: float
    peak_at: float
    stride: int
    shown: tuple[ShownVerdict, ...]
    provenances: tuple[Provenance, ...]

    @classmethod
    def begin(cls, verdict: TimedVerdict) -> Self:
        """The record of an action's first sight."""
        return cls(
            first=verdict,
            end=verdict.end,
            frame_end=verdict.frame_end,
            clips=1,
            sights=1,
            confidence_sum=verdict.confidence,
            peak=verdict.confidence,
            peak_at=verdict.start,
            stride=1,
            shown=(_shown(verdict),),
            provenances=(_provenance(verdict),),
        )

    @property
    def duration(self) -> float:
        """Seconds from the first sight's start to the latest end of a sight."""
        return self.end - self.first.start

    def also(self, verdict: TimedVerdict, *, sight: bool) -> Self:
        """The record with the next clip."""
        stride, shown = self._shown_with(verdict)
        provenance, known = _provenance(verdict), self.provenances
        if provenance not in known:
            known = (*known, provenance)[-MOST_PROVENANCES:]
        if not sight:
            return evolve(self, clips=self.clips + 1, stride=stride, shown=shown, provenances=known)
        surest = verdict.confidence > self.peak
        last = verdict.end >= self.end
        return evolve(
            self,
            end=verdict.end if last else self.end,
            frame_end=verdict.frame_end if last else self.frame_end,
            clips=self.clips + 1,
            sights=self.sights + 1,
            confidence_sum=self.confidence_sum + verdict.confidence,
            peak=verdict.confidence if surest else self.peak,
            peak_at=verdict.start if surest else self.peak_at,
            stride=stride,
            shown=shown,
            provenances=known,
        )

    def metadata(self) -> dict[str, Any]:
        """What an action's metadata says of it; JSON values, a dict of its own."""
        model, prompt_version, schema_version = _provenance(self.first)
        names = ("model", "prompt_version", "schema_version")
        return {
            "model": model,
            "prompt_version": prompt_version,
            "schema_version": schema_version,
            "provenances": [dict(zip(names, each, strict=True)) for each in self.provenances],
            "frame_number_end": self.frame_end,
            "peak_confidence": self.peak,
            "peak_timestamp": self.peak_at,
            # Rounding can carry a mean of equal numbers above them.
            "mean_confidence": min(self.peak, self.confidence_sum / self.sights),
            "verdict_count": self.clips,
            "seen_count": self.sights,
            "verdicts": [
                {"start": start, "end": end, "confidence": confidence, "detected": detected}
                for start, end, confidence, detected in self.shown
            ],
        }

    def _shown_with(self, verdict: TimedVerdict) -> tuple[int, tuple[ShownVerdict, ...]]:
        if self.clips % self.stride:
            return self.stride, self.shown
        shown = (*self.shown, _shown(verdict))
        if len(shown) <= MOST_VERDICTS_SHOWN:
            return self.stride, shown
        return self.stride * 2, shown[::2]


def _shown(verdict: TimedVerdict) -> ShownVerdict:
    return verdict.start, verdict.end, verdict.confidence, verdict.detected


def _provenance(verdict: TimedVerdict) -> Provenance:
    return verdict.model, verdict.prompt_version, verdict.schema_version
