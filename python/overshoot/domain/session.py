"""The life of one stream, without I/O: what happened and ``now`` go in, commands come out.

::

    IDLE ── start ──▶ OPENING ── opened ──▶ ACTIVE ── source ended ──▶ DRAINING
                         │                    │                           │
                         └────── failed ──────┴── stop, ended, failed ────┴──▶ CLOSING ──▶ CLOSED

Every method that may change the state returns the commands that the driver must carry out, in
order. Times are seconds of a monotonic clock. `next_deadline` says when `poll` is due at the latest.
"""

from __future__ import annotations

import enum
from typing import TypeAlias

from attrs import define, field, frozen

from overshoot.errors import (
    ApiError,
    InsufficientCreditsError,
    NetworkError,
    NotFoundError,
    OvershootError,
    StreamEndedError,
    UnauthorizedError,
)

RESULT_BACKOFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 10.0)
"""Waits before each attempt to open the result channel again; after the last the stream fails.

The official clients of the service use the same row."""
LEASE_RETRY_SECONDS = 2.0
MEDIA_CONNECT_SECONDS = 15.0
"""ICE and DTLS together; at 10 % packet loss they were measured to take 4.3 s."""

CLOSE_STREAM_ENDED = 1001
CLOSE_REFUSED = 1008
ENDED_PREFIX = "stream ended: "


class StreamState(enum.Enum):
    """Where a stream is in its life."""

    IDLE = "idle"
    OPENING = "opening"
    ACTIVE = "active"
    DRAINING = "draining"
    CLOSING = "closing"
    CLOSED = "closed"


@frozen
class StreamEnd:
    """Why a stream ended.

    Attributes:
        reason: ``client_requested``, ``source_ended``, ``source_failed``, ``media_lost``,
            ``connection_lost``, ``unauthorized``, ``open_failed``, or the gateway's own word
            (``lease_expired``, ``webrtc_disconnected``, ``insufficient_credits`` …).
        error: what to raise or report; None for an end that was asked for or is natural.
    """

    reason: str
    error: OvershootError | None = None


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


@define
class _Lease:
    ttl: float
    expires_at: float
    renew_at: float
    renewing: bool = False


