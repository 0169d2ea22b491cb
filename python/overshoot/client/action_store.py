"""`ActionStore`: actions are added, asked for, counted and exported."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Unpack, cast

from overshoot import bootstrap
from overshoot.domain.action import DetectedAction
from overshoot.domain.query import ActionQuery
from overshoot.errors import ConfigurationError
from overshoot.ports.store import Store

if TYPE_CHECKING:
    from overshoot.domain.query import ActionFilters


class ActionStore:
    """Detected actions, for any number of threads.

    ::

        store = ActionStore()
        store.add(DetectedAction("waving", timestamp=1.5, frame_number=45, confidence=0.92))
        store.get_actions(action="waving", min_confidence=0.8)

    Args:
        store: where they are kept, any `overshoot.ports.store.Store`; in memory by default.
    """

    def __init__(self, store: Store | None = None) -> None:
        given = cast("object", store)
        if given is not None and not isinstance(given, Store):
            message = f"store must be a Store (see overshoot.ports.store), got {given!r}"
            raise ConfigurationError(message, details={"field": "store"})
        self._store = bootstrap.memory_store() if store is None else store

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
        """The actions for which all filters hold, by time, then in the order they were added.

        Args:
            **filters: ``action`` (a name or several), ``start_time`` and ``end_time`` (seconds,
                both included), ``min_confidence`` (0.0 to 1.0, included), ``last_seconds`` (before
                the newest action in the store). See `ActionQuery`.

        Raises:
            ConfigurationError: a filter is unknown, or its value is wrong.
        """
        found = self._store.select(ActionQuery.from_filters(filters))
        return [stored.action for stored in found]

    def summary(self) -> dict[str, int]:
        """How many actions there are of each name, the most frequent first."""
        return {each.action: each.count for each in self._store.summarize(ActionQuery())}

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

    def export(self, path: str | os.PathLike[str], format: str = "json") -> None:
        """Write all actions as ``"json"`` or ``"csv"``."""
        from overshoot.application.exporting import export

        export(self.get_actions(), path, format)

    def clear(self) -> None:
        """Forget all actions."""
        self._store.clear()

    def __len__(self) -> int:
        return len(self._store)
