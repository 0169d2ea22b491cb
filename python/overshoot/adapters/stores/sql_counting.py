"""What stores that speak SQL count alike: in the database, where that can decide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from overshoot.adapters.stores.sql_statements import intervals_of, summary_of
from overshoot.adapters.stores.sql_terms import decided_by_sql
from overshoot.domain.stored import (
    ActionSummary,
    IntervalCount,
    check_interval,
    interval_counts,
    summaries,
)

if TYPE_CHECKING:
    from overshoot.adapters.stores.sql_statements import Statement
    from overshoot.domain.query import ActionQuery
    from overshoot.domain.stored import StoredAction


class SqlCounting(ABC):
    """The counting half of a `Store`.

    ``INTERVAL`` is the expression of an interval's index; each ``?`` in it is the seconds.
    """

    INTERVAL: ClassVar[str]

    @abstractmethod
    def select(self, query: ActionQuery) -> list[StoredAction]:
        """Those that match."""

    def summarize(self, query: ActionQuery) -> list[ActionSummary]:
        """What there is of each name."""
        if not decided_by_sql(query):
            return summaries(self.select(query))
        return [ActionSummary(*row) for row in self._counted(query, summary_of)]

    def count_by_interval(self, query: ActionQuery, seconds: float) -> list[IntervalCount]:
        """How many there are of each name in each interval of the stream's clock."""
        check_interval(seconds)
        if not decided_by_sql(query):
            return interval_counts(self.select(query), seconds)

        def counted(kept: Statement) -> Statement:
            return intervals_of(kept, self.INTERVAL, seconds)

        return [IntervalCount(*row) for row in self._counted(query, counted)]

    @abstractmethod
    def _counted(
        self, query: ActionQuery, count: Callable[[Statement], Statement]
    ) -> list[tuple[Any, ...]]:
        """The rows of ``count`` over what matches."""
