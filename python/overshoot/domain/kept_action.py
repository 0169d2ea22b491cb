"""An action as a gateway keeps and tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

ActionEvent: TypeAlias = Literal["started", "updated", "ended"]


@frozen
class KeptAction:
    """An action of a gateway's stream.

    Attributes:
        action: what is known of it; its metadata names stream (``session_id``) and ``action_id``.
        open: whether it still goes on; then it has no duration yet.
        seen_until: seconds of stream time, where it was seen last.
        has_evidence: whether its clip can be played.
    """

    action: DetectedAction
    open: bool
    seen_until: float
    has_evidence: bool = False

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.action.metadata.get("action_id", ""))

    @property
    def stream_id(self) -> str:
        """The stream it was seen in."""
        return str(self.action.metadata.get("session_id", ""))


@frozen
class ActionNews:
    """What happened to an action: it ``started``, more is known (``updated``), or it ``ended``."""

    event: ActionEvent
    kept: KeptAction
