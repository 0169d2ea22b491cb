"""From the records of a clip to what can be said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from overshoot.adapters.inference.local.faces import faces_in
from overshoot.adapters.inference.local.gestures import ramp
from overshoot.adapters.inference.local.holding import SHOWN, hands_in
from overshoot.adapters.inference.local.light import light_change
from overshoot.adapters.inference.local.observation import Amount, Motion, Observation
from overshoot.adapters.inference.local.vocabulary import REGIONS, Word
from overshoot.adapters.inference.local.watcher import total_shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from overshoot.adapters.inference.local.motion import Change
    from overshoot.adapters.inference.local.picture import Floats
    from overshoot.adapters.inference.local.watcher import Look, Record

_WAY_WINDOW_S = 1.4
# A path needs this many pictures; flow cannot follow over a longer step.
_LEAST_STEPS = 4
_FLOW_UP_TO_S = 0.25
_SURE_WAY = 0.65
_LEAST_CAMERA_SPEED = 0.03  # widths a second
_LEAST_STEADY = 0.6  # of the path, that led anywhere
_LIGHT_WINDOW_S = 1.5
_MOST_MOTION_FOR_LIGHT = 0.1
_AMOUNTS: tuple[tuple[float, Amount], ...] = ((0.02, "a little"), (0.1, "some"), (1.1, "much"))


def summed_up(
    clip: Sequence[Record],
    history: Sequence[Record],
    look: Look,
    shown_before: frozenset[Word] = frozenset(),
) -> Observation:
    """What happened in a clip.

    Args:
        clip: records of its frames, at least one.
        history: all records remembered, the clip's among them.
        look: at its newest frame.
        shown_before: gestures reported for the clip before.
    """
    now = clip[-1].time
    since_cut = _after_cut(history)
    return Observation(
        motion=_motion(_after_cut(clip), [r for r in since_cut if r.time >= now - _WAY_WINDOW_S]),
        camera=_camera(_after_cut(clip)),
        light=look.light,
        brightness=look.brightness,
        light_change=_light_change([r for r in since_cut if r.time >= now - _LIGHT_WINDOW_S]),
        colours=look.colours,
        qr=look.qr,
        hands=hands_in(clip, since_cut, shown_before),
        faces=faces_in(_after_cut(clip), since_cut),
        cut=any(record.cut for record in clip),
    )


def _light_change(records: Sequence[Record]) -> tuple[Word, float] | None:
    """None too while much of the picture is covered by something that passes."""
    shares = [record.change.share for record in records if record.change is not None]
    if shares and float(np.mean(shares)) > _MOST_MOTION_FOR_LIGHT:
        return None
    return light_change([record.light for record in records])


def _after_cut(records: Sequence[Record]) -> list[Record]:
    """Those of the scene that is on now."""
    cuts = [i for i, record in enumerate(records) if record.cut]
    return list(records[cuts[-1] :]) if cuts else list(records)


def _motion(clip: Sequence[Record], window: Sequence[Record]) -> Motion | None:
    changes = [record.change for record in clip if record.change is not None]
    if not changes:
        return None
    shares = np.array([change.share for change in changes])
    often = float((shares > 0).mean())
    share = float(shares.mean())
    sure = min(ramp(often, 0.1, 0.6), ramp(share, 0.0008, 0.004))
    if sure < SHOWN:
        return Motion("no", share, 1 - sure)
    amount: Amount = next(name for limit, name in _AMOUNTS if share < limit)
    region = _region([change for change in changes if change.share > 0])
    ways, way_sure = _way(window if len(changes) < _LEAST_STEPS else clip)
    return Motion(amount, share, sure, region, ways, min(sure, way_sure))


def _region(changes: Sequence[Change]) -> Word:
    """The ninth in which the moving patch was; by the middle of the picture's path of patches."""
    x = float(np.median([change.x for change in changes]))
    y = float(np.median([change.y for change in changes]))
    return REGIONS[min(int(y * 3), 2)][min(int(x * 3), 2)]


def _way(records: Sequence[Record]) -> tuple[tuple[Word, ...], float]:
    """The direction of movement, told by the path of the patch, or else by optical flow.

    The path needs no texture and no small steps; the flow needs no single patch.
    """
    moving = [r for r in records if r.change is not None and r.change.share > 0]
    path, straight = _path(moving)
    flow, agree = _flow(moving)
    if straight >= agree:
        return _named(path, straight)
    return _named(flow, agree)


