"""When a lost stream is made anew, and when not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overshoot.domain.ending import StreamEnd
from overshoot.domain.reconnection import (
    BACKOFF_SECONDS,
    LOST,
    STEADY_SECONDS,
    Reconnection,
    ReconnectionPolicy,
    can_be_mended,
    refused,
)
from overshoot.errors import (
    ConfigurationError,
    InsufficientCreditsError,
    NetworkError,
    NotFoundError,
    OvershootError,
    RateLimitError,
    ServerError,
    UnauthorizedError,
    ValidationError,
)


def waits_of(give_up: float, busy: list[float]) -> tuple[list[float], list[float]]:
    """The waits, and when each attempt began, where attempts take the given times."""
    loss, now = Reconnection(ReconnectionPolicy(give_up), 1000.0), 1000.0
    waits: list[float] = []
    began: list[float] = []
    while (wait := loss.next_wait(now)) is not None:
        waits.append(wait)
        began.append(now + wait)
        now += wait + busy[len(waits) % len(busy)]
        if len(waits) > 1000:
            break
    assert loss.attempts == len(waits)
    return waits, began


def test_the_waits_are_the_named_ones_and_the_last_repeats() -> None:
    waits, _ = waits_of(60.0, [0.0])
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0]


@given(st.floats(0.01, 5000), st.lists(st.floats(0, 20), min_size=1, max_size=9))
def test_no_attempt_begins_after_the_limit_and_waits_never_shrink(
    give_up: float, busy: list[float]
) -> None:
    waits, began = waits_of(give_up, busy)
    assert all(at - 1000.0 <= give_up + 1e-6 for at in began)
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert waits == [*BACKOFF_SECONDS, *([8.0] * len(waits))][: len(waits)]
    assert bool(waits) == (give_up >= BACKOFF_SECONDS[0])


@pytest.mark.parametrize("seconds", [0, -1, 86401, float("nan"), True, "60"])
def test_a_limit_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="give_up_seconds"):
        ReconnectionPolicy(seconds)


def test_a_stream_that_breaks_at_once_is_part_of_the_same_loss() -> None:
    loss = Reconnection(ReconnectionPolicy(), 0.0)
    assert not loss.is_over(5.0, answered=False)
    loss.mended(1.0)
    assert not loss.is_over(1.0 + STEADY_SECONDS - 0.1, answered=False)
    assert loss.is_over(1.0 + STEADY_SECONDS, answered=False)
    assert loss.is_over(1.1, answered=True)


def test_giving_up_says_how_often_and_why() -> None:
    loss = Reconnection(ReconnectionPolicy(2.0), 0.0)
    loss.next_wait(0.0)
    loss.next_wait(0.5)
    cause = NetworkError("connection refused")
    end = loss.given_up(StreamEnd("open_failed", cause))
    assert end.reason == "connection_lost"
    assert isinstance(end.error, NetworkError)
    assert end.error.message.endswith("2 attempts: connection refused")
    assert end.error.__cause__ is cause or end.error.cause is cause


@pytest.mark.parametrize("reason", sorted(LOST))
def test_what_nobody_asked_for_can_be_mended(reason: str) -> None:
    assert can_be_mended(StreamEnd(reason))


@pytest.mark.parametrize(
    "reason",
    ["client_requested", "source_ended", "source_failed", "unauthorized", "lease_expired"],
)
def test_a_last_word_cannot(reason: str) -> None:
    assert not can_be_mended(StreamEnd(reason))


@pytest.mark.parametrize(
    ("error", "again", "reason"),
    [
        (NetworkError("refused"), True, None),
        (ServerError("busy"), True, None),
        (RateLimitError("too many streams"), True, None),
        (UnauthorizedError("who?"), False, "unauthorized"),
        (InsufficientCreditsError("none"), False, "insufficient_credits"),
        (ValidationError("no such model"), False, "connection_lost"),
        (NotFoundError("no such path"), False, "connection_lost"),
    ],
)
def test_an_opening_that_fails_is_tried_again_only_where_that_may_help(
    error: OvershootError, again: bool, reason: str | None
) -> None:
    end = StreamEnd("open_failed", error)
    assert can_be_mended(end) is again
    if reason is not None:
        assert refused(end) == StreamEnd(reason, error)


def test_an_end_that_has_its_own_word_keeps_it() -> None:
    end = StreamEnd("unauthorized", UnauthorizedError("revoked"))
    assert refused(end) is end
