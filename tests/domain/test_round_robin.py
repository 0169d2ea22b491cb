from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from overshoot.domain.round_robin import RoundRobin
from overshoot.errors import ConfigurationError


class RoundRobinMachine(RuleBasedStateMachine):
    """Whoever waits is called before anybody else is called twice; never more than places."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[str, list[int]] = defaultdict(list)
        self.passed: dict[str, list[str]] = {}
        self.running: set[int] = set()
        self.made = 0

    @initialize(places=st.none() | st.integers(1, 3))
    def begin(self, places: Any) -> None:
        self.places = places
        self.turns: RoundRobin[str, int] = RoundRobin(places)

    @rule(target=tickets, who=st.sampled_from("abcdef"))
    def ask(self, who: str) -> tuple[str, int]:
        ticket, self.made = self.made, self.made + 1
        self.turns.ask(who, ticket)
        if not self.waiting[who]:
            self.passed[who] = []
        self.waiting[who].append(ticket)
        return who, ticket

    @rule()
    def call(self) -> None:
        ticket = self.turns.call()
        free = self.places is None or len(self.running) < self.places
        assert (ticket is not None) == (free and any(self.waiting.values()))
        if ticket is None:
            return
        who = next(who for who, tickets in self.waiting.items() if ticket in tickets)
        assert self.waiting[who].pop(0) == ticket
        self.running.add(ticket)
        self.passed[who] = []
        for other, tickets in self.waiting.items():
            if tickets and other != who:
                self.passed[other].append(who)

    @rule(held=consumes(tickets))
    def leave(self, held: tuple[str, int]) -> None:
        who, ticket = held
        self.turns.leave(who, ticket)
        self.running.discard(ticket)
        if ticket in self.waiting[who]:
            self.waiting[who].remove(ticket)

    @precondition(lambda self: hasattr(self, "turns"))
    @invariant()
    def nobody_starves(self) -> None:
        for who, tickets in self.waiting.items():
            if tickets:
                assert len(self.passed[who]) == len(set(self.passed[who])) <= 5

    @precondition(lambda self: hasattr(self, "turns"))
    @invariant()
    def counts_are_right(self) -> None:
        assert self.turns.running == len(self.running)
        assert self.turns.running <= (self.places or self.made)
        assert self.turns.waiting == sum(map(len, self.waiting.values()))


TestRoundRobin = RoundRobinMachine.TestCase


def test_a_turn_that_nobody_wants_any_more_frees_its_place() -> None:
    turns = RoundRobin[str, int](1)
    turns.ask("a", 0)
    turns.ask("b", 1)
    turns.ask("b", 2)
    assert turns.call() == 0
    turns.leave("b", 1)
    assert turns.call() is None
    turns.leave("a", 0)
    turns.leave("a", 0)
    assert turns.call() == 2


def test_no_place_at_all_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one place"):
        RoundRobin(0)
