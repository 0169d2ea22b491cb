"""What tests of actions share: strategies that make them, and the definition of a query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery

NAMES = ("waving hand", "thumbs up", "pointing", "=1+1")

names = st.sampled_from(NAMES)
# Few values, so that actions share timestamps and filters hit their edges.
times = st.sampled_from([0.0, 0.1, 1.0, 1.5, 2.0, 7.25, 1e6]) | st.floats(0, 1e9)
confidences = st.sampled_from([0.0, 0.5, 0.6, 1.0]) | st.floats(0, 1)
actions = st.builds(
    DetectedAction,
    names,
    timestamp=times,
    frame_number=st.integers(0, 2**40),
    confidence=confidences,
    duration=st.none() | times,
    metadata=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2),
)


def filters() -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments of ``get_actions`` that make sense together."""
    given: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {},
        optional={
            "action": names | st.lists(names, max_size=3) | st.just("never seen"),
            "start_time": times,
            "end_time": times,
            "min_confidence": confidences,
            "last_seconds": times,
        },
    )
    return given.filter(lambda each: each.get("start_time", 0.0) <= each.get("end_time", 1e12))


def selected(kept: Sequence[DetectedAction], query: ActionQuery) -> list[DetectedAction]:
    """What a store that got ``kept`` in that order must give."""
    newest = max((action.timestamp for action in kept), default=0.0)
    found = [action for action in kept if query.matches(action, newest)]
    return sorted(found, key=lambda action: action.timestamp)


def counted(kept: Sequence[DetectedAction]) -> list[tuple[str, int]]:
    """The items of the summary that such a store must give, in their order."""
    counts: dict[str, int] = {}
    for action in kept:
        counts[action.action] = counts.get(action.action, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])