@define
class Session:
    """One stream's state machine; not thread-safe, as it never waits."""

    prompt: str
    drain_seconds: float = 5.0
    state: StreamState = field(default=StreamState.IDLE, init=False)
    end: StreamEnd | None = field(default=None, init=False)
    prompt_version: int = field(default=0, init=False)
    media_connected: bool = field(default=False, init=False)
    results_connected: bool = field(default=False, init=False)
    _sent_prompt: str = field(default="", init=False)
    _lease: _Lease | None = field(default=None, init=False)
    _attempts: int = field(default=0, init=False)
    _reconnect_at: float | None = field(default=None, init=False)
    _media_due_at: float | None = field(default=None, init=False)
    _drain_until: float | None = field(default=None, init=False)

    @property
    def running(self) -> bool:
        """Whether the stream exists at the gateway and is wanted."""
        return self.state in {StreamState.ACTIVE, StreamState.DRAINING}

    # --- opening -------------------------------------------------------------------------------

    def start(self) -> list[Command]:
        """Begin; only an idle session can."""
        if self.state is not StreamState.IDLE:
            message = f"this stream is {self.state.value}; make a new one to start again"
            raise StreamEndedError(message, reason=self.state.value)
        self.state = StreamState.OPENING
        self._sent_prompt = self.prompt
        return [OpenStream(self.prompt)]

    def opened(self, lease_ttl_seconds: float | None, now: float) -> list[Command]:
        """The gateway has made the stream."""
        if self.state is not StreamState.OPENING:
            return []  # Stopped while it was being made: closing has been ordered already.
        self.state = StreamState.ACTIVE
        self._media_due_at = None if self.media_connected else now + MEDIA_CONNECT_SECONDS
        self._take_lease(lease_ttl_seconds, now)
        commands: list[Command] = [ConnectResults()]
        if self.prompt != self._sent_prompt:
            self._sent_prompt = self.prompt
            commands.append(SendPrompt(self.prompt))
        return commands

    def open_failed(self, error: OvershootError) -> list[Command]:
        """The stream could not be made."""
        return self._finish(StreamEnd("open_failed", error), delete=False)

    # --- the prompt ----------------------------------------------------------------------------

    def update_prompt(self, prompt: str) -> list[Command]:
        """Ask something else. Before the stream exists the prompt is kept for its opening."""
        if self.state in {StreamState.CLOSING, StreamState.CLOSED}:
            reason = self.end.reason if self.end else self.state.value
            message = f"the prompt cannot change: the stream has ended ({reason})"
            raise StreamEndedError(message, reason=reason)
        if self.state is not StreamState.IDLE:
            self.prompt_version += 1
        self.prompt = prompt
        if not self.running:
            return []
        self._sent_prompt = prompt
        return [SendPrompt(prompt)]

    # --- the lease -----------------------------------------------------------------------------

    def lease_renewed(self, lease_ttl_seconds: float | None, now: float) -> list[Command]:
        """A renewal was granted."""
        if self.running:
            self._take_lease(lease_ttl_seconds, now)
        return []

    def lease_failed(self, error: OvershootError, now: float) -> list[Command]:
        """A renewal failed: for good where the gateway said no, else tried again while it lasts."""
        if not self.running or self._lease is None:
            return []
        if isinstance(error, NotFoundError):
            ended = StreamEndedError(
                "the gateway no longer knows the stream (it expired or was closed); start a new one",
                reason="stream_not_found",
            )
            return self._finish(StreamEnd("stream_not_found", ended), delete=False)
        if isinstance(error, UnauthorizedError):
            return self._finish(StreamEnd("unauthorized", error), delete=False)
        if isinstance(error, InsufficientCreditsError):
            return self._finish(StreamEnd("insufficient_credits", error), delete=True)
        self._lease.renewing = False
        self._lease.renew_at = now + LEASE_RETRY_SECONDS
        if now >= self._lease.expires_at:
            lost = NetworkError(
                f"the lease ran out while it could not be renewed: {error.message}", error
            )
            return self._finish(StreamEnd("connection_lost", lost), delete=True)
        return []

    # --- the result channel --------------------------------------------------------------------

    def results_opened(self) -> list[Command]:
        """The result channel is open."""
        self.results_connected = True
        return []

    def result_received(self) -> list[Command]:
        """An answer came: the channel works, so the count of attempts begins anew."""
        self._attempts = 0
        return []

    def results_closed(self, code: int | None, reason: str, now: float) -> list[Command]:
        """The result channel closed; ``code`` decides between the end and another attempt."""
        self.results_connected = False
        if not self.running:
            return []
        if code == CLOSE_REFUSED:
            refused = UnauthorizedError(
                "the gateway refused the key on the result socket"
                + (f": {reason}" if reason else "")
            )
            return self._finish(StreamEnd("unauthorized", refused), delete=False)
        if code == CLOSE_STREAM_ENDED and reason:
            return self._ended_by_gateway(reason.removeprefix(ENDED_PREFIX))
        return self._retry_results(
            NetworkError(
                f"the result socket closed (code {code}{', ' + reason if reason else ''})"
            ),
            now,
        )

    def results_failed(self, error: OvershootError, now: float) -> list[Command]:
        """The result channel could not be opened."""
        if not self.running:
            return []
        if isinstance(error, ApiError) and not error.status_code >= 500:  # noqa: PLR2004
            return self._finish(StreamEnd("refused", error), delete=True)
        return self._retry_results(error, now)

    # --- media ---------------------------------------------------------------------------------

    def media_opened(self) -> list[Command]:
        """Frames can flow."""
        self.media_connected = True
        self._media_due_at = None
        return []

    def media_lost(self, detail: str) -> list[Command]:
        """The media path is gone; aiortc cannot restart it."""
        if not self.running:
            return []
        if self.state is StreamState.DRAINING:
            return self._finish(StreamEnd("source_ended"), delete=True)
        return self._finish(StreamEnd("media_lost", NetworkError(detail)), delete=True)

    def source_ended(self, now: float) -> list[Command]:
        """The last frame is on its way; the answers about it are still awaited."""
        if self.state is StreamState.ACTIVE:
            self.state = StreamState.DRAINING
            self._drain_until = now + self.drain_seconds
        return []

    def source_failed(self, error: OvershootError) -> list[Command]:
        """The source broke."""
        return self._finish(StreamEnd("source_failed", error), delete=True)

    # --- the end -------------------------------------------------------------------------------

    def stop(self) -> list[Command]:
        """The caller wants no more; nothing happens when it is already ending."""
        return self._finish(StreamEnd("client_requested"), delete=True)

    def closed(self) -> list[Command]:
        """Everything has been released."""
        self.state = StreamState.CLOSED
        return []

    # --- time ----------------------------------------------------------------------------------

    @property
    def next_deadline(self) -> float | None:
        """When `poll` must be called at the latest; None when nothing is due."""
        if not self.running:
            return None
        due = [self._reconnect_at, self._media_due_at, self._drain_until]
        if self._lease is not None:
            due.append(self._lease.expires_at if self._lease.renewing else self._lease.renew_at)
        return min((at for at in due if at is not None), default=None)

    def poll(self, now: float) -> list[Command]:
        """What is due by now."""
        if not self.running:
            return []
        if self._drain_until is not None and now >= self._drain_until:
            return self._finish(StreamEnd("source_ended"), delete=True)
        if self._media_due_at is not None and now >= self._media_due_at:
            return self._media_never_came()
        commands: list[Command] = []
        if self._reconnect_at is not None and now >= self._reconnect_at:
            self._reconnect_at = None
            commands.append(ConnectResults())
        return commands + self._poll_lease(now)

    # --- inside --------------------------------------------------------------------------------

    def _poll_lease(self, now: float) -> list[Command]:
        lease = self._lease
        if lease is None:
            return []
        if lease.renewing:
            if now < lease.expires_at:
                return []
            lost = NetworkError("the lease ran out while its renewal was unanswered")
            return self._finish(StreamEnd("connection_lost", lost), delete=True)
        if now < lease.renew_at:
            return []
        lease.renewing = True
        return [RenewLease()]

    def _take_lease(self, ttl: float | None, now: float) -> None:
        self._lease = None if ttl is None else _Lease(ttl, now + ttl, now + ttl / 2)

    def _retry_results(self, error: OvershootError, now: float) -> list[Command]:
        if self._attempts >= len(RESULT_BACKOFF_SECONDS):
            lost = NetworkError(
                f"no result channel after {self._attempts} more attempts: {error.message}", error
            )
            return self._finish(StreamEnd("connection_lost", lost), delete=True)
        self._reconnect_at = now + RESULT_BACKOFF_SECONDS[self._attempts]
        self._attempts += 1
        return []

    def _ended_by_gateway(self, reason: str) -> list[Command]:
        if self.state is StreamState.DRAINING:
            return self._finish(StreamEnd("source_ended"), delete=False)
        error = StreamEndedError(f"the gateway ended the stream: {reason}", reason=reason)
        return self._finish(StreamEnd(reason, error), delete=False)

    def _media_never_came(self) -> list[Command]:
        error = NetworkError(
            f"the gateway accepted the stream but no media path opened in {MEDIA_CONNECT_SECONDS:g}"
            " s; UDP between here and the gateway is probably blocked: configure a TURN server"
        )
        return self._finish(StreamEnd("media_lost", error), delete=True)

    def _finish(self, end: StreamEnd, *, delete: bool) -> list[Command]:
        if self.state in {StreamState.CLOSING, StreamState.CLOSED}:
            return []
        self.state = StreamState.CLOSING
        self.end = end
        return [CloseStream(delete)]
