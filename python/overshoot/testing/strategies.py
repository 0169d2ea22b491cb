"""Hypothesis strategies for what passes through a program that uses overshoot.

`actions` and `filters` are made to hit edges: few values each, so that actions share them.
`frames`, `clips`, `verdict_answers`, `results` and `processing` make what a stream carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import ORDERS, Cursor
from overshoot.domain.frame import Frame
from overshoot.domain.inference import InferenceResult
from overshoot.domain.json_value import canonical_json
from overshoot.domain.stream import StreamProcessingConfig

if TYPE_CHECKING:
    from overshoot.domain.frame import Pixels
    from overshoot.domain.stored import StoredAction

NAMES = ("waving hand", "thumbs up", "pointing", "=1+1")

names: st.SearchStrategy[str] = st.sampled_from(NAMES)
times: st.SearchStrategy[float] = st.sampled_from([0.0, 0.1, 1.0, 1.5, 2.0, 7.25, 1e6]) | st.floats(
    0, 1e9
)
confidences: st.SearchStrategy[float] = st.sampled_from([0.0, 0.5, 0.6, 1.0]) | st.floats(0, 1)
sessions: st.SearchStrategy[str] = st.sampled_from(["s1", "s2", "Ünï\0", ""])
prompts: st.SearchStrategy[str] = st.sampled_from(
    ["Who waves?", "STRASSE", "straße 100%_\\", "a\0b", ""]
)
pieces: st.SearchStrategy[str] = st.sampled_from(
    ["W", "wave", "ss", "ß", "%", "_", "\\", "\0", "", "?"]
)
values: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, 10**30, "1", "null", "\0 ü \U0001f44b"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)
keys: st.SearchStrategy[str] = st.sampled_from(["k", "a.b", '"$', "ü", "0", ""])


def _metadata() -> st.SearchStrategy[dict[str, Any]]:
    own = st.dictionaries(keys, values, max_size=2)
    known: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {}, optional={"session_id": sessions | st.just(7), "source": sessions, "prompt": prompts}
    )

    def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        return {**one, **other}

    return st.builds(joined, own, known | st.just({"prompt": ["?"]}))


actions: st.SearchStrategy[DetectedAction] = st.builds(
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


def pixels(*, max_side: int = 64, min_side: int = 2) -> st.SearchStrategy[Pixels]:
    """BGR pictures (height, width, 3) uint8, plain or noisy, of any sides within the bounds."""
    side = st.integers(min_side, max_side)

    def picture(height: int, width: int, seed: int, *, plain: bool) -> Pixels:
        rng = np.random.default_rng(seed)
        shape = (1, 1, 3) if plain else (height, width, 3)
        values = rng.integers(0, 256, shape, np.uint8)
        return np.ascontiguousarray(np.broadcast_to(values, (height, width, 3)))

    return st.builds(picture, side, side, st.integers(0, 2**32 - 1), plain=st.booleans())


def frames(*, max_side: int = 64) -> st.SearchStrategy[Frame]:
    """Single frames, at any time of a stream and of any index."""
    return st.builds(Frame, pixels(max_side=max_side), st.floats(0, 1e6), st.integers(0, 2**31))


@st.composite
def clips(draw: st.DrawFn, *, max_frames: int = 12, max_side: int = 64) -> tuple[Frame, ...]:
    """Frames of one size whose indices and times rise, as a session is asked about."""
    first = draw(pixels(max_side=max_side))
    gaps = draw(st.lists(st.floats(0.001, 2.0), max_size=max_frames - 1))
    timestamp, index = draw(st.floats(0, 1e5)), draw(st.integers(0, 2**31))
    made = [Frame(first, timestamp, index)]
    for gap in gaps:
        timestamp, index = timestamp + gap, index + draw(st.integers(1, 30))
        shade = draw(st.integers(0, 255))
        made.append(Frame(np.full_like(first, shade), timestamp, index))
    return tuple(made)


def processing() -> st.SearchStrategy[StreamProcessingConfig]:
    """Everything that clip mode may be configured to."""
    return st.builds(
        StreamProcessingConfig,
        sampling_ratio=st.floats(0.0, 1.0),
        fps=st.floats(1, 120),
        clip_length_seconds=st.floats(0.1, 60.0),
        delay_seconds=st.floats(0.0, 60.0),
        target_fps=st.none() | st.integers(1, 30),
    )


def verdict_answers(
    names: Sequence[str] = ("waving hand", "thumbs up"),
) -> st.SearchStrategy[dict[str, Any]]:
    """Answers by the schema of an `ActionDetector` that looks for ``names``, to script with."""
    verdict = st.fixed_dictionaries(
        {"action": st.sampled_from(names), "detected": st.booleans(), "confidence": confidences}
    )
    several = st.lists(verdict, max_size=len(names), unique_by=lambda each: str(each["action"]))
    return several.map(lambda found: {"detected_actions": found})


@st.composite
def results(draw: st.DrawFn) -> InferenceResult[Any]:
    """Answers as a stream hands them out: well or failed, with and without what may be unknown."""
    ok = draw(st.booleans())
    end = draw(st.none() | st.floats(0, 1e6))
    last = draw(st.none() | st.integers(0, 2**31))
    return InferenceResult(
        draw(st.text(max_size=40)) if ok else "",
        ok=ok,
        error=None if ok else draw(st.sampled_from(["timeout", "the model is busy"])),
        type="inference" if ok else "error",
        id=str(draw(st.uuids())),
        stream_id=str(draw(st.uuids())),
        model_backend="scripted",
        model_name=draw(st.sampled_from(["a", "b/c"])),
        prompt=draw(prompts),
        inference_latency_ms=draw(st.floats(0, 30_000)),
        total_latency_ms=draw(st.floats(0, 60_000)),
        finish_reason=draw(st.sampled_from(["stop", "length", None])) if ok else None,
        timestamp=end,
        timestamp_start=None if end is None else draw(st.floats(0, end)),
        seq=draw(st.none() | st.integers(0, 2**31)),
        epoch=draw(st.integers(0, 3)),
        frame_start=None if last is None else draw(st.integers(0, last)),
        frame_end=last,
        prompt_version=draw(st.none() | st.integers(0, 9)),
        schema_version=draw(st.none() | st.integers(0, 9)),
        repeated=draw(st.booleans()),
    )


def exact(kept: Iterable[StoredAction]) -> list[tuple[StoredAction, str]]:
    """To compare with: unlike actions alone, it tells 1, 1.0 and True in metadata apart."""
    return [(stored, canonical_json(stored.action.metadata)) for stored in kept]
