"""What an `ActionTracker` tells: an action has started, an action has ended."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID, uuid5

from attrs import frozen

from overshoot.domain.action import DetectedAction
from overshoot.domain.json_value import canonical_json

if TYPE_CHECKING:
    from overshoot.domain.tracking_record import ActionRecord
    from overshoot.domain.tracking_verdict import TimedVerdict

EndedBy: TypeAlias = Literal["gap", "stream_end"]
"""``gap``: it was not seen any more; ``stream_end``: it was still going on."""

_ACTIONS: Final = UUID("6f3c1c9e-5b0f-4a53-9d63-2f8a0d1f7b44")


@frozen
class ActionStarted:
    """An action goes on.

    Attributes:
        action: what is known so far: no ``duration``, the confidence and the metadata of the
            verdicts until now. Its ``timestamp``, ``frame_number`` and ``action_id`` stay.
    """

    action: DetectedAction


@frozen
class ActionEnded:
    """An action that was started has ended.

    Attributes:
        action: with its ``duration``, and ``"ended_by"`` in the metadata.
    """

    action: DetectedAction


TrackingEvent: TypeAlias = ActionStarted | ActionEnded


@frozen
class EventMaker:
    """Makes the events of one stream.

    Attributes:
        origin: metadata that all its actions get; JSON values.
    """

    origin: dict[str, Any]

    def started(self, record: ActionRecord) -> ActionStarted:
        """The event of an action that has become one."""
        return ActionStarted(self._action(record, None, {}))

    def ended(self, record: ActionRecord, ended_by: EndedBy) -> ActionEnded:
        """The event of an action to which nothing comes any more."""
        return ActionEnded(self._action(record, record.duration, {"ended_by": ended_by}))

    def _action(
        self, record: ActionRecord, duration: float | None, ending: dict[str, str]
    ) -> DetectedAction:
        first = record.first
        own = {"action_id": self._id(first), **record.metadata(), **ending}
        return DetectedAction(
            first.action,
            timestamp=first.start,
            frame_number=first.frame_start or 0,
            confidence=record.peak,
            duration=duration,
            metadata={**deepcopy(self.origin), **own},
        )

    def _id(self, first: TimedVerdict) -> str:
        # No two actions of one name begin at one time, so this is a name and needs no counter.
        return str(uuid5(_ACTIONS, canonical_json([self.origin, first.action, first.start])))
