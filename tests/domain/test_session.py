"""The life of one stream, with every time as an argument."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from overshoot.domain.command import (
    CloseStream,
    Command,
    ConnectResults,
    OpenStream,
    RenewLease,
    SendPrompt,
)
from overshoot.domain.session import (
    MEDIA_CONNECT_SECONDS,
    RESULT_BACKOFF_SECONDS,
    Session,
)
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
    ValidationError,
)

TTL = 90.0


def opening() -> Session:
    session = Session("what is there?")
    session.start()
    return session


def active(*, ttl: float | None = TTL, media: bool = True, now: float = 0.0) -> Session:
    session = opening()
    session.opened(ttl, now)
    session.results_opened()
    if media:
        session.media_opened()
    return session


def draining() -> Session:
    session = active()
    session.source_ended(10.0)
    return session


def closing() -> Session:
    session = active()
    session.stop()
    return session


def closed() -> Session:
    session = closing()
    session.closed()
    return session


STATES: dict[StreamState, Callable[[], Session]] = {
    StreamState.IDLE: lambda: Session("?"),
    StreamState.OPENING: opening,
    StreamState.ACTIVE: active,
    StreamState.DRAINING: draining,
    StreamState.CLOSING: closing,
    StreamState.CLOSED: closed,
}

HAPPENINGS: dict[str, Callable[[Session], list[Command]]] = {
    "opened": lambda s: s.opened(TTL, 20.0),
    "open_failed": lambda s: s.open_failed(NetworkError("no")),
    "lease_renewed": lambda s: s.lease_renewed(TTL, 20.0),
    "lease_failed": lambda s: s.lease_failed(NotFoundError("gone"), 20.0),
    "results_opened": lambda s: s.results_opened(),
    "result_received": lambda s: s.result_received(),
    "results_closed": lambda s: s.results_closed(1008, "", 20.0),
    "results_failed": lambda s: s.results_failed(ValidationError("no"), 20.0),
    "media_opened": lambda s: s.media_opened(),
    "media_lost": lambda s: s.media_lost("gone"),
    "source_ended": lambda s: s.source_ended(20.0),
    "source_failed": lambda s: s.source_failed(SourceError("broken")),
    "failed": lambda s: s.failed(NetworkError("inside")),
    "stop": lambda s: s.stop(),
    "poll": lambda s: s.poll(1e6),
}


def error_of(session: Session, kind: type[OvershootError]) -> OvershootError:
    assert session.end is not None
    assert isinstance(session.end.error, kind)
    return session.end.error


# --- opening -------------------------------------------------------------------------------------


def test_a_stream_opens_then_connects_its_results() -> None:
    session = Session("what is there?")
    states = [(session.state, session.running)]
    assert session.start() == [OpenStream("what is there?")]
    states.append((session.state, session.running))
    assert session.opened(TTL, 5.0) == [ConnectResults()]
    states.append((session.state, session.running))
    assert states == [
        (StreamState.IDLE, False),
        (StreamState.OPENING, False),
        (StreamState.ACTIVE, True),
    ]


@pytest.mark.parametrize("state", [state for state in StreamState if state is not StreamState.IDLE])
def test_only_an_idle_stream_starts(state: StreamState) -> None:
    session = STATES[state]()
    with pytest.raises(StreamEndedError, match=state.value):
        session.start()
    assert session.state is state


def test_a_failed_opening_closes_without_deleting() -> None:
    session = opening()
    error = UnauthorizedError("wrong key")
    assert session.open_failed(error) == [CloseStream(delete=False)]
    assert session.end is not None
    assert session.end.reason == "open_failed"
    assert session.end.error is error


def test_a_stream_made_after_the_stop_stays_closing() -> None:
    session = opening()
    assert session.stop() == [CloseStream(delete=True)]
    assert session.opened(TTL, 3.0) == []
    assert session.state is StreamState.CLOSING


# --- the prompt ----------------------------------------------------------------------------------


def test_a_prompt_before_the_start_is_the_one_it_opens_with() -> None:
    session = Session("old")
    assert session.update_prompt("new") == []
    assert session.start() == [OpenStream("new")]
    assert session.opened(TTL, 0.0) == [ConnectResults()]
    assert session.prompt_version == 0


def test_a_prompt_while_opening_is_sent_once_the_stream_is_there() -> None:
    session = opening()
    assert session.update_prompt("second") == []
    assert session.update_prompt("third") == []
    assert session.opened(TTL, 0.0) == [ConnectResults(), SendPrompt("third")]
    assert session.prompt_version == 1


def test_a_prompt_taken_back_while_opening_is_not_sent() -> None:
    session = opening()
    session.update_prompt("second")
    session.update_prompt("what is there?")
    assert session.opened(TTL, 0.0) == [ConnectResults()]


@pytest.mark.parametrize("make", [active, draining])
def test_a_prompt_of_a_running_stream_is_sent_at_once(make: Callable[[], Session]) -> None:
    session = make()
    assert session.update_prompt("new") == [SendPrompt("new")]
    assert session.update_prompt("newer") == [SendPrompt("newer")]
    assert session.prompt == "newer"
    assert session.prompt_version == 2


@pytest.mark.parametrize("make", [closing, closed])
def test_a_prompt_after_the_end_is_refused(make: Callable[[], Session]) -> None:
    with pytest.raises(StreamEndedError, match="client_requested") as caught:
        make().update_prompt("new")
    assert caught.value.reason == "client_requested"


# --- the lease -----------------------------------------------------------------------------------


def test_the_lease_is_renewed_at_half_its_time_again_and_again() -> None:
    session = active(now=100.0)
    for renewal in range(1, 4):
        due = 100.0 + renewal * TTL / 2
        assert session.next_deadline == due
        assert session.poll(due - 0.001) == []
        assert session.poll(due) == [RenewLease()]
        assert session.poll(due) == [], "one renewal at a time"
        assert session.lease_renewed(TTL, due) == []


def test_a_renewal_takes_the_new_ttl() -> None:
    session = active()
    session.poll(45.0)
    session.lease_renewed(10.0, 46.0)
    assert session.next_deadline == 51.0


def test_a_renewal_that_names_no_ttl_keeps_the_old_one() -> None:
    session = active()
    session.poll(45.0)
    session.lease_renewed(None, 46.0)
    assert session.next_deadline == 46.0 + TTL / 2


def test_a_stream_without_a_lease_has_nothing_to_renew() -> None:
    session = active(ttl=None)
    assert session.next_deadline is None
    assert session.poll(1e9) == []
    assert session.lease_failed(NetworkError("late"), 1.0) == []


def test_a_failed_renewal_is_tried_every_two_seconds_until_the_lease_runs_out() -> None:
    session = active(ttl=10.0)
    attempts = []
    now = 5.0
    while not (commands := session.poll(now)) or commands == [RenewLease()]:
        if commands:
            attempts.append(now)
            assert session.lease_failed(ServerError("busy"), now) == []
        deadline = session.next_deadline
        assert deadline is not None
        assert deadline > now
        now = deadline
    assert attempts == [5.0, 7.0, 9.0]
    assert now == 10.0
    assert commands == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "connection_lost"
    assert "busy" in error_of(session, NetworkError).message


def test_a_renewal_that_fails_after_the_lease_ended_ends_the_stream() -> None:
    session = active(ttl=10.0)
    session.poll(5.0)
    cause = NetworkError("no answer")
    assert session.lease_failed(cause, 10.0) == [CloseStream(delete=True)]
    error = error_of(session, NetworkError)
    assert isinstance(error, NetworkError)
    assert error.cause is cause


def test_an_unanswered_renewal_ends_the_stream_when_the_lease_does() -> None:
    session = active(ttl=10.0)
    assert session.poll(5.0) == [RenewLease()]
    assert session.next_deadline == 10.0
    assert session.poll(9.999) == []
    assert session.poll(10.0) == [CloseStream(delete=True)]
    assert "not answered" in error_of(session, NetworkError).message


@pytest.mark.parametrize(
    ("error", "reason", "delete"),
    [
        (NotFoundError("?"), "stream_not_found", False),
        (UnauthorizedError("?"), "unauthorized", False),
        (InsufficientCreditsError("?"), "insufficient_credits", True),
    ],
)
def test_a_renewal_refused_for_good_ends_the_stream(
    error: ApiError, reason: str, delete: bool
) -> None:
    session = active()
    session.poll(45.0)
    assert session.lease_failed(error, 46.0) == [CloseStream(delete)]
    assert session.end is not None
    assert session.end.reason == reason
    assert session.end.error is not None


def test_not_found_while_draining_is_the_natural_end() -> None:
    session = draining()
    assert session.lease_failed(NotFoundError("?"), 11.0) == [CloseStream(delete=False)]
    assert session.end is not None
    assert session.end.reason == "source_ended"
    assert session.end.error is None


# --- the result channel --------------------------------------------------------------------------


def exhaust(session: Session, now: float) -> tuple[list[float], float]:
    """Close the channel until the session gives up; the waits it took."""
    waits = []
    while not session.results_closed(1011, "oops", now):
        deadline = session.next_deadline
        assert deadline is not None
        waits.append(deadline - now)
        now = deadline
        assert session.poll(now) == [ConnectResults()]
        assert session.poll(now) == [], "one attempt at a time"
        session.results_opened()
    return waits, now


def test_the_result_channel_is_opened_again_with_growing_waits_then_given_up() -> None:
    session = active(ttl=None)
    waits, _ = exhaust(session, 7.0)
    assert tuple(waits) == RESULT_BACKOFF_SECONDS == (1.0, 2.0, 4.0, 8.0, 10.0)
    assert session.end is not None
    assert session.end.reason == "connection_lost"
    message = error_of(session, NetworkError).message
    assert "5 more attempts" in message
    assert "1011" in message
    assert "oops" in message


def test_an_attempt_that_fails_counts_like_a_channel_that_closes() -> None:
    session = active(ttl=None)
    now = 0.0
    for wait in RESULT_BACKOFF_SECONDS:
        assert session.results_failed(ServerError("502"), now) == []
        assert session.next_deadline == now + wait
        now += wait
        assert session.poll(now) == [ConnectResults()]
    assert session.results_failed(NetworkError("refused"), now) == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "connection_lost"


def test_a_result_begins_the_count_anew() -> None:
    session = active(ttl=None)
    for _ in range(3):
        session.results_closed(None, "", 0.0)
        session.poll(100.0)
    session.result_received()
    waits, _ = exhaust(session, 200.0)
    assert tuple(waits) == RESULT_BACKOFF_SECONDS


def test_an_opened_channel_alone_does_not_begin_the_count_anew() -> None:
    session = active(ttl=None)
    session.results_closed(1006, "", 0.0)
    session.poll(1.0)
    session.results_opened()
    session.results_closed(1006, "", 5.0)
    assert session.next_deadline == 7.0


@pytest.mark.parametrize("reason", ["", "wrong key"])
def test_1008_is_a_refused_key(reason: str) -> None:
    session = active()
    assert session.results_closed(1008, reason, 1.0) == [CloseStream(delete=False)]
    assert session.end is not None
    assert session.end.reason == "unauthorized"
    assert reason in error_of(session, UnauthorizedError).message


@pytest.mark.parametrize("text", ["stream ended: lease_expired", "lease_expired"])
def test_1001_with_a_reason_is_the_gateways_end(text: str) -> None:
    session = active()
    assert session.results_closed(1001, text, 1.0) == [CloseStream(delete=False)]
    assert session.end is not None
    assert session.end.reason == "lease_expired"
    error = error_of(session, StreamEndedError)
    assert isinstance(error, StreamEndedError)
    assert error.reason == "lease_expired"


@pytest.mark.parametrize("code", [None, 1000, 1001, 1006, 1011, 4000])
def test_other_codes_are_faults_of_the_channel(code: int | None) -> None:
    session = active(ttl=None)
    assert session.results_closed(code, "", 1.0) == []
    assert session.running
    assert not session.results_connected
    assert session.next_deadline == 2.0


@pytest.mark.parametrize(
    "error", [UnauthorizedError("?"), ValidationError("?"), ApiError("?", status_code=403)]
)
def test_a_refused_channel_is_not_asked_again(error: ApiError) -> None:
    session = active()
    assert session.results_failed(error, 1.0) == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.error is error
    assert session.end.reason == "refused"


def test_a_channel_of_an_unknown_stream_is_not_asked_again() -> None:
    session = active()
    assert session.results_failed(NotFoundError("?"), 1.0) == [CloseStream(delete=False)]
    assert session.end is not None
    assert session.end.reason == "stream_not_found"


# --- media ---------------------------------------------------------------------------------------


def test_media_must_open_in_time() -> None:
    session = active(ttl=None, media=False, now=100.0)
    assert session.next_deadline == 100.0 + MEDIA_CONNECT_SECONDS == 115.0
    assert session.poll(114.999) == []
    assert session.poll(115.0) == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "media_lost"
    assert "TURN" in error_of(session, NetworkError).message


def test_media_that_opened_has_no_deadline() -> None:
    session = active(ttl=None, media=False)
    session.media_opened()
    assert session.next_deadline is None
    assert session.poll(1e6) == []


def test_media_that_opened_before_the_stream_counts() -> None:
    session = opening()
    session.media_opened()
    session.opened(None, 0.0)
    assert session.next_deadline is None


def test_lost_media_end_the_stream() -> None:
    session = active()
    assert session.media_lost("cut") == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "media_lost"
    assert error_of(session, NetworkError).message == "cut"


# --- the end -------------------------------------------------------------------------------------


def test_the_end_of_the_video_waits_for_the_last_answers() -> None:
    session = active(ttl=None)
    session.drain_seconds = 4.0
    assert session.source_ended(10.0) == []
    assert session.state is StreamState.DRAINING
    assert session.running
    assert session.next_deadline == 14.0
    assert session.source_ended(12.0) == [], "the first end counts"
    assert session.poll(13.999) == []
    assert session.poll(14.0) == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "source_ended"
    assert session.end.error is None


def test_an_answer_after_the_end_lets_the_wait_for_the_next_begin_anew() -> None:
    session = active(ttl=None)
    session.drain_seconds = 4.0
    assert session.drained(9.0, answers_due=False) == [], "the video goes on"
    session.source_ended(10.0)
    assert session.drained(13.0, answers_due=True) == []
    assert session.next_deadline == 17.0
    assert session.drained(14.0, answers_due=False) == [CloseStream(delete=True)]
    assert session.end is not None
    assert (session.end.reason, session.end.error) == ("source_ended", None)


@pytest.mark.parametrize("word", ["webrtc_disconnected", "source_ended"])
def test_a_gateway_that_notices_the_end_of_the_video_ends_the_wait(word: str) -> None:
    session = draining()
    commands = session.results_closed(1001, f"stream ended: {word}", 11.0)
    assert commands == [CloseStream(delete=False)]
    assert session.end is not None
    assert session.end.reason == "source_ended"
    assert session.end.error is None


@pytest.mark.parametrize("word", ["insufficient_credits", "lease_expired", "gateway_stopped"])
def test_another_end_while_draining_is_told(word: str) -> None:
    session = draining()
    session.results_closed(1001, f"stream ended: {word}", 11.0)
    assert session.end is not None
    assert session.end.reason == word
    assert session.end.error is not None


def test_media_that_go_while_draining_are_the_natural_end() -> None:
    session = draining()
    assert session.media_lost("closed") == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.error is None


@pytest.mark.parametrize("make", [opening, active, draining])
def test_a_broken_source_ends_the_stream_with_its_error(make: Callable[[], Session]) -> None:
    session = make()
    error = SourceError("unplugged")
    assert session.source_failed(error) == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "source_failed"
    assert session.end.error is error


@pytest.mark.parametrize("make", [active, draining])
def test_a_fault_of_the_driver_is_never_a_natural_end(make: Callable[[], Session]) -> None:
    session = make()
    error = NetworkError("inside")
    assert session.failed(error) == [CloseStream(delete=True)]
    assert session.end is not None
    assert session.end.reason == "internal_error"
    assert session.end.error is error


@pytest.mark.parametrize("state", list(StreamState))
def test_stop_in_every_state(state: StreamState) -> None:
    session = STATES[state]()
    ended = state in {StreamState.CLOSING, StreamState.CLOSED}
    assert session.stop() == ([] if ended else [CloseStream(delete=True)])
    assert session.stop() == []
    assert session.end is not None
    assert session.end.reason == "client_requested"
    assert session.end.error is None


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("make", [closing, closed])
def test_nothing_that_happens_after_the_end_changes_anything(
    make: Callable[[], Session], happening: str
) -> None:
    session = make()
    state, end = session.state, session.end
    assert HAPPENINGS[happening](session) == []
    assert session.state is state
    assert session.end is end
    assert session.next_deadline is None


@pytest.mark.parametrize(
    "happening",
    ["lease_renewed", "lease_failed", "results_closed", "results_failed", "media_lost", "poll"],
)
@pytest.mark.parametrize("state", [StreamState.IDLE, StreamState.OPENING])
def test_what_concerns_a_running_stream_is_nothing_before(
    state: StreamState, happening: str
) -> None:
    session = STATES[state]()
    assert HAPPENINGS[happening](session) == []
    assert session.state is state


def test_the_first_reason_stays() -> None:
    session = active()
    session.media_lost("cut")
    session.stop()
    session.results_closed(1008, "", 1.0)
    session.closed()
    assert session.end is not None
    assert session.end.reason == "media_lost"
    assert session.state is StreamState.CLOSED


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_a_draining_stream_drains_on_or_ends(happening: str) -> None:
    session = draining()
    commands = HAPPENINGS[happening](session)
    assert OpenStream not in {type(command) for command in commands}
    assert session.state in {StreamState.DRAINING, StreamState.CLOSING}
