"""What tests of actions share: strategies that make them and ask for them, and how to compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import ORDERS, Cursor
from overshoot.domain.json_value import canonical_json
from overshoot.domain.stored import StoredAction

NAMES = ("waving hand", "thumbs up", "pointing", "=1+1")

# Few values each, so that actions share them and filters hit their edges.
names = st.sampled_from(NAMES)
times = st.sampled_from([0.0, 0.1, 1.0, 1.5, 2.0, 7.25, 1e6]) | st.floats(0, 1e9)
confidences = st.sampled_from([0.0, 0.5, 0.6, 1.0]) | st.floats(0, 1)
sessions = st.sampled_from(["s1", "s2", "Ünï\0", ""])
prompts = st.sampled_from(["Who waves?", "STRASSE", "straße 100%_\\", "a\0b", ""])
pieces = st.sampled_from(["W", "wave", "ss", "ß", "%", "_", "\\", "\0", "", "?"])
values = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, 10**30, "1", "null", "\0 ü \U0001f44b"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)
keys = st.sampled_from(["k", "a.b", '"$', "ü", "0", ""])


def _metadata() -> st.SearchStrategy[dict[str, Any]]:
    own = st.dictionaries(keys, values, max_size=2)
    known: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {}, optional={"session_id": sessions | st.just(7), "source": sessions, "prompt": prompts}
    )
    return st.builds(lambda one, other: {**one, **other}, own, known | st.just({"prompt": ["?"]}))


actions = st.builds(
    DetectedAction,
    names,
    timestamp=times,
    frame_number=st.sampled_from([0, 2**63 - 1]) | st.integers(0, 2**40),
    confidence=confidences,
    duration=st.none() | times,
    metadata=_metadata(),
)

_several = names | st.lists(names, max_size=3) | st.just("never seen")
_some_sessions = sessions | st.lists(sessions, max_size=2)
_RANGES = (("start_time", "end_time"), ("min_confidence", "max_confidence"))
_conditions: dict[str, st.SearchStrategy[Any]] = {
    "action": _several,
    "start_time": times,
    "end_time": times,
    "last_seconds": times,
    "last_wall_seconds": st.sampled_from([0.0, 0.5, 1.0, 10.0, 1e10]),
    "min_confidence": confidences,
    "max_confidence": confidences,
    "min_duration": times,
    "max_duration": times,
    "session": _some_sessions,
    "source": _some_sessions,
    "prompt_contains": pieces,
    "metadata": st.dictionaries(keys, values, max_size=1),
}


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Filters that say which actions are asked for; a few at once, which make sense together."""

    def sensible(given: dict[str, Any]) -> dict[str, Any]:
        for low, high in (*_RANGES, ("min_duration", "max_duration")):
            if low in given and high in given:
                given[low], given[high] = sorted((given[low], given[high]))
        return given

    some = st.lists(st.sampled_from(sorted(_conditions)), max_size=3, unique=True)
    return some.flatmap(
        lambda chosen: st.fixed_dictionaries({name: _conditions[name] for name in chosen})
    ).map(sensible)


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    """All keyword arguments of ``get_actions``: `conditions`, order, limit and a cursor."""
    given = draw(conditions())
    order = draw(st.none() | st.sampled_from(ORDERS))
    if order is not None:
        given["order"] = order
    if draw(st.booleans()):
        given["limit"] = draw(st.integers(0, 5))
    if draw(st.integers(0, 3)) == 0:
        key = draw(times | confidences | st.integers(0, 20).map(float))
        given["after"] = str(Cursor(order or "timestamp", key, draw(st.integers(0, 20))))
    return given


def exact(kept: Iterable[StoredAction]) -> list[tuple[StoredAction, str]]:
    """To compare with: unlike actions alone, it tells 1, 1.0 and True in metadata apart."""
    return [(stored, canonical_json(stored.action.metadata)) for stored in kept]
