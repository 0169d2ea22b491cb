"""Actions as a store holds them, and what it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, fsum, inf
from typing import TYPE_CHECKING, Final, cast

from attrs import frozen

from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

SHORTEST_INTERVAL_SECONDS: Final = 0.001


@frozen
class StoredAction:
    """An action with its place in a store.

    Attributes:
        seq: counts what was added, from 1; rises with each and is never given twice, not even
            after `Store.clear`.
        action: the action.
        added_at: when it was added, seconds of UNIX time by the clock of whoever added it.
    """

    seq: int
    action: DetectedAction
    added_at: float


@frozen
class ActionPage:
    """A part of a list of actions.

    Attributes:
        actions: in the order that was asked for.
        next: what ``after`` must be, so that the next page begins there; None at the end.
    """

    actions: list[DetectedAction]
    next: str | None


@frozen
class ActionSummary:
    """What there is of one name.

    Attributes:
        action: the name.
        count: how many.
        total_duration: seconds, of those whose duration is known.
        first: the earliest ``timestamp``, seconds.
        last: the latest ``timestamp``, seconds.
    """

    action: str
    count: int
    total_duration: float
    first: float
    last: float


@frozen
class IntervalCount:
    """How many actions of one name begin in one interval of a timeline.

    Attributes:
        index: the interval from ``index * seconds`` to before ``(index + 1) * seconds``, of the
            stream's clock; from 0.
        action: the name.
        count: how many, at least 1.
    """

    index: int
    action: str
    count: int


def summaries(kept: Iterable[StoredAction]) -> list[ActionSummary]:
    """One for each name, the most frequent first; of equal counts the one first added first.

    ``total_duration`` is right to within the rounding of a sum of floats.
    """
    names: dict[str, list[DetectedAction]] = {}
    for stored in sorted(kept, key=lambda each: each.seq):
        names.setdefault(stored.action.action, []).append(stored.action)
    found = [_summary(name, actions) for name, actions in names.items()]
    return sorted(found, key=lambda summary: -summary.count)


def interval_counts(kept: Iterable[StoredAction], seconds: float) -> list[IntervalCount]:
    """The intervals in which something begins, by time, then by name (code points).

    ``seconds`` from `SHORTEST_INTERVAL_SECONDS`, else `ConfigurationError`.
    """
    check_interval(seconds)
    counts: dict[tuple[int, str], int] = {}
    for stored in kept:
        key = floor(stored.action.timestamp / seconds), stored.action.action
        counts[key] = counts.get(key, 0) + 1
    return [IntervalCount(index, name, count) for (index, name), count in sorted(counts.items())]


def check_interval(seconds: float) -> None:
    """Raise `ConfigurationError` for what is no length of an interval."""
    given = cast("object", seconds)
    right = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not right or not SHORTEST_INTERVAL_SECONDS <= seconds < inf:
        message = f"an interval must be a number from {SHORTEST_INTERVAL_SECONDS} s, got {given!r}"
        raise ConfigurationError(message, details={"field": "seconds"})


def _summary(name: str, actions: Sequence[DetectedAction]) -> ActionSummary:
    times = [action.timestamp for action in actions]
    lasted = fsum(action.duration or 0.0 for action in actions)
    return ActionSummary(name, len(actions), lasted, min(times), max(times))
