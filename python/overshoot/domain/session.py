"""The life of one stream, without I/O: what happened and ``now`` go in, commands come out.

::

    IDLE ── start ──▶ OPENING ── opened ──▶ ACTIVE ── source ended ──▶ DRAINING
                         │                    │                           │
                         └────── failed ──────┴── stop, ended, failed ────┴──▶ CLOSING ──▶ CLOSED

Every method that may change the state returns the commands that the driver must carry out, in
order. Times are seconds of a monotonic clock. `next_deadline` says when `poll` must come at the
latest.
"""

from __future__ import annotations

from attrs import define, field

from overshoot.domain import ending
from overshoot.domain.command import (
    CloseStream,
    Command,
    ConnectResults,
    OpenStream,
    RenewLease,
    SendPrompt,
)
from overshoot.domain.ending import StreamEnd
from overshoot.domain.renewal import Renewal
from overshoot.domain.session_state import StreamState
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
MEDIA_CONNECT_SECONDS = 15.0
"""ICE and DTLS together; at 10 % packet loss they were measured to take 4.3 s."""


@define
class Session:
    """One stream's state machine; not thread-safe, as it never waits.

    Attributes:
        prompt: what is asked now.
        drain_seconds: how long answers are awaited after the end of the video.
        state: where it is in its life.
        end: why it ended, once it is closing.
        prompt_version: 0 for the prompt it was opened with, one more for each sent since.
        media_connected: frames can flow.
        results_connected: answers can arrive.
    """

    prompt: str
    drain_seconds: float = 5.0
    state: StreamState = field(default=StreamState.IDLE, init=False)
    end: StreamEnd | None = field(default=None, init=False)
    prompt_version: int = field(default=0, init=False)
    media_connected: bool = field(default=False, init=False)
    results_connected: bool = field(default=False, init=False)
    _sent_prompt: str = field(default="", init=False)
    _lease: Renewal | None = field(default=None, init=False)
    _attempts: int = field(default=0, init=False)
    _reconnect_at: float | None = field(default=None, init=False)
    _media_due_at: float | None = field(default=None, init=False)
    _drain_until: float | None = field(default=None, init=False)

    @property
    def running(self) -> bool:
        """Whether the stream exists at the gateway and is wanted."""
        return self.state in {StreamState.ACTIVE, StreamState.DRAINING}

    @property
    def flowing(self) -> bool:
        """Whether frames can be sent and answers can arrive."""
        return self.running and self.media_connected and self.results_connected

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
        return commands if self.prompt == self._sent_prompt else [*commands, self._send_prompt()]

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
        self.prompt = prompt
        return [self._send_prompt()] if self.running else []

    # --- the lease -----------------------------------------------------------------------------

    def lease_renewed(self, lease_ttl_seconds: float | None, now: float) -> list[Command]:
        """A renewal was granted."""
        if self.running and lease_ttl_seconds is None and self._lease is not None:
            # An answer without a number still renewed it; without a lease here it would run out.
            lease_ttl_seconds = self._lease.ttl_seconds
        if self.running:
            self._take_lease(lease_ttl_seconds, now)
        return []

    def lease_failed(self, error: OvershootError, now: float) -> list[Command]:
        """A renewal failed: for good where the gateway said no, else tried again while it lasts."""
        if not self.running or self._lease is None:
            return []
        if isinstance(error, NotFoundError):
            return self._not_found(error)
        if isinstance(error, UnauthorizedError):
            return self._finish(StreamEnd("unauthorized", error), delete=False)
        if isinstance(error, InsufficientCreditsError):
            return self._finish(StreamEnd("insufficient_credits", error), delete=True)
        self._lease.failed(error.message, now)
        if self._lease.expired(now):
            return self._finish(ending.lease_lost(self._lease.fault, error), delete=True)
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
        if code == ending.CLOSE_REFUSED:
            return self._finish(ending.key_refused(reason), delete=False)
        if code == ending.CLOSE_STREAM_ENDED and reason:
            after_video = self.state is StreamState.DRAINING
            return self._finish(ending.ended_by_gateway(reason, after_video), delete=False)
        why = f", {reason}" if reason else ""
        return self._retry_results(
            NetworkError(f"the result socket closed (code {code}{why})"), now
        )

    def results_failed(self, error: OvershootError, now: float) -> list[Command]:
        """The result channel could not be opened."""
        if not self.running:
            return []
        if isinstance(error, NotFoundError):
            return self._not_found(error)
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
            return self._finish(ending.SOURCE_ENDED, delete=True)
        return self._finish(StreamEnd("media_lost", NetworkError(detail)), delete=True)

    def source_ended(self, now: float) -> list[Command]:
        """The last frame is on its way; the answers about it are still awaited."""
        if self.state is StreamState.ACTIVE:
            self.state = StreamState.DRAINING
            self._drain_until = now + self.drain_seconds
        return []

    def drained(self, now: float, *, answers_due: bool) -> list[Command]:
        """After the end of the video an answer came: for the next the time begins anew, if one is
        due.
        """
        if self.state is not StreamState.DRAINING:
            return []
        self._drain_until = now + self.drain_seconds
        return [] if answers_due else self._finish(ending.SOURCE_ENDED, delete=True)

    def source_failed(self, error: OvershootError) -> list[Command]:
        """The source broke."""
        return self._finish(StreamEnd("source_failed", error), delete=True)

    # --- the end -------------------------------------------------------------------------------

    def failed(self, error: OvershootError) -> list[Command]:
        """The driver itself broke; this is never an end that was asked for."""
        return self._finish(StreamEnd("internal_error", error), delete=True)

    def stop(self) -> list[Command]:
        """The caller wants no more; nothing happens when it is already ending."""
        return self._finish(ending.CLIENT_REQUESTED, delete=True)

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
            due.append(self._lease.next_deadline)
        return min((at for at in due if at is not None), default=None)

    def poll(self, now: float) -> list[Command]:
        """What is due by now."""
        if not self.running:
            return []
        if self._drain_until is not None and now >= self._drain_until:
            return self._finish(ending.SOURCE_ENDED, delete=True)
        if self._media_due_at is not None and now >= self._media_due_at:
            return self._finish(ending.media_never_came(MEDIA_CONNECT_SECONDS), delete=True)
        if self._lease is not None and self._lease.expired(now):
            return self._finish(ending.lease_lost(self._lease.fault), delete=True)
        commands: list[Command] = []
        if self._reconnect_at is not None and now >= self._reconnect_at:
            self._reconnect_at = None
            commands.append(ConnectResults())
        if self._lease is not None and self._lease.due(now):
            self._lease.begin()
            commands.append(RenewLease())
        return commands

    # --- inside --------------------------------------------------------------------------------

    def _send_prompt(self) -> Command:
        self._sent_prompt = self.prompt
        self.prompt_version += 1
        return SendPrompt(self.prompt)

    def _take_lease(self, ttl: float | None, now: float) -> None:
        self._lease = None if ttl is None else Renewal.granted(ttl, now)

    def _not_found(self, cause: NotFoundError) -> list[Command]:
        # A gateway that has seen the video end may have forgotten the stream already.
        natural = self.state is StreamState.DRAINING
        return self._finish(
            ending.SOURCE_ENDED if natural else ending.stream_not_found(cause), delete=False
        )

    def _retry_results(self, error: OvershootError, now: float) -> list[Command]:
        if self._attempts >= len(RESULT_BACKOFF_SECONDS):
            return self._finish(ending.results_lost(self._attempts, error), delete=True)
        self._reconnect_at = now + RESULT_BACKOFF_SECONDS[self._attempts]
        self._attempts += 1
        return []

    def _finish(self, end: StreamEnd, *, delete: bool) -> list[Command]:
        if self.state in {StreamState.CLOSING, StreamState.CLOSED}:
            return []
        self.state = StreamState.CLOSING
        self.end = end
        return [CloseStream(delete)]
