"""A tracker's state as JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from attr import asdict  # that of attrs keeps tuples, which JSON does not have
from attrs import frozen

from overshoot.domain.json_value import json_fault
from overshoot.domain.tracking_chain import Chain  # noqa: TC001 - states are read by the types of the fields
from overshoot.domain.tracking_reading import read, wrong_state
from overshoot.domain.tracking_verdict import TimedVerdict  # noqa: TC001 - states are read by the types of the fields

if TYPE_CHECKING:
    from overshoot.domain.tracking_rule import TrackingRule

FORMAT: Final = "overshoot action tracker"
VERSION: Final = 1


@frozen
class TrackState:
    """What is remembered of one action; `Track` says what each is."""

    before: Chain
    last: TimedVerdict | None


@frozen
class TrackerState:
    """What a tracker remembers beside its rule.

    Attributes:
        origin: metadata that all actions get.
        time: stream time, seconds.
        late: verdicts that were refused.
        finished: whether the stream has ended.
        waiting: verdicts that are held back, by start, end and name.
        tracks: one for each action, by its name.
    """

    origin: dict[str, Any]
    time: float
    late: int
    finished: bool
    waiting: tuple[TimedVerdict, ...]
    tracks: dict[str, TrackState]


def dump_state(state: TrackerState, rule: TrackingRule) -> dict[str, Any]:
    """The state as JSON values, none of them shared with the tracker."""
    head = {"format": FORMAT, "version": VERSION, "rule": asdict(rule)}
    return {**head, **asdict(state)}


def load_state(state: object, actions: Sequence[str], rule: TrackingRule) -> TrackerState:
    """What `dump_state` was given.

    Raises:
        ConfigurationError: it was not given that, or with other actions or another rule. Types are
            checked; that the numbers make sense together is not.
    """
    saved: dict[str, Any] = {}
    if isinstance(state, Mapping):
        saved.update(cast("Mapping[str, Any]", state))
    if saved.pop("format", None) != FORMAT:
        raise wrong_state(f"it must be a dict with 'format': {FORMAT!r}, as state() gives it")
    version = read(int, saved.pop("version", None), "version")
    if version > VERSION:
        problem = f"it is of version {version}, and this overshoot reads up to {VERSION}"
        raise wrong_state(f"{problem}; use the overshoot that wrote it, or a newer one")
    _same("rule", asdict(rule), saved.pop("rule", None))
    loaded = cast("TrackerState", read(TrackerState, saved, ""))
    _same("actions", set(actions), set(loaded.tracks))
    if fault := json_fault(loaded.origin, "origin"):
        raise wrong_state(fault)
    return loaded


def _same(what: str, now: object, then: object) -> None:
    if then != now:
        problem = f"it was saved with other {what}: then {then!r}, now {now!r}"
        raise wrong_state(f"{problem}; resume with the same, or begin anew")
