"""What a check of this installation has found, and what is to be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from overshoot.domain.backends import BackendChoice
    from overshoot.domain.source import StreamSource
    from overshoot.domain.stream import IceServer

Outcome: TypeAlias = Literal["ok", "warning", "failed", "skipped"]
"""``warning``: it works, and something should be done. ``skipped``: there was nothing to check."""


@frozen
class Finding:
    """What was found at one hop.

    Attributes:
        hop: what was looked at, such as ``gateway key``: the first that failed is where it breaks.
        outcome: how it went.
        told: what was seen, in a sentence without secrets.
        remedy: what to do; ``""`` where nothing is to be done.
        facts: the same for programs, as JSON values.
    """

    hop: str
    outcome: Outcome
    told: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(factory=dict[str, Any])


def fine(hop: str, told: str, **facts: Any) -> Finding:
    """It works."""
    return Finding(hop, "ok", told, facts=facts)


def broken(hop: str, told: str, remedy: str, **facts: Any) -> Finding:
    """It does not."""
    return Finding(hop, "failed", told, remedy, facts)


def doubtful(hop: str, told: str, remedy: str, **facts: Any) -> Finding:
    """It works, and something should be done."""
    return Finding(hop, "warning", told, remedy, facts)


def passed_over(hop: str, told: str, remedy: str = "") -> Finding:
    """There was nothing to check."""
    return Finding(hop, "skipped", told, remedy)


@frozen(kw_only=True)
class CheckupPlan:
    """What is in use, and so to be checked.

    Attributes:
        gateway: address and key; None where no gateway is used.
        ice_servers: STUN and TURN servers.
        backend: who answers in this process; None where a gateway does.
        model: whom it is asked for.
        store: address of the store; None where there is none.
        source: where frames come from; None looks at the cameras alone.
    """

    gateway: tuple[str, str] | None = field(default=None, repr=False)
    ice_servers: tuple[IceServer, ...] = ()
    backend: BackendChoice | None = None
    model: str = "local"
    store: str | None = None
    source: StreamSource | None = None
