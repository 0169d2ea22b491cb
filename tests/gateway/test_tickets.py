"""Tickets stand for a key once, for a minute."""

from __future__ import annotations

import pytest

from overshoot.gateway.tickets import LIFE_SECONDS, MOST_OF_ONE, Tickets
from overshoot.testing.manual_clock import ManualClock


async def test_one_use_each(clock: ManualClock) -> None:
    tickets = Tickets(clock)
    one, two = tickets.issue("key-0"), tickets.issue("key-1")
    assert one != two
    assert len(one) >= 43
    assert [tickets.redeem(two), tickets.redeem(two), tickets.redeem(one)] == [
        "key-1",
        None,
        "key-0",
    ]


async def test_they_end_after_a_minute(clock: ManualClock) -> None:
    tickets = Tickets(clock)
    early = tickets.issue("key-0")
    await clock.advance(LIFE_SECONDS - 0.5)
    late = tickets.issue("key-0")
    await clock.advance(0.5)
    assert tickets.redeem(early) is None
    assert tickets.redeem(late) == "key-0"


@pytest.mark.parametrize("given", [None, 1, "", "x", b"x", "\ud800"])
async def test_what_is_none_stands_for_nobody(clock: ManualClock, given: object) -> None:
    tickets = Tickets(clock)
    tickets.issue("key-0")
    assert tickets.redeem(given) is None


async def test_an_owner_has_so_many_and_takes_none_from_others(clock: ManualClock) -> None:
    tickets = Tickets(clock)
    other = tickets.issue("key-1")
    many = [tickets.issue("key-0") for _ in range(MOST_OF_ONE + 2)]
    stood = [tickets.redeem(each) for each in many]
    assert stood == [None, None, *["key-0"] * MOST_OF_ONE]
    assert tickets.redeem(other) == "key-1"


async def test_they_are_not_kept_as_they_are(clock: ManualClock) -> None:
    tickets = Tickets(clock)
    ticket = tickets.issue("key-0")
    assert ticket not in repr(vars(tickets))
    assert ticket.encode() not in b"".join(vars(tickets)["_waiting"])
