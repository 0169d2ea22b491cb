"""`TimedVerdict`: what was said about one action in one clip, and which clip that was."""

from __future__ import annotations

from numbers import Real
from typing import Final

from attrs import field, frozen

from overshoot.domain.action import MOST_SECONDS
from overshoot.domain.validation import a_flag, a_number, a_text, a_whole_number, fail

_MOST: Final = 2**63 - 1


def _plain(value: float) -> float:
    """A number as Python's float, for 5 and 5.0 are one time; what is none, the validator sees."""
    if isinstance(value, Real) and not isinstance(value, bool) and 0 <= value <= MOST_SECONDS:
        return float(value) + 0.0  # which makes 0.0 of -0.0
    return value


_TIME = a_number(0.0, MOST_SECONDS, "s")
_COUNT = a_whole_number(0, _MOST, optional=True)


@frozen
class TimedVerdict:
    """A verdict on one clip; a value, the same for whoever asks.

    Attributes:
        action: the name, as it was asked for.
        detected: whether it was seen.
        confidence: how sure the model is, 0.0 to 1.0.
        start: seconds of the stream's clock, the clip's first frame.
        end: seconds of the stream's clock, the clip's last frame; not before ``start``.
        frame_start: index of the first frame; None if unknown.
        frame_end: index of the last frame; None if unknown.
        prompt_version: which prompt was answered; None if unknown.
        model: who answered; ``""`` if unknown.
        schema_version: which schema was answered to; None if unknown.

    Numbers of numpy are taken and kept as Python's. Anything else that does not fit raises
    `ConfigurationError`, whose ``details["field"]`` names it.
    """

    action: str = field(validator=a_text())
    detected: bool = field(validator=a_flag())
    confidence: float = field(converter=_plain, validator=a_number(0.0, 1.0))
    start: float = field(converter=_plain, validator=_TIME)
    end: float = field(converter=_plain, validator=_TIME)
    frame_start: int | None = field(default=None, validator=_COUNT)
    frame_end: int | None = field(default=None, validator=_COUNT)
    prompt_version: int | None = field(default=None, validator=_COUNT)
    model: str = ""
    schema_version: int | None = field(default=None, validator=_COUNT)

    def __attrs_post_init__(self) -> None:
        if self.end < self.start:
            raise fail(self, "end", f"not before start ({self.start!r})", self.end)
        if not isinstance(self.model, str):
            raise fail(self, "model", "a string", self.model)

    @property
    def clip(self) -> tuple[float, float]:
        """What makes two verdicts be about the same clip, and what clips are sorted by."""
        return self.start, self.end

    @property
    def weight(self) -> tuple[bool, float, tuple[str, int, int, int, int]]:
        """Of verdicts on the same clip the one with the most counts.

        That is the surest that saw it. The rest only makes the choice between equals the same,
        whichever came first.
        """
        counts = (self.prompt_version, self.schema_version, self.frame_start, self.frame_end)
        prompt, schema, first, last = (-1 if count is None else count for count in counts)
        return self.detected, self.confidence, (self.model, prompt, schema, first, last)
