"""When verdicts are an action: thresholds, votes and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from attrs import asdict, evolve, field, frozen

from overshoot.domain.validation import a_number, a_whole_number, fail
from overshoot.errors import ConfigurationError

EDGE_SECONDS: Final = 1e-6
"""Times this near to a bound are on it: 0.1 + 0.2 is more than 0.3."""

MOST_VOTES: Final = 1000
MOST_SECONDS_LATE: Final = 3600.0
_LONGEST_SECONDS: Final = 1e9


def _share(default: float | None) -> Any:
    optional = default is None
    return field(default=default, validator=a_number(0.0, 1.0, optional=optional))


def _votes(default: int | None) -> Any:
    optional = default is None
    return field(default=default, validator=a_whole_number(1, MOST_VOTES, optional=optional))


def _seconds(default: float | None, most: float = _LONGEST_SECONDS) -> Any:
    optional = default is None
    return field(default=default, validator=a_number(0.0, most, "s", optional=optional))


@frozen(kw_only=True)
class TrackingOverrides:
    """What is different for one action; None is as the `TrackingRule` has it."""

    enter_confidence: float | None = _share(None)
    exit_confidence: float | None = _share(None)
    votes: int | None = _votes(None)
    votes_of: int | None = _votes(None)
    min_duration_seconds: float | None = _seconds(None)
    max_gap_seconds: float | None = _seconds(None)
    cooldown_seconds: float | None = _seconds(None)


def _overrides(value: Mapping[str, TrackingOverrides]) -> dict[str, TrackingOverrides]:
    given = cast("object", value)
    if isinstance(given, Mapping):
        found = cast("Mapping[object, object]", given)
        if all(
            isinstance(name, str) and isinstance(each, TrackingOverrides)
            for name, each in found.items()
        ):
            return dict(cast("Mapping[str, TrackingOverrides]", given))
    message = f"TrackingRule.overrides must map names to TrackingOverrides, got {given!r}"
    raise ConfigurationError(message, details={"field": "overrides"})


@frozen(kw_only=True)
class TrackingRule:
    """When verdicts are an action; `ActionTracker` defines what each of these does.

    Attributes:
        enter_confidence: 0.0 to 1.0; a verdict with at least that much is a vote for the action.
        exit_confidence: 0.0 to ``enter_confidence``; a verdict with at least that much keeps the
            action going. None is ``enter_confidence``.
        votes: 1 to 1000; so many clips must be votes for it …
        votes_of: … of so many clips in a row, ``votes`` to 1000. None is ``votes``: all of them.
        min_duration_seconds: what is shorter is no action.
        max_gap_seconds: an action goes on over pauses up to this long. A clip's time is that of its
            frames, so that from one clip to the next there is a pause of one frame's time even
            where they follow each other at once (1/12 s at 12 frames/s), and of
            ``delay_seconds - clip_length_seconds`` more where clips are taken now and then. A gap
            below that makes an action of each clip.
        cooldown_seconds: for so long after the end of an action none of its name begins. As actions
            are more than ``max_gap_seconds`` apart anyway, less than that has no effect.
        lateness_seconds: 0 to 3600; how much earlier than the latest one a clip may begin and still
            be taken. Verdicts are held back for so long; with 0 each is judged at once.
        overrides: what is different for an action, by its name.

    Values that do not fit, alone or together, raise `ConfigurationError`.
    """

    enter_confidence: float = _share(0.6)
    exit_confidence: float | None = _share(None)
    votes: int = _votes(1)
    votes_of: int | None = _votes(None)
    min_duration_seconds: float = _seconds(0.0)
    max_gap_seconds: float = _seconds(1.0)
    cooldown_seconds: float = _seconds(0.0)
    lateness_seconds: float = _seconds(0.0, MOST_SECONDS_LATE)
    overrides: Mapping[str, TrackingOverrides] = field(
        factory=dict[str, TrackingOverrides], converter=_overrides, hash=False
    )

    def __attrs_post_init__(self) -> None:
        if self.lowest_confidence > self.enter_confidence:
            wanted = f"at most enter_confidence ({self.enter_confidence!r})"
            raise fail(self, "exit_confidence", wanted, self.exit_confidence)
        if self.window < self.votes:
            raise fail(self, "votes_of", f"at least votes ({self.votes!r})", self.votes_of)
        for action in self.overrides:
            self.of(action)

    @property
    def lowest_confidence(self) -> float:
        """``exit_confidence``, with its default."""
        return self.enter_confidence if self.exit_confidence is None else self.exit_confidence

    @property
    def window(self) -> int:
        """``votes_of``, with its default."""
        return self.votes if self.votes_of is None else self.votes_of

    def of(self, action: str) -> TrackingRule:
        """The rule for one action, in which nothing is overridden."""
        override = self.overrides.get(action)
        if override is None:
            return evolve(self, overrides={}) if self.overrides else self
        given = {name: value for name, value in asdict(override).items() if value is not None}
        try:
            return evolve(self, overrides={}, **given)
        except ConfigurationError as error:
            message = f"TrackingRule.overrides[{action!r}]: {error.message}"
            raise ConfigurationError(message, details={"field": "overrides"}) from None

    def check_names(self, actions: Iterable[str]) -> None:
        """Raise `ConfigurationError` where something is overridden for no action there is."""
        known = list(actions)
        unknown = [name for name in self.overrides if name not in known]
        if unknown:
            message = (
                f"TrackingRule.overrides names {unknown[0]!r}, which is not one of the actions:"
                f" {', '.join(known)}"
            )
            raise ConfigurationError(message, details={"field": "overrides", "known": known})
