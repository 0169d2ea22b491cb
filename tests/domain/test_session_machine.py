"""Whatever happens, in whatever order: laws of a stream's life."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from overshoot.domain.command import CloseStream, Command, ConnectResults, OpenStream, RenewLease
from overshoot.domain.session import Session
from overshoot.domain.session_state import StreamState
from overshoot.errors import (
    ApiError,
    InsufficientCreditsError,
    NetworkError,
    NotFoundError,
    OvershootError,
    ServerError,
    SourceError,
    StreamEndedError,
    UnauthorizedError,
)

TTLS = st.sampled_from([None, 0.5, 3.0, 10.0, 90.0])
ERRORS: st.SearchStrategy[OvershootError] = st.sampled_from(
    [
        NetworkError("no answer"),
        ServerError("busy"),
        NetworkError("cut"),
        ServerError("still busy"),
        NotFoundError("gone"),
        UnauthorizedError("who?"),
        InsufficientCreditsError("broke"),
        ApiError("odd", status_code=409),
    ]
)
CODES = st.sampled_from([None, 1000, 1006, 1011, 1012, 4000, 1001, 1008])
REASONS = st.sampled_from(["", "stream ended: lease_expired", "stream ended: webrtc_disconnected"])
ENDED = {StreamState.CLOSING, StreamState.CLOSED}


class SessionMachine(RuleBasedStateMachine):
    """Drives a session as its driver may, and worse; time only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session("?", drain_seconds=4.0)
        self.now = 1000.0
        self.opens = 0
        self.closes = 0
        self.renewing = 0
        self.happened = 0
        self.lease_until: float | None = None
        self.ttl = 0.0

    def took(self, commands: list[Command], *, was: StreamState) -> None:
        self.happened += 1
        if was in ENDED:
            assert commands == [], f"commanded after {was}: {commands}"
        self.opens += sum(isinstance(command, OpenStream) for command in commands)
        self.closes += sum(isinstance(command, CloseStream) for command in commands)
        self.renewing += sum(isinstance(command, RenewLease) for command in commands)
        assert sum(isinstance(command, ConnectResults) for command in commands) <= 1
        if any(isinstance(command, CloseStream) for command in commands):
            assert len(commands) == 1

    @initialize(begin=st.sampled_from(["idle", "opening", "active", "active", "active"]), ttl=TTLS)
    def begin(self, begin: str, ttl: float | None) -> None:
        if begin != "idle":
            self.start()
        if begin == "active":
            self.opened(ttl)

    @rule()
    def start(self) -> None:
        was = self.session.state
        try:
            self.took(self.session.start(), was=was)
        except StreamEndedError:
            assert was is not StreamState.IDLE
        else:
            assert was is StreamState.IDLE

    @rule(ttl=TTLS)
    def opened(self, ttl: float | None) -> None:
        was = self.session.state
        self.took(self.session.opened(ttl, self.now), was=was)
        if was is StreamState.OPENING and ttl is not None:
            self.lease_until, self.ttl = self.now + ttl, ttl

    @rule(prompt=st.sampled_from(["?", "a", "b"]))
    def update_prompt(self, prompt: str) -> None:
        was = self.session.state
        try:
            self.took(self.session.update_prompt(prompt), was=was)
        except StreamEndedError:
            assert was in ENDED

    @precondition(lambda self: self.renewing > 0)
    @rule(ttl=TTLS)
    def renewed(self, ttl: float | None) -> None:
        self.renewing -= 1
        was, running = self.session.state, self.session.running
        self.took(self.session.lease_renewed(ttl, self.now), was=was)
        if running:
            self.ttl = self.ttl if ttl is None else ttl
            self.lease_until = self.now + self.ttl

    @precondition(lambda self: self.renewing > 0)
    @rule(error=ERRORS)
    def renewal_failed(self, error: OvershootError) -> None:
        self.renewing -= 1
        was = self.session.state
        self.took(self.session.lease_failed(error, self.now), was=was)

    @rule()
    def results_opened(self) -> None:
        was = self.session.state
        self.took(self.session.results_opened(), was=was)

    @rule()
    def result(self) -> None:
        was = self.session.state
        self.took(self.session.result_received(), was=was)

    @rule(code=CODES, reason=REASONS)
    def results_closed(self, code: int | None, reason: str) -> None:
        was = self.session.state
        self.took(self.session.results_closed(code, reason, self.now), was=was)

    @rule(error=ERRORS)
    def results_failed(self, error: OvershootError) -> None:
        was = self.session.state
        self.took(self.session.results_failed(error, self.now), was=was)

    @rule()
    def media_opened(self) -> None:
        was = self.session.state
        self.took(self.session.media_opened(), was=was)

    @rule()
    def source_ended(self) -> None:
        was = self.session.state
        self.took(self.session.source_ended(self.now), was=was)

    @precondition(lambda self: self.happened > 8)
    @rule(how=st.sampled_from(["stop", "media_lost", "source_failed", "failed", "open_failed"]))
    def ends(self, how: str) -> None:
        session, was = self.session, self.session.state
        ways: dict[str, Callable[[], list[Command]]] = {
            "stop": session.stop,
            "media_lost": lambda: session.media_lost("cut"),
            "source_failed": lambda: session.source_failed(SourceError("broken")),
            "failed": lambda: session.failed(NetworkError("inside")),
            "open_failed": lambda: session.open_failed(NetworkError("refused")),
        }
        self.took(ways[how](), was=was)
        assert session.state in ENDED or how == "media_lost"

    @precondition(lambda self: self.session.state is StreamState.CLOSING)
    @rule()
    def closed(self) -> None:
        self.took(self.session.closed(), was=StreamState.CLOSING)

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 2.0, 7.0, 45.0, 200.0]))
    def time_passes_as_it_may(self, seconds: float) -> None:
        self.now += seconds
        self.poll()

    @precondition(lambda self: self.session.next_deadline is not None)
    @rule()
    def time_passes_to_the_deadline(self) -> None:
        deadline = self.session.next_deadline
        assert deadline is not None
        self.now = max(self.now, deadline)
        self.poll()

    def poll(self) -> None:
        was = self.session.state
        self.took(self.session.poll(self.now), was=was)
        deadline = self.session.next_deadline
        assert deadline is None or deadline > self.now, "the driver would spin"
        assert self.session.poll(self.now) == [], "what was due is due once"

    @invariant()
    def opens_and_closes_at_most_once(self) -> None:
        assert self.opens <= 1
        assert self.closes == (1 if self.session.state in ENDED else 0)

    @invariant()
    def an_end_has_a_reason_and_only_an_end_has_one(self) -> None:
        assert (self.session.end is not None) == (self.session.state in ENDED)

    @invariant()
    def a_lease_is_never_forgotten(self) -> None:
        if self.session.running and self.lease_until is not None:
            deadline = self.session.next_deadline
            assert deadline is not None
            assert deadline <= max(self.lease_until, self.now)

    @invariant()
    def only_a_running_stream_waits_for_anything(self) -> None:
        if not self.session.running:
            assert self.session.next_deadline is None


TestSessionMachine = SessionMachine.TestCase
TestSessionMachine.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
