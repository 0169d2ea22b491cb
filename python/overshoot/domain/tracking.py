"""`ActionTracker`: verdicts about clips go in, actions with a beginning and an end come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

from overshoot.domain.action import MOST_SECONDS
from overshoot.domain.action_question import action_names
from overshoot.domain.json_value import json_fault
from overshoot.domain.tracking_event import EndedBy, EventMaker, TrackingEvent
from overshoot.domain.tracking_rule import EDGE_SECONDS, TrackingRule
from overshoot.domain.tracking_state import TrackerState, TrackState, dump_state, load_state
from overshoot.domain.tracking_track import Track
from overshoot.errors import ConfigurationError

if TYPE_CHECKING:
    from overshoot.domain.tracking_verdict import TimedVerdict

_Place: TypeAlias = tuple[float, float, str]
"""Where a verdict is judged: by start and end of the clip, then by name."""


class ActionTracker:
    """Makes actions out of the verdicts on one stream, without I/O and without a clock.

    **What an action is.** For each name by itself, with the `TrackingRule` of that name:

    1. Verdicts on the same clip (same start, same end) are one; of these the surest counts. Clips
       are sorted by start, then by end.
    2. A clip is a *sight* if the action was detected with ``exit_confidence`` or more, and a *vote*
       if with ``enter_confidence`` or more. ``detected=False`` is neither, whatever the confidence.
    3. Sights form a *chain* while each starts at most ``max_gap_seconds`` after the latest end of
       those before it. Clips may overlap; time is counted once.
    4. A chain is a candidate once, of ``votes_of`` clips in a row, ``votes`` are votes and sights
       of this chain. (Fewer clips than ``votes_of`` will do where they have enough votes; clips
       before the chain are in the row, but give it no vote.)
    5. The action begins where the earliest vote in the first such row starts, and ends where the
       last of the chain's sights from there on ends. Clips that only keep it going do not move its
       beginning forward; pauses in it are part of it.
    6. If that is ``min_duration_seconds`` or more, it is an action.
    7. For ``cooldown_seconds`` after the end of an action, clips that start then are no sights.

    Comparisons allow for `EDGE_SECONDS`. It follows that no two actions of one name overlap, and,
    without a cooldown, that a surer verdict never takes from the time covered: more sights only
    make chains longer and join them, and more votes only make the first row come earlier. This is
    why a row is counted in clips, not in sights, and why an action's end is that of the chain, not
    of the row. A cooldown can break the second law: an action that a surer verdict makes silences
    what comes after it.

    **When it is told.** Stream time is the latest start of a clip, or what `advance` was told. A
    clip that starts more than ``lateness_seconds`` before it is refused and counted in ``late``;
    one that starts within is held back, until stream time has left it behind by that much, and then
    judged in its place. So the order of arrival changes nothing, neither in the events nor in their
    order. With a ``lateness_seconds`` of 0 a verdict is judged when it comes. Then clips of one
    action must come in order; a second verdict on the newest clip still counts if it is surer.

    `ActionStarted` comes once votes and duration suffice, `ActionEnded` once no clip can continue
    the action: exactly one of each an action, in that order.

    **Memory** is bounded by the number of actions, their ``votes_of``, and the clips that start
    within ``lateness_seconds``; it does not grow with the stream. Of a long action the metadata
    shows up to 64 verdicts, evenly spread (each 2nd, 4th, 8th …); counts, mean and peak are of all.

    **Metadata** of an action, beside ``origin``: ``action_id`` (the same on every run over the same
    verdicts with the same origin, so name the stream in it); ``model``, ``prompt_version`` and
    ``schema_version`` of the verdict it begins with; ``provenances``, all distinct of these three,
    the newest 16; ``frame_number_end``; ``peak_confidence`` and ``peak_timestamp``, the start of
    that clip; ``mean_confidence`` of the sights; ``verdict_count`` of clips from begin to end, and
    ``seen_count`` of the sights among them; ``verdicts``, a list of ``start``, ``end``,
    ``confidence``, ``detected``; and at the end ``ended_by``, ``"gap"`` or ``"stream_end"``.

    Args:
        actions: the names that verdicts may have; as `action_names`.
        rule: when verdicts are an action.
        origin: metadata that all actions get, such as ``session_id`` and ``source``; JSON values.

    Raises:
        ConfigurationError: actions, origin or the names in the rule's overrides do not fit.

    Attributes:
        late: verdicts that were refused, because they came too late.
    """

    def __init__(
        self,
        actions: Iterable[str],
        rule: TrackingRule,
        *,
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        self._actions = action_names(actions)
        rule.check_names(self._actions)
        self._rule = rule
        self._events = EventMaker(_origin(origin or {}))
        self._tracks = {name: Track(rule.of(name)) for name in self._actions}
        self._time = 0.0
        self._swept = 0.0
        self._finished = False
        self._waiting: dict[_Place, TimedVerdict] = {}
        self._order: list[_Place] = []
        self.late: int = 0

    def receive(self, verdict: TimedVerdict) -> list[TrackingEvent]:
        """Take a verdict; what follows from it and from the time that it shows to have passed.

        O(log n) of the verdicts held back. After `finish` every verdict is late.

        Raises:
            ConfigurationError: the verdict is about an action that this tracker does not know.
        """
        track = self._tracks.get(verdict.action)
        if track is None:
            message = (
                f"a verdict on {verdict.action!r}, which is not one of the actions:"
                f" {', '.join(self._actions)}"
            )
            raise ConfigurationError(
                message, details={"field": "action", "known": list(self._actions)}
            )
        if self._finished or verdict.start < self._horizon or track.has_passed(verdict):
            self.late += 1
            return []
        self._time = max(self._time, verdict.start)
        if not self._rule.lateness_seconds:
            return self._judge(verdict)
        self._hold(verdict)
        return self._release()

    def advance(self, time: float) -> list[TrackingEvent]:
        """Stream time has come to ``time`` s: no clip that starts before it is still awaited.

        For streams in which nothing is said about clips that show nothing. Answers lag behind the
        picture, so that this is not the time of the newest frame, but the start of the newest clip
        that was answered; with the former, the clips in between would be late. An earlier time than
        before changes nothing.
        """
        given = cast("object", time)
        right = isinstance(given, (int, float)) and not isinstance(given, bool)
        if not right or not 0 <= time <= MOST_SECONDS:
            message = f"time must be a number from 0 to {MOST_SECONDS:g} s, got {given!r}"
            raise ConfigurationError(message, details={"field": "time"})
        if self._finished:
            return []
        self._time = max(self._time, float(time))
        return self._release()

    def finish(self) -> list[TrackingEvent]:
        """The stream has ended: judge what was held back, and end what still goes on."""
        if self._finished:
            return []
        events = [event for place in sorted(self._order) for event in self._take(place)]
        self._finished = True
        self._order.clear()
        events += self._sweep(self._time)
        return events + self._end_after(None, "stream_end")

    def state(self) -> dict[str, Any]:
        """All that `resume` needs to go on from here; JSON values."""
        state = TrackerState(
            origin=self._events.origin,
            time=self._time,
            late=self.late,
            finished=self._finished,
            waiting=tuple(self._waiting[place] for place in sorted(self._order)),
            tracks={
                name: TrackState(track.before, track.last) for name, track in self._tracks.items()
            },
        )
        return dump_state(state, self._rule)

    @classmethod
    def resume(cls, actions: Iterable[str], rule: TrackingRule, state: Mapping[str, Any]) -> Self:
        """The tracker whose `state` this was; it goes on as that one would have.

        Raises:
            ConfigurationError: it is no such state, it is of a newer version, or of a tracker with
                other actions or another rule: what it holds would mean something else.
        """
        names = action_names(actions)
        saved = load_state(state, names, rule)
        tracker = cls(names, rule, origin=saved.origin)
        tracker._time, tracker.late, tracker._finished = saved.time, saved.late, saved.finished
        for name, track in saved.tracks.items():
            tracker._tracks[name] = Track(rule.of(name), track.before, track.last)
        tracker._waiting = {_place(verdict): verdict for verdict in saved.waiting}
        tracker._order = sorted(tracker._waiting)
        return tracker

    # --- inside --------------------------------------------------------------------------------

    @property
    def _horizon(self) -> float:
        late = self._rule.lateness_seconds
        return self._time - late - EDGE_SECONDS if late else self._time

    def _hold(self, verdict: TimedVerdict) -> None:
        place = _place(verdict)
        held = self._waiting.get(place)
        if held is None:
            heappush(self._order, place)
        if held is None or verdict.weight > held.weight:
            self._waiting[place] = verdict

    def _release(self) -> list[TrackingEvent]:
        events: list[TrackingEvent] = []
        horizon = self._horizon
        while self._order and self._order[0][0] < horizon:
            events += self._take(heappop(self._order))
        return events + self._sweep(horizon)

    def _take(self, place: _Place) -> list[TrackingEvent]:
        return self._judge(self._waiting.pop(place))

    def _judge(self, verdict: TimedVerdict) -> list[TrackingEvent]:
        events = self._sweep(verdict.start)
        started = self._tracks[verdict.action].judge(verdict)
        if started is not None:
            events.append(self._events.started(started))
        return events

    def _sweep(self, time: float) -> list[TrackingEvent]:
        if time <= self._swept:
            return []
        self._swept = time
        return self._end_after(time, "gap")

    def _end_after(self, time: float | None, ended_by: EndedBy) -> list[TrackingEvent]:
        """End the chains that no clip from ``time`` on can continue; all of them without it."""
        due = [
            (deadline, name)
            for name, track in self._tracks.items()
            if (deadline := track.deadline) is not None and (time is None or deadline < time)
        ]
        ended = [self._tracks[name].end() for _, name in sorted(due)]
        return [self._events.ended(each, ended_by) for each in ended if each is not None]


def _origin(given: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata as the tracker's own; nothing that its caller changes later changes it."""
    origin = dict(given)
    if fault := json_fault(origin, "origin"):
        raise ConfigurationError(f"ActionTracker: {fault}", details={"field": "origin"})
    return deepcopy(origin)


def _place(verdict: TimedVerdict) -> _Place:
    return verdict.start, verdict.end, verdict.action
