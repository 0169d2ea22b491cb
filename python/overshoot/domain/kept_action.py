"""An action as a gateway keeps and tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from attrs import frozen

from overshoot.domain.serving import SourceKind

if TYPE_CHECKING:
    from overshoot.domain.action import DetectedAction

ActionEvent: TypeAlias = Literal["started", "updated", "ended"]


def source_of(owner: str, kind: SourceKind) -> str:
    """What the metadata of an owner's actions have as ``source``: stores find it by an index."""
    return f"{owner}/{kind}"


def sources_of(owner: str) -> frozenset[str]:
    """All that `source_of` gives for an owner."""
    return frozenset(source_of(owner, kind) for kind in get_args(SourceKind))


def shareable_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata without what is nobody's business: whose it is, and where files lie."""
    return {name: value for name, value in metadata.items() if name not in _OWN}


_OWN = frozenset({"source", "evidence"})


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
