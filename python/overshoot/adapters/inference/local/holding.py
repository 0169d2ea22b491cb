"""Which hands and gestures a clip shows: what is held for a while, not what one picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overshoot.adapters.inference.local.observation import Hands
from overshoot.adapters.inference.local.vocabulary import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.adapters.inference.local.watcher import Record

# A still gesture must be held this long, and in every picture where a stream has just begun.
HOLD_S = 0.3
SHOWN = 0.5
# Once reported, a gesture is kept on a weaker showing, and over a moment without it.
STILL_SHOWN = 0.35
LET_GO_S = 0.6
# These look back over two seconds, and hold when they say so at the end.
_HELD_ALREADY = {Word.WAVING_HAND, Word.CLAPPING}


def hands_in(
    clip: Sequence[Record], scene: Sequence[Record], shown_before: frozenset[Word]
) -> Hands | None:
    """What hands show in a clip; None where they were not looked for.

    Args:
        clip: records of its frames, at least one.
        scene: all records remembered of the scene that is on at its end.
        shown_before: gestures reported for the clip before.
    """
    if clip[-1].hands is None:
        return None
    lately = _lasting(clip, scene, HOLD_S)
    count = max(
        (n for n in (1, 2) if _held([_seen(r, n) for r in lately], lately) >= SHOWN), default=0
    )
    presence = max((max(r.hands, default=0.0) for r in lately if r.hands is not None), default=0.0)
    gestures: dict[Word, float] = {}
    for word in {word for record in lately for word in record.gestures} | shown_before:
        kept = word in shown_before
        looked = _lasting(clip, scene, LET_GO_S) if kept else lately
        values = [record.gestures.get(word, 0.0) for record in looked]
        sure = max(values[-3:]) if word in _HELD_ALREADY else _held(values, looked)
        if sure >= (STILL_SHOWN if kept else SHOWN):
            gestures[word] = sure
    return Hands(count, presence if count else 0.0, gestures)


def _lasting(clip: Sequence[Record], scene: Sequence[Record], seconds: float) -> list[Record]:
    """The records of the clip, and as many before it as make up a stretch of time."""
    since = min(clip[-1].time - seconds - 1e-6, clip[0].time)
    before = (
        [r for r in scene if since <= r.time < clip[0].time]
        if clip[0].time >= scene[0].time
        else []
    )
    return [*before, *clip]


def _seen(record: Record, hands: int) -> float:
    return float(len(record.hands or ()) >= hands)


def _held(values: Sequence[float], records: Sequence[Record]) -> float:
    """The best mean over any stretch of the hold time; over all where there is less."""
    times = [record.time for record in records]
    if times[-1] - times[0] <= HOLD_S:
        return float(np.mean(values))
    best = 0.0
    for i, start in enumerate(times):
        inside = [
            v for v, t in zip(values[i:], times[i:], strict=True) if t <= start + HOLD_S + 1e-6
        ]
        if times[-1] - start >= HOLD_S - 1e-6:
            best = max(best, float(np.mean(inside)))
    return best
