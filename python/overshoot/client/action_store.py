"""`ActionStore`: actions are added, asked for, counted, followed and exported."""

from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Final, Unpack, cast
from weakref import WeakSet

from attrs import evolve

from overshoot import bootstrap
from overshoot.application.closing import Closing
from overshoot.application.following import Follower
from overshoot.domain.action import DetectedAction
from overshoot.domain.cursor import Cursor
from overshoot.domain.query import MOST_AT_ONCE, ActionFilters, ActionQuery, FollowFilters
from overshoot.domain.stored import ActionPage
from overshoot.errors import ConfigurationError
from overshoot.ports.store import Store

if TYPE_CHECKING:
    from overshoot.domain.stored import ActionSummary, IntervalCount, StoredAction

PAGE: Final = 100
"""How many actions are on a page, where no limit is given."""


class ActionStore(Closing):
    """Detected actions, for any number of threads.

    ::

        store = ActionStore()
        store.add(DetectedAction("waving", timestamp=1.5, frame_number=45, confidence=0.92))
        store.get_actions(action="waving", min_confidence=0.8)

    Every method that takes filters takes those of `ActionQuery`:

    * ``action``, ``session``, ``source``: a text or several;
    * ``start_time`` and ``end_time`` (seconds, both included), ``last_seconds`` (before the newest
      action in the store, on the stream's clock), ``last_wall_seconds`` (it was added since then);
    * ``min_confidence``, ``max_confidence`` (0.0 to 1.0), ``min_duration``, ``max_duration``
      (seconds): all included;
    * ``prompt_contains``: text in ``metadata["prompt"]``, whatever its case; ``metadata``: keys and
      their values;
    * ``order`` (``"timestamp"``, ``"added"``, ``"confidence"``; with ``-`` in front, the reverse),
      ``limit``, and ``after``, where a page ended.

    A filter that is unknown, or whose value is wrong, is a `ConfigurationError`; what the store
    cannot do is a `StoreError`, as is each call after `close`.

    Args:
        store: where they are kept: in memory by default; ``"sqlite:///actions.db"``, a file (with
            four slashes, an absolute path); ``"postgresql://user@host/database"``; or any
            `overshoot.ports.store.Store`.
    """

    def __init__(self, store: Store | str | None = None) -> None:
        given = cast("object", store)
        if given is None:
            self._store = bootstrap.memory_store()
        elif isinstance(given, str):
            self._store = bootstrap.open_store(given)
        elif isinstance(given, Store):
            self._store = given
        else:
            message = (
                "store must be an address such as 'sqlite:///actions.db', or a Store (see"
                f" overshoot.ports.store), got {given!r}"
            )
            raise ConfigurationError(message, details={"field": "store"})
        self._followers: WeakSet[Follower] = WeakSet()
        self._following = Lock()

    def add(self, action: DetectedAction) -> None:
        """Keep an action; the same one added twice is there twice."""
        self.add_many((action,))

    def add_many(self, actions: Iterable[DetectedAction]) -> None:
        """Keep several, all or none: one that is no `DetectedAction` is a `ConfigurationError`."""
        listed = tuple(actions)
        for action in listed:
            if not isinstance(cast("object", action), DetectedAction):
                message = f"an action must be a DetectedAction, got {action!r}"
                raise ConfigurationError(message, details={"field": "action"})
        self._store.add(listed)

    def get_actions(self, **filters: Unpack[ActionFilters]) -> list[DetectedAction]:
        """The actions for which all filters hold, by time, then in the order they were added."""
        return [stored.action for stored in self.stored(**filters)]

    def stored(self, **filters: Unpack[ActionFilters]) -> list[StoredAction]:
        """As `get_actions`, each with its ``seq`` and when it was added."""
        return self._store.select(ActionQuery.from_filters(filters))

    def page(self, **filters: Unpack[ActionFilters]) -> ActionPage:
        """One page of `get_actions`, of 100 actions where no ``limit`` is given.

        ::

            page = store.page(order="-timestamp")
            older = store.page(order="-timestamp", after=page.next)

        Pages have each action once that was there when the first was asked for, whatever is added
        meanwhile.
        """
        query = ActionQuery.from_filters(filters)
        limit = PAGE if query.limit is None else query.limit
        if not 0 < limit < MOST_AT_ONCE:
            message = f"a page has from 1 to {MOST_AT_ONCE - 1} actions, got limit={limit!r}"
            raise ConfigurationError(message, details={"field": "limit"})
        # One more, to know whether there is a next page.
        found = self._store.select(evolve(query, limit=limit + 1))
        next = str(Cursor.of(query.order, found[limit - 1])) if len(found) > limit else None
        return ActionPage([stored.action for stored in found[:limit]], next)

    def follow(self, *, since: int | None = None, **filters: Unpack[FollowFilters]) -> Follower:
        """The actions that are added from now on, as they come; see `Follower`.

        ::

            with store.follow(action="waving") as waves:
                for wave in waves: ...

        Also those that other programs add, to a store that programs share.

        Args:
            since: begin after the action of that ``seq`` instead, such as `Follower.seq`.
            **filters: those that say which actions, not how to list them.
        """
        wrong = [name for name in filters if name not in FollowFilters.__annotations__]
        if wrong and wrong[0] in ActionFilters.__annotations__:
            message = (
                f"follow takes no filter {wrong[0]!r}: it gives all that is added from now on,"
                " in that order"
            )
            raise ConfigurationError(message, details={"field": wrong[0]})
        query = ActionQuery.from_filters(filters)
        first: object = self._store.latest() if since is None else since
        if not isinstance(first, int) or isinstance(first, bool) or first < 0:
            message = f"since must be the seq of an action, or 0, got {since!r}"
            raise ConfigurationError(message, details={"field": "since"})
        follower = Follower(self._store, query, first)
        with self._following:
            self._followers.add(follower)
        return follower

    def count(self, **filters: Unpack[ActionFilters]) -> int:
        """How many actions there are for which all filters hold."""
        return sum(summary.count for summary in self._summaries(filters))

    def summary(self) -> dict[str, int]:
        """How many actions there are of each name, the most frequent first."""
        return {summary.action: summary.count for summary in self._summaries({})}

    def statistics(self, **filters: Unpack[ActionFilters]) -> dict[str, ActionSummary]:
        """For each name the count, the total duration, the first and the last time."""
        return {summary.action: summary for summary in self._summaries(filters)}

    def timeline(
        self, interval_seconds: float, **filters: Unpack[ActionFilters]
    ) -> list[IntervalCount]:
        """How many actions of each name begin in each interval; intervals without any are left out.

        Args:
            interval_seconds: their length on the stream's clock, from 0.001 s.
            **filters: which actions are counted.
        """
        return self._store.count_by_interval(ActionQuery.from_filters(filters), interval_seconds)

    def export_json(self, path: str | os.PathLike[str]) -> None:
        """Write all actions as a JSON array of objects, whose keys are the fields.

        The file is written whole or, on an error, left as it was.

        Raises:
            StoreError: the file cannot be written.
            ConfigurationError: the metadata of an action is not JSON; the message names it.
        """
        self.export(path, "json")

    def export_csv(self, path: str | os.PathLike[str]) -> None:
        """Write all actions as CSV with a header; as `export_json` otherwise.

        ``metadata`` is JSON. Names that a spreadsheet would take for a formula begin with an
        apostrophe.
        """
        self.export(path, "csv")

    def export(
        self,
        path: str | os.PathLike[str],
        format: str = "json",
        **filters: Unpack[ActionFilters],
    ) -> None:
        """Write actions as ``"json"``, ``"jsonl"``, ``"csv"``, ``"parquet"``, ``"vtt"`` or
        ``"srt"``; as `export_json` otherwise.

        The last two are captions, with which a player shows the actions over the video.
        """
        from overshoot.client.action_files import export

        export(self.get_actions(**filters), path, format)

    def import_actions(self, path: str | os.PathLike[str], format: str | None = None) -> int:
        """Add the actions of a file, all or none; how many.

        Args:
            path: a file as `export` writes it.
            format: ``"json"``, ``"jsonl"``, ``"csv"`` or ``"parquet"``; by default what the name
                ends with.

        Raises:
            StoreError: the file cannot be read, or something in it is wrong; the message names it.
        """
        from overshoot.client.action_files import import_actions

        actions = import_actions(path, format)
        self.add_many(actions)
        return len(actions)

    def clear(self) -> None:
        """Forget all actions; who follows goes on."""
        self._store.clear()

    def close(self) -> None:
        """End all who follow and release everything, also of a store that was given.

        It may be called again. What was added stays, but for a store in memory.
        """
        with self._following:
            followers = list(self._followers)
        for follower in followers:
            follower.close()
        self._store.close()

    def __len__(self) -> int:
        return len(self._store)

    def _summaries(self, filters: ActionFilters) -> list[ActionSummary]:
        return self._store.summarize(ActionQuery.from_filters(filters))