def _path(moving: Sequence[Record]) -> tuple[Floats, float]:
    """Way of the middle of the change, in widths, and how much it is a straight course."""
    if len(moving) < _LEAST_STEPS:
        return np.zeros(2, np.float32), 0.0
    points = np.array([(r.change.x, r.change.y) for r in moving if r.change is not None])
    times = np.array([r.time for r in moving])
    times = times - times.mean()
    centred = points - points.mean(axis=0)
    slope = (times[:, None] * centred).sum(axis=0) / max(float((times**2).sum()), 1e-9)
    fitted = times[:, None] * slope
    spread = float((centred**2).sum())
    explained = float((fitted**2).sum()) / max(spread, 1e-9)
    way = slope * float(np.ptp(times))
    shares = np.array([r.change.share for r in moving if r.change is not None])
    sure = min(
        ramp(explained, 0.5, 0.85),
        ramp(float(np.linalg.norm(way)), 0.02, 0.06),
        # One thing that crosses the picture keeps its size; patches of many things do not.
        ramp(float(shares.std() / shares.mean()), 0.9, 0.5),
    )
    return np.asarray(way, dtype=np.float32), sure


def _flow(moving: Sequence[Record]) -> tuple[Floats, float]:
    """Mean optical flow, and how far patches and pictures agree about it."""
    near = [r.change for r in moving if r.change is not None and r.over_s <= _FLOW_UP_TO_S]
    if not near:
        return np.zeros(2, np.float32), 0.0
    flows = np.array([(change.vx, change.vy) for change in near], dtype=np.float32)
    lengths = np.linalg.norm(flows, axis=1)
    mean = flows.mean(axis=0)
    steady = float(np.linalg.norm(mean)) / max(float(lengths.mean()), 1e-9)
    within = float(np.median([change.agreement for change in near]))
    sure = min(
        ramp(steady, 0.5, 0.85), ramp(within, 0.5, 0.8), ramp(float(lengths.mean()), 0.002, 0.008)
    )
    return mean, sure


def _named(way: Floats, sure: float) -> tuple[tuple[Word, ...], float]:
    """One or two words for a direction; none where it is too unsure to name."""
    if sure < _SURE_WAY:
        return (), 0.0
    across = Word.MOVING_RIGHT if way[0] > 0 else Word.MOVING_LEFT
    along = Word.MOVING_DOWN if way[1] > 0 else Word.MOVING_UP
    size = abs(float(way[0])), abs(float(way[1]))
    first, second = (across, along) if size[0] >= size[1] else (along, across)
    # Beyond 27 degrees off an axis it goes both ways.
    return ((first, second) if min(size) > 0.5 * max(size) else (first,)), sure


def _camera(clip: Sequence[Record]) -> tuple[Word, float] | None:
    """What the camera did over the clip."""
    steps = [record for record in clip if record.shift is not None]
    if not steps:
        return None
    dx, dy, path = total_shift(steps)
    seconds = max(steps[-1].time - steps[0].time, 0.0) + _step_s(clip)
    speed = path / max(seconds, 1e-3)
    textured = float(np.mean([r.shift.textured for r in steps if r.shift is not None]))
    if speed < _LEAST_CAMERA_SPEED:
        return _if_sure(Word.CAMERA_STILL, min(ramp(textured, 0.0, 0.1), ramp(speed, 0.05, 0.02)))
    way = float(np.hypot(dx, dy))
    steady = way / max(path, 1e-9)
    sure = min(ramp(speed, 0.02, 0.05), ramp(path, 0.004, 0.012))
    if steady < _LEAST_STEADY:
        return _if_sure(Word.SHAKING, min(sure, ramp(steady, 0.9, 0.5)))
    if abs(dx) >= abs(dy):
        word = Word.PAN_LEFT if dx > 0 else Word.PAN_RIGHT
    else:
        word = Word.TILT_UP if dy > 0 else Word.TILT_DOWN
    return _if_sure(word, min(sure, ramp(steady, 0.4, 0.8)))


def _step_s(clip: Sequence[Record]) -> float:
    """Mean time from one record to the next."""
    steps = len(clip) - 1
    return (clip[-1].time - clip[0].time) / steps if steps else 0.1


def _if_sure(word: Word, sure: float) -> tuple[Word, float] | None:
    return (word, sure) if sure >= SHOWN else None
