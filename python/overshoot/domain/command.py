"""What a `Session` tells its driver to do, as values."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen


@frozen
class OpenStream:
    """Make the stream at the gateway with this prompt."""

    prompt: str


@frozen
class ConnectResults:
    """Open the result channel."""


@frozen
class RenewLease:
    """Renew the lease."""


@frozen
class SendPrompt:
    """Tell the gateway the new prompt."""

    prompt: str


@frozen
class CloseStream:
    """Release everything; delete the stream at the gateway where ``delete`` is true."""

    delete: bool


Command: TypeAlias = OpenStream | ConnectResults | RenewLease | SendPrompt | CloseStream
