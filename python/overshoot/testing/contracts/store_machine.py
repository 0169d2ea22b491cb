"""A store against a plain list, for which the domain defines every answer."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from overshoot import ConfigurationError
from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import ORDERS, Cursor, Order
from overshoot.domain.query import ActionQuery
from overshoot.domain.stored import ActionSummary, StoredAction, interval_counts, summaries
from overshoot.ports.clock import Clock
from overshoot.ports.store import Store
from overshoot.testing.contracts.store import EVERYTHING
from overshoot.testing.manual_clock import ManualClock
from overshoot.testing.strategies import actions, conditions, exact, filters

THOROUGH = "OVERSHOOT_THOROUGH"


def machine_settings(max_examples: int, steps: int) -> settings:
    """So many runs of so many steps; 500 of 50 with ``OVERSHOOT_THOROUGH=1`` around."""
    if os.environ.get(THOROUGH):
        max_examples, steps = max(max_examples, 500), max(steps, 50)
    return settings(
        max_examples=max_examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


class StoreMachine(RuleBasedStateMachine):
    """Subclass it and give `make_store`."""

    def make_store(self, clock: Clock) -> Store:
        """Makes an empty store."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.clock: ManualClock = ManualClock()
        self.store: Store = self.make_store(self.clock)
        self.kept: list[StoredAction] = []
        self.latest: int = 0

    def teardown(self) -> None:
        self.store.close()

    @rule(added=st.lists(actions, max_size=6))
    def add(self, added: list[DetectedAction]) -> None:
        self.store.add(added)
        self.take(added)

    def take(self, added: list[DetectedAction]) -> None:
        """What was added is there, behind all that was there before; keep it in mind."""
        after = str(Cursor("added", self.latest, self.latest))
        found = self.store.select(ActionQuery(order="added", after=after))
        first = found[0].seq if found else 0
        now = self.clock.wall()
        wanted = [StoredAction(first + n, each, now) for n, each in enumerate(added)]
        assert exact(found) == exact(wanted)
        self.kept += found
        self.latest = max([self.latest, *(stored.seq for stored in found)])

    @rule(good=st.lists(actions, max_size=2), wrong=st.sampled_from([float("nan"), {3}, ()]))
    def add_what_is_not_json(self, good: list[DetectedAction], wrong: object) -> None:
        bad = DetectedAction("bad", 0.0, 0, 1.0, metadata={"k": wrong})
        with pytest.raises(ConfigurationError):
            self.store.add([*good, bad])

    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.kept.clear()

    @rule(seconds=st.sampled_from([0.5, 1.0, 3600.0, -1.0, -3600.0]))
    def jump(self, seconds: float) -> None:
        self.clock.jump_wall(seconds)

    @rule(given=filters())
    def select(self, given: dict[str, Any]) -> None:
        query = ActionQuery.from_filters(given)
        assert exact(self.store.select(query)) == exact(self.selected(query))

    @rule(given=conditions(), order=st.sampled_from(ORDERS), limit=st.integers(1, 4))
    def leaf_through(self, given: dict[str, Any], order: Order, limit: int) -> None:
        paged: list[StoredAction] = []
        after: str | None = None
        while page := self.store.select(
            ActionQuery(**given, order=order, limit=limit, after=after)
        ):
            paged += page
            after = str(Cursor.of(order, page[-1]))
        assert paged == self.selected(ActionQuery(**given, order=order))

    @rule(given=filters())
    def summarize(self, given: dict[str, Any]) -> None:
        query = ActionQuery.from_filters(given)
        check_summaries(self.store.summarize(query), summaries(self.selected(query)))

    @rule(given=filters(), seconds=st.sampled_from([0.001, 0.1, 1, 2.5, 1e6]))
    def count_by_interval(self, given: dict[str, Any], seconds: float) -> None:
        query = ActionQuery.from_filters(given)
        wanted = interval_counts(self.selected(query), seconds)
        assert self.store.count_by_interval(query, seconds) == wanted

    @rule(after=st.integers(0, 30))
    def wait(self, after: int) -> None:
        assert self.store.wait(after, 0.0) is (self.latest > after)

    @invariant()
    def it_holds_what_was_added(self) -> None:
        assert len(self.store) == len(self.kept)
        assert self.store.latest() == self.latest
        assert exact(self.store.select(EVERYTHING)) == exact(self.selected(EVERYTHING))
        check_summaries(self.store.summarize(EVERYTHING), summaries(self.kept))

    def selected(self, query: ActionQuery) -> list[StoredAction]:
        """What the store must give."""
        return query.select(self.kept, now=self.clock.wall())


def check_summaries(found: list[ActionSummary], wanted: list[ActionSummary]) -> None:
    """They are the same, up to the rounding of a sum."""

    def plain(each: ActionSummary) -> tuple[str, int, float, float]:
        return each.action, each.count, each.first, each.last

    assert [plain(each) for each in found] == [plain(each) for each in wanted]
    assert [each.total_duration for each in found] == pytest.approx(
        [each.total_duration for each in wanted], rel=1e-9, abs=1e-9
    )
